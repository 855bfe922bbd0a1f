// Messages of the Agent SDK's stream, in order → the facts that they prove. With a transcript, they only tell sooner what
// each request has used; without one they are what is known of the answers. The stream names no prompts, so what the
// hooks have told of the session says to which turn a message belongs.
import type { Json, RawFact, Usage } from "../model/fact.ts";
import { createAgentRetries, type Tried } from "./agent-retries.ts";
import { classifyStatus } from "./api-error.ts";
import { readModelUsage, readUsage } from "./api-usage.ts";
import { contentOf } from "./content.ts";
import { asArray, asCount, asNumber, asObject, asString, asTime, compact, type JsonObject } from "./json.ts";

export interface AgentReader {
	/** A fact of a hook that came over the same stream. */
	see(fact: RawFact): void;
	/** @param at arrival, milliseconds since the epoch */
	read(message: Json, at: number): RawFact[];
}

type MessageFact = Extract<RawFact, { kind: "message.seen" }>;

/** What a lane (the main loop or one agent) is being answered. */
interface Answer {
	messageId: string;
	model: string;
	usage: Usage;
	/** Facts of its blocks: they count once it has been answered to the end. */
	blocks: RawFact[];
}

export function createAgentReader({ transcript }: { transcript: boolean }): AgentReader {
	/** By session: the prompt that its main loop works on. */
	const prompts = new Map<string, string>();
	/** By lane: the answer whose pieces come in. */
	const answers = new Map<string, Answer>();
	/** By lane: the answer whose blocks come in, and how many there were. */
	const blocks = new Map<string, { messageId: string; count: number }>();
	const retries = createAgentRetries();
	let results = 0;

	function read(message: Json, at: number): RawFact[] {
		const json = asObject(message);
		const sessionId = asString(json?.session_id);
		if (json === undefined || sessionId === undefined) return [];
		const agentId = asString(json.agent_id);
		const seen = compact({
			source: "agent" as const,
			at: asTime(json.timestamp) ?? at,
			sessionId,
			promptId: agentId === undefined ? prompts.get(sessionId) : undefined,
			agentId,
		});
		switch (json.type) {
			case "system":
				return readSystem(json, seen);
			case "stream_event":
				return readPiece(asObject(json.event) ?? {}, laneOf(json), seen);
			case "assistant":
				return transcript ? [] : readAssistant(json, laneOf(json), seen);
			case "result":
				return readResult(json, seen);
			case "rate_limit_event":
				return readLimit(asObject(json.rate_limit_info) ?? {}, seen);
			default:
				return [];
		}
	}

	function readSystem(json: JsonObject, seen: Seen): RawFact[] {
		if (json.subtype === "init") {
			const told = { cwd: asString(json.cwd), permissionMode: asString(json.permissionMode) };
			const claudeVersion = asString(json.claude_code_version);
			return [compact({ ...seen, ...told, claudeVersion, kind: "session.seen" as const })];
		}
		if (transcript || json.subtype !== "api_retry") return [];
		const status = asNumber(json.error_status);
		const waitMs = asCount(json.retry_delay_ms) ?? 0;
		retries.retried(waitMs);
		return [
			compact({
				...seen,
				kind: "request.retried" as const,
				id: asString(json.uuid) ?? `${seen.at}`,
				errorType: classifyStatus(status),
				status,
				attempt: asCount(json.attempt) ?? 1,
				maxAttempts: asCount(json.max_retries) ?? 0,
				waitMs,
			}),
		];
	}

	/** An event of the Messages API: of these, the first and the last tell what the answer used. */
	function readPiece(event: JsonObject, lane: string, seen: Seen): RawFact[] {
		if (event.type === "message_start") {
			const message = asObject(event.message);
			const messageId = asString(message?.id);
			if (messageId === undefined) return [];
			const model = asString(message?.model) ?? "unknown";
			// What is left of one that was cut is not told: nothing of it was answered.
			answers.set(lane, { messageId, model, usage: readUsage(asObject(message?.usage) ?? {}), blocks: [] });
			return [];
		}
		const answer = answers.get(lane);
		if (event.type !== "message_delta" || answer === undefined) return [];
		answers.delete(lane);
		const usage = maxUsage(answer.usage, readUsage(asObject(event.usage) ?? {}));
		const stopReason = asString(asObject(event.delta)?.stop_reason);
		// With a transcript, that tells of the attempts.
		const tried = transcript ? {} : retries.before(lane, lane === seen.sessionId);
		return [...answer.blocks, messageFact(seen, answer.messageId, answer.model, { usage, stopReason, tried })];
	}

	/** One message for each block of an answer, whose usage is not yet what it will be. */
	function readAssistant(json: JsonObject, lane: string, seen: Seen): RawFact[] {
		const message = asObject(json.message);
		const messageId = asString(message?.id);
		if (message === undefined || messageId === undefined || message.model === "<synthetic>") return [];
		const requestId = asString(json.request_id);
		const model = asString(message.model) ?? "unknown";
		const facts: RawFact[] = [];
		// Of agents the pieces do not come: their answers have ended when they are told.
		const isNew = blocks.get(lane)?.messageId !== messageId && answers.get(lane)?.messageId !== messageId;
		const tried = isNew ? retries.before(lane, lane === seen.sessionId) : {};
		for (const value of asArray(message.content)) {
			const block = asObject(value) ?? {};
			const before = blocks.get(lane);
			const blockIndex = before?.messageId === messageId ? before.count : 0;
			blocks.set(lane, { messageId, count: blockIndex + 1 });
			const text = block.type === "text" ? asString(block.text) : undefined;
			const usage = readUsage(asObject(message.usage) ?? {});
			const stopReason = asString(message.stop_reason);
			facts.push(messageFact(seen, messageId, model, { requestId, usage, stopReason, text, blockIndex, tried }));
			const toolUseId = asString(block.id);
			if (block.type !== "tool_use" || toolUseId === undefined) continue;
			const toolName = asString(block.name) ?? "";
			const input = contentOf(block.input);
			facts.push(
				compact({
					...seen,
					kind: "tool.requested" as const,
					toolUseId,
					toolName,
					messageId,
					content: input && { input },
				}),
			);
		}
		const answer = answers.get(lane);
		if (answer?.messageId !== messageId) return facts;
		answer.blocks.push(...facts);
		return [];
	}

	/** What the client has counted so far; its own ledger in the transcript, written at the end, ranks higher. */
	function readResult(json: JsonObject, seen: Seen): RawFact[] {
		const models = readModelUsage(json.modelUsage);
		const stops = readStop(json, seen);
		if (Object.keys(models).length === 0) return stops;
		results++;
		const totalCostUsd = asNumber(json.total_cost_usd) ?? 0;
		const index = results / (results + 1);
		return [...stops, { ...seen, kind: "cost.state", totalCostUsd, models, baseline: false, index }];
	}

	return {
		read,
		see(fact) {
			retries.see(fact);
			const { sessionId, promptId, agentId } = fact;
			if (promptId !== undefined && agentId === undefined) prompts.set(sessionId, promptId);
		},
	};
}

