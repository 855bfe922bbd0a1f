// What callbacks and webhooks are told: facts, model requests as they begin, their answers, and tool calls that have come
// to an end, each with the ids by which it can be found in the trace. Everything has been through privacy before.
import type { SDKMessage } from "../launch/agent-runner.ts";
import type { ChatEpisode, Episode, ToolEpisode } from "../model/episode.ts";
import type { CleanContent, Fact, Usage } from "../model/fact.ts";
import { callBack } from "./call-back.ts";

/** By which all that is told of one thing is joined. */
export interface Correlation {
	/** Of this run; the same in every event of it. */
	runId: string;
	/** 32 hex digits. */
	traceId: string;
	/** 16 hex digits; absent where the span is not known yet. */
	spanId?: string;
	sessionId: string;
	promptId?: string;
	/** The API's id of the request, where it is known. */
	requestId?: string;
}

/** One thing that one witness saw (docs/architecture.md). Several witnesses tell of the same thing. */
export interface FactEvent extends Correlation {
	event: "fact";
	/** Milliseconds since the epoch. */
	at: number;
	fact: Fact;
}

/** A model request whose answer begins to come. */
export interface RequestEvent extends Correlation {
	event: "request";
	/** Milliseconds since the epoch. */
	at: number;
	messageId: string;
	model: string;
	/** The subagent that asks; absent in the main loop. */
	agentId?: string;
}

/** A model request that was answered, or that failed for good. */
export interface ResponseEvent extends Correlation {
	event: "response";
	/** Milliseconds since the epoch. */
	startedAt: number;
	endedAt: number;
	/** Absent where the request failed. */
	messageId?: string;
	requestedModel?: string;
	responseModel?: string;
	/** Tokens; `input` is the uncached part. */
	usage: Usage;
	/** US dollars; absent where no price is known. */
	costUsd?: number;
	/** Milliseconds from the start of the answered attempt to its first byte. */
	firstChunkMs?: number;
	/** 1 where it was answered at once; absent where nobody told of them. */
	attempts?: number;
	stopReason?: string;
	/** Class of the error that it failed by. */
	errorType?: string;
	httpStatus?: number;
	/** Size of the answer's text, and at level `full` the text. */
	answer?: CleanContent;
}

/** A tool call that has come to an end. */
export interface ToolCallEvent extends Correlation {
	event: "toolCall";
	/** Milliseconds since the epoch, permission waits included. */
	startedAt: number;
	endedAt: number;
	toolUseId: string;
	toolName: string;
	mcpServer?: string;
	status: "ok" | "error" | "denied" | "interrupted" | "lost";
	/** Of the tool alone, in milliseconds. */
	durationMs?: number;
	errorType?: string;
	exitCode?: number;
	/** Sizes, and by level summaries and texts. */
	input?: CleanContent;
	response?: CleanContent;
	error?: CleanContent;
}

export type TelemetryEvent = FactEvent | RequestEvent | ResponseEvent | ToolCallEvent;

export interface EventOptions {
	onFact?(event: FactEvent): void;
	onRequest?(event: RequestEvent): void;
	onResponse?(event: ResponseEvent): void;
	onToolCall?(event: ToolCallEvent): void;
	/** Which events callbacks and webhook get. Spans, metrics and records are not its business. Default: all. */
	filter?(event: TelemetryEvent): boolean;
}

export interface Events {
	message(message: SDKMessage, at: number): void;
	fact(fact: Fact): void;
	episode(episode: Episode, span: { traceId: string; spanId: string }): void;
}

const PICO_USD = 1e12;
/** As many message ids as can be in the air at once, agents and all, and then some. */
const SEEN_MAX = 1_000;

/** `send` is the webhook's; `onError` is told what a callback threw, or rejected with. */
export function createEvents(
	run: { runId: string; traceId: string },
	options: EventOptions,
	send: ((event: TelemetryEvent) => void) | undefined,
	onError: (error: unknown) => void,
): Events {
	const begun = new Set<string>();

	function emit<E extends TelemetryEvent>(event: E, callback: ((event: E) => void) | undefined): void {
		if (callback === undefined && send === undefined) return;
		if (callBack(() => options.filter?.(event), onError) === false) return;
		callBack(() => callback?.(event), onError);
		send?.(event);
	}

	function begin(started: Started | undefined, at: number): void {
		if (started === undefined || begun.has(started.messageId)) return;
		begun.add(started.messageId);
		if (begun.size > SEEN_MAX) begun.delete(begun.values().next().value as string);
		emit({ event: "request", ...run, ...started, at }, options.onRequest);
	}

	return {
		message: (message, at) => begin(startOf(message), at),
		fact(fact) {
			const { at, sessionId, promptId } = fact;
			const requestId = "requestId" in fact ? fact.requestId : undefined;
			// The stream keeps the last words of a subagent to itself; the transcript tells them.
			if (fact.kind === "message.seen" && fact.partial !== true) {
				const { messageId, requestedModel: model, agentId } = fact;
				begin({ messageId, model, sessionId, promptId, requestId, agentId }, at);
			}
			emit({ event: "fact", ...run, sessionId, promptId, requestId, at, fact }, options.onFact);
		},
		episode(episode, { traceId, spanId }) {
			const ids = { runId: run.runId, traceId, spanId };
			if (episode.kind === "chat") emit(responseOf(episode, ids), options.onResponse);
			if (episode.kind === "tool" && !episode.excluded) emit(toolCallOf(episode, ids), options.onToolCall);
		},
	};
}

type Started = Pick<RequestEvent, "messageId" | "model" | "sessionId" | "promptId" | "requestId" | "agentId">;

/** With pieces of answers the first of them; without, the first block. */
function startOf(message: SDKMessage): Started | undefined {
	if (message.type === "stream_event" && message.event.type === "message_start") {
		const { id: messageId, model } = message.event.message;
		return { messageId, model, sessionId: message.session_id };
	}
	if (message.type !== "assistant" || message.message.model === "<synthetic>") return undefined;
	const { id: messageId, model } = message.message;
	const { session_id: sessionId, request_id: requestId, agent_id: agentId } = message;
	return { messageId, model, sessionId, requestId, agentId };
}

type SpanIds = Pick<Correlation, "runId" | "traceId" | "spanId">;

function responseOf(chat: ChatEpisode, ids: SpanIds): ResponseEvent {
	const { sessionId, promptId, requestId, messageId, requestedModel, responseModel, usage, picoUsd } = chat;
	return {
		event: "response",
		...ids,
		sessionId,
		promptId,
		requestId,
		startedAt: chat.start,
		endedAt: chat.end,
		messageId,
		requestedModel,
		responseModel,
		usage,
		costUsd: picoUsd === undefined ? undefined : picoUsd / PICO_USD,
		firstChunkMs: chat.firstChunkMs,
		attempts: chat.attempts,
		stopReason: chat.stopReason,
		errorType: chat.errorType,
		httpStatus: chat.httpStatus,
		answer: chat.answer,
	};
}

function toolCallOf(tool: ToolEpisode, ids: SpanIds): ToolCallEvent {
	const { sessionId, promptId, toolUseId, toolName, mcpServer, status, durationMs, errorType, exitCode } = tool;
	const { input, response, error } = tool.contents;
	return {
		event: "toolCall",
		...ids,
		sessionId,
		promptId,
		startedAt: tool.start,
		endedAt: tool.end,
		toolUseId,
		toolName,
		mcpServer,
		status,
		durationMs,
		errorType,
		exitCode,
		input,
		response,
		error,
	};
}