/** An answer that a call gave (`--json-schema`) and a limit of claude's own fire no Stop. */
function readStop(json: JsonObject, seen: Seen): RawFact[] {
	const limit = /^error_(max_turns|max_budget_usd)$/.exec(asString(json.subtype) ?? "")?.[1];
	if (limit === undefined && (json.subtype !== "success" || json.is_error === true)) return [];
	return [compact({ ...seen, kind: "turn.stopped" as const, errorType: limit })];
}

type Seen = Pick<RawFact, "at" | "sessionId" | "promptId" | "agentId"> & { source: "agent" };

function messageFact(
	seen: Seen,
	messageId: string,
	model: string,
	told: { requestId?: string; usage: Usage; stopReason?: string; text?: string; blockIndex?: number; tried?: Tried },
): MessageFact {
	const answer = contentOf(told.text);
	return compact({
		...seen,
		kind: "message.seen" as const,
		messageId,
		requestId: told.requestId,
		requestedModel: model,
		responseModel: model,
		usage: told.usage,
		stopReason: told.stopReason,
		...told.tried,
		textBytes: answer?.bytes ?? 0,
		blockIndex: told.blockIndex ?? 0,
		content: answer && { answer },
	});
}

/** Told to subscribers only; `utilization` is a share, as in the headers of the API. */
function readLimit(info: JsonObject, seen: Seen): RawFact[] {
	const usedRatio = asNumber(info.utilization);
	const window = WINDOWS.find((name) => name === info.rateLimitType);
	if (usedRatio === undefined || usedRatio < 0 || window === undefined) return [];
	return [{ ...seen, kind: "limit.told", window, usedRatio }];
}

const WINDOWS = [
	"five_hour",
	"seven_day",
	"seven_day_opus",
	"seven_day_sonnet",
	"seven_day_overage_included",
	"overage",
];

function laneOf(json: JsonObject): string {
	return asString(json.parent_tool_use_id) ?? asString(json.session_id) ?? "";
}

/** The end of an answer repeats what its start has told, or leaves it out. */
function maxUsage(a: Usage, b: Usage): Usage {
	// Only the start tells into which cache was written.
	const written = a.cacheCreation5m + a.cacheCreation1h > 0 ? a : b;
	return {
		input: Math.max(a.input, b.input),
		output: Math.max(a.output, b.output),
		cacheRead: Math.max(a.cacheRead, b.cacheRead),
		cacheCreation5m: written.cacheCreation5m,
		cacheCreation1h: written.cacheCreation1h,
	};
}
