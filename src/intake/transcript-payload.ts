// Lines of one transcript file, in order → facts. A file is one lane: the main loop or one subagent.
// What a record alone cannot tell (which prompt it belongs to, what it waited for) comes from the
// records before it in the same file, so every fact that leaves here stands by itself.
import type { Json, RawFact } from "../model/fact.ts";
import { cutNesting } from "../nesting.ts";
import { classifyApiError, classifyStatus } from "./api-error.ts";
import { readExtras, readModelUsage, readUsage } from "./api-usage.ts";
import { bytesOf, contentOf } from "./content.ts";
import {
	asArray,
	asCount,
	asDuration,
	asNumber,
	asObject,
	asString,
	asTime,
	asUsd,
	compact,
	type JsonObject,
} from "./json.ts";
import { classifyToolError } from "./tool-error.ts";

export interface Lane {
	/** By the file's name; records that name another session are copies. */
	sessionId: string;
	/** The subagent whose file it is. */
	agentId?: string;
	/** Milliseconds since the epoch: older records are context of earlier runs, never facts of this one. */
	since: number;
}

/** Records that are large and tell nothing: they are told by their first bytes and never parsed. */
const SKIPPED_RECORDS = /^\{"type":"(?:api-request-shape|api-request-blob|file-history|summary)/;

/** Records whose prompt is remembered: answers come soon after. */
const PROMPTS_MAX = 10_000;

/** What the records so far have told of the lane. */
interface LaneState {
	promptId?: string;
	/** Of each record, by its uuid. */
	prompts: Map<string, string>;
	/** Last thing that can have started a request. */
	after?: number;
	/** Attempts since the last answer that failed, as far as records tell of them. */
	retries: { at: number; waitMs: number }[];
	/** Attempts since the last answer, by the id to which the answer refers, with what each of them waited for. */
	attempts: Map<string, { at: number; after?: number; model?: string }>;
	/** The model that the last attempt asked for. */
	attemptedModel?: string;
	/** Prompts taken out of the queue whose records are still to come. */
	dequeued: number;
	/** The last prompt, while nothing has answered it. */
	prompt?: { id: string; at: number; turnIndex?: number; isNextWaiting: boolean };
	/** Prompts under which calls were asked for that have not come back. */
	calledUnder: Map<string, string>;
	/** The turn that was interrupted when the next one had been begun, and when that was. */
	interrupted?: { promptId: string; at: number };
	/** The message whose records are being written: all of them share these. */
	message?: {
		id: string;
		after?: number;
		failedAttempts: number;
		retryMs?: number;
		unfinished: boolean;
		asksTools: boolean;
		fact: MessageFact;
	};
	/** A compact_boundary waits for the summary record that names its prompt. */
	boundary?: { record: JsonObject; at: number };
	/** An agent's last message had no more tool calls: the next prompt revives it. */
	agentDone: boolean;
	agentStarts: number;
	/** The result of a call was the turn's last word (`--json-schema`): so are those of the calls beside it. */
	toolEndsTurn: boolean;
	/** `--max-budget-usd`. */
	budgetUsd?: number;
	costStates: number;
	/** The records so far are copies. */
	isCopied: boolean;
	/** The time of the last record of this run. */
	lastAt?: number;
	inRun: boolean;
}
type MessageFact = Extract<RawFact, { kind: "message.seen" }>;

/**
 * Returns a function that takes one line (without its newline) and gives the facts of it.
 * @param onSkip the line is no record
 */
export function createTranscriptReader(lane: Lane, onSkip = () => {}): (line: string) => RawFact[] {
	const state: LaneState = {
		prompts: new Map(),
		retries: [],
		attempts: new Map(),
		dequeued: 0,
		calledUnder: new Map(),
		agentDone: false,
		agentStarts: 0,
		toolEndsTurn: false,
		costStates: 0,
		isCopied: false,
		inRun: false,
	};

	return (line) => {
		if (line === "" || SKIPPED_RECORDS.test(line)) return [];
		let record: JsonObject | undefined;
		try {
			record = cutNesting(asObject(JSON.parse(line) as Json));
		} catch {
			// It is told below.
		}
		if (record === undefined) {
			onSkip();
			return [];
		}
		if (record.type === "cost-state") return readCostState(record, lane, state);
		const at = asTime(record.timestamp);
		// /branch copies the records of the session that it comes from, this run's own, and marks each.
		if (record.forkedFrom !== undefined) state.isCopied = true;
		if (at === undefined || record.forkedFrom !== undefined) return [];
		const isForked = state.isCopied;
		state.isCopied = false;
		if (at < lane.since) return [];
		state.lastAt = at;
		state.promptId = promptOf(record, state);
		// The answer of a local command is stamped later than it is written, even later than claude's exit.
		state.inRun ||= record.type !== "user" || !isLocalCommand(textOf(asObject(record.message)?.content));
		const facts = readRecord(record, at, lane, state);
		if (!isForked) return facts;
		return [{ ...seenIn(record, at, lane, state), kind: "session.seen", sessionSource: "fork" }, ...facts];
	};
}

function readRecord(record: JsonObject, at: number, lane: Lane, state: LaneState): RawFact[] {
	switch (record.type) {
		case "user":
			return readUser(record, at, lane, state);
		case "assistant":
			return readAssistant(record, at, lane, state);
		case "system":
			return readSystem(record, at, lane, state);
		case "attachment":
			return readAttachment(asObject(record.attachment), seenIn(record, at, lane, state), lane, state);
		case "api-request":
			noteAttempt(record, at, state);
			return [];
		case "queue-operation":
			if (record.operation === "dequeue") state.dequeued++;
			return [];
		default:
			return [];
	}
}

/**
 * Most records do not name their prompt, and several claudes can write to one transcript at a time: it is that of the record
 * to which this one answers.
 */
function promptOf(record: JsonObject, state: LaneState): string | undefined {
	const uuid = asString(record.uuid);
	const above = state.prompts.get(asString(record.parentUuid) ?? "");
	const promptId = asString(record.promptId) ?? above ?? state.promptId;
	if (uuid !== undefined && promptId !== undefined) state.prompts.set(uuid, promptId);
	if (state.prompts.size > PROMPTS_MAX) state.prompts.delete(state.prompts.keys().next().value as string);
	return promptId;
}

function noteAttempt(record: JsonObject, at: number, state: LaneState): void {
	const model = asString(asObject(record.params)?.model);
	// The record itself is stamped after the request was sent, so it is no start.
	state.attempts.set(asString(record.id) ?? `${at}`, { at, after: state.after, model });
	state.attemptedModel = model ?? state.attemptedModel;
}

function seenIn(record: JsonObject, at: number, lane: Lane, state: LaneState) {
	return compact({
		source: "transcript" as const,
		at,
		sessionId: lane.sessionId,
		promptId: state.promptId,
		agentId: lane.agentId,
		cwd: asString(record.cwd),
		claudeVersion: asString(record.version),
	});
}

function readUser(record: JsonObject, at: number, lane: Lane, state: LaneState): RawFact[] {
	const boundary = state.boundary;
	const seen = seenIn(record, at, lane, state);
	const content = asObject(record.message)?.content;
	const facts: RawFact[] = [];

	if (record.isCompactSummary === true) {
		if (boundary) facts.push(readBoundary(boundary, lane, state));
		state.boundary = undefined;
		state.after = at;
		return facts;
	}
	const results = asArray(content).filter((block) => asObject(block)?.type === "tool_result");
	if (results.length > 0) {
		state.after = at;
		state.toolEndsTurn ||= record.toolEndsTurn === true;
		if (state.toolEndsTurn && lane.agentId === undefined) facts.push({ ...seen, kind: "turn.stopped" });
		const ends = results.map((value) => {
			const block = asObject(value) ?? {};
			return readToolResult(block, record, { ...seen, ...turnOfResult(asString(block.tool_use_id) ?? "", state) });
		});
		return [...ends, ...facts];
	}
	const text = textOf(content);
	if (text.startsWith("[Request interrupted by user")) {
		state.after = at;
		// Attempts that were given up are not those of the next request.
		forgetAttempts(state);
		const stump = cutMessage(state).map((fact) => ({ ...fact, givenUp: true }));
		const stopped = { ...seen, ...state.interrupted };
		state.interrupted = undefined;
		return [...stump, { ...stopped, kind: "turn.interrupted" }, ...readToHere(stopped, lane)];
	}
	if (record.isMeta === true && record.turnCompanion === true) facts.push(...cutMessage(state));
	if (lane.agentId !== undefined) facts.push(...readAgentPrompt(seen, lane.agentId, state));
	else if (isPrompt(record, text) && state.promptId !== undefined) {
		const together = noteTurnPrompt(record, at, state.promptId, state);
		facts.push({ ...readPrompt(record, text, content, seen, state.promptId), ...together });
	} else if (state.promptId !== undefined && !isLocalCommand(text)) {
		facts.push({ ...seen, kind: "turn.active", promptId: state.promptId });
	}
	state.after = at;
	return facts;
}

/**
 * Esc while prompts wait begins their turn first: the rejection of the call, and that it was an interrupt, stand under the
 * new prompt's id, and belong to the turn that asked for the call.
 */
function turnOfResult(toolUseId: string, state: LaneState): { promptId: string; at: number } | undefined {
	const promptId = state.calledUnder.get(toolUseId);
	state.calledUnder.delete(toolUseId);
	if (promptId === undefined || state.prompt === undefined || promptId === state.promptId) return undefined;
	state.interrupted = { promptId, at: state.prompt.at };
	return state.interrupted;
}

/** A record that a prompt made; slash commands that never reach the model have no turnOrigin. */
function isPrompt(record: JsonObject, text: string): boolean {
	if (record.isMeta === true || record.isVisibleInTranscriptOnly === true) return false;
	return record.turnOrigin !== undefined || (record.turnPosition !== undefined && !isLocalCommand(text));
}

/** Prompts that are taken out of the queue at once are one turn, of the last one's id. */
function noteTurnPrompt(record: JsonObject, at: number, id: string, state: LaneState): { together?: string } {
	const turnIndex = asCount(asObject(record.turnPosition)?.turnIndex);
	const before = state.prompt;
	forgetAttemptsBefore(at, state);
	const isTogether = before?.isNextWaiting === true && before.id !== id && before.turnIndex === turnIndex;
	state.dequeued = Math.max(0, state.dequeued - 1);
	state.prompt = { id, at: isTogether ? before.at : at, turnIndex, isNextWaiting: state.dequeued > 0 };
	return isTogether ? { together: before.id } : {};
}

function isLocalCommand(text: string): boolean {
	return /^<(?:command-name|command-message|local-command-)/.test(text);
}

function readPrompt(
	record: JsonObject,
	text: string,
	content: Json | undefined,
	seen: ReturnType<typeof seenIn>,
	promptId: string,
): RawFact {
	const origin = asString(record.turnOrigin);
	const prompt = contentOf(typeof content === "string" ? content : text);
	return compact({
		...seen,
		kind: "prompt.submitted" as const,
		promptId,
		permissionMode: asString(record.permissionMode),
		synthetic: origin === undefined ? text.startsWith("<task-notification>") : origin !== "human" && origin !== "sdk",
		content: prompt && { prompt },
	});
}

function readAgentPrompt(seen: ReturnType<typeof seenIn>, agentId: string, state: LaneState): RawFact[] {
	if (state.agentStarts > 0 && !state.agentDone) {
		const { promptId } = seen;
		return promptId === undefined ? [] : [{ ...seen, kind: "turn.active", promptId }];
	}
	state.agentStarts++;
	state.agentDone = false;
	return [{ ...seen, kind: "agent.started", agentId, agentType: "" }];
}

function readToolResult(block: JsonObject, record: JsonObject, seen: ReturnType<typeof seenIn>): RawFact {
	const decision = asObject(record.permissionDecision);
	const outcome = readOutcome(block, record, decision);
	const failed = block.is_error === true;
	const text = textOf(block.content);
	const response = asObject(record.toolUseResult);
	const revived = /"resumedAgentId":"([\w-]+)"/.exec(text.slice(0, 2000))?.[1];
	return compact({
		...seen,
		kind: "tool.ended" as const,
		toolUseId: asString(block.tool_use_id) ?? "",
		outcome,
		...(outcome === "error" ? classifyToolError(text.replace(/^<tool_use_error>/, ""), undefined) : {}),
		decision: asString(decision?.decision),
		decisionSource: asString(decision?.source) ?? (outcome === "denied" ? asString(record.toolDenialKind) : undefined),
		startedAgentId: asString(response?.agentId),
		revivedAgentId: asString(response?.resumedAgentId) ?? revived,
		background: response?.status === "async_launched" || response?.backgroundTaskId !== undefined || undefined,
		stdoutBytes: bytesOf(response?.stdout),
		stderrBytes: bytesOf(response?.stderr),
		content: compact({
			error: failed ? contentOf(text.replace(/^<tool_use_error>(.*)<\/tool_use_error>$/s, "$1")) : undefined,
			response: failed ? undefined : contentOf(record.toolUseResult ?? block.content),
		}),
	});
}

/**
 * A refusal names its kind. A call that is stopped while it runs is recorded as rejected by the user too, but
 * without a decision and without `toolDenialBeforeRun` (observed on 2.1.330).
 */
function readOutcome(
	block: JsonObject,
	record: JsonObject,
	decision: JsonObject | undefined,
): "ok" | "error" | "denied" | "interrupted" {
	if (decision?.decision === "reject") return "denied";
	if (record.toolDenialKind === undefined) return block.is_error === true ? "error" : "ok";
	const stopped = record.toolDenialKind === "user-rejected" && decision === undefined;
	const refused = record.toolDenialBeforeRun === true || record.userFeedback !== undefined;
	return stopped && !refused ? "interrupted" : "denied";
}

function readAssistant(record: JsonObject, at: number, lane: Lane, state: LaneState): RawFact[] {
	const message = asObject(record.message);
	const seen = seenIn(record, at, lane, state);
	if (message === undefined) return [];
	if (record.isApiErrorMessage === true || message.model === "<synthetic>") {
		return readSyntheticAnswer(record, message, seen, lane, state);
	}
	const messageId = asString(message.id);
	// A fork copies records of the session that it comes from, and marks them so.
	const copied = record.requestSessionId !== undefined && record.requestSessionId !== lane.sessionId;
	if (messageId === undefined || copied) return [];
	if (state.message?.id !== messageId) {
		const answered = asString(record.requestRef) ?? "";
		const after = state.attempts.get(answered)?.after ?? state.after;
		const tried = [...state.attempts.keys()];
		const place = tried.indexOf(answered);
		// What was begun after the one that was answered belongs to what comes next.
		const before = place === -1 ? tried.length - 1 : place;
		const { failedAttempts, retryMs } = triedBefore(state, before);
		const fact = readMessage(record, message, messageId, seen, { after, failedAttempts, retryMs });
		state.message = { id: messageId, after, failedAttempts, retryMs, unfinished: false, asksTools: false, fact };
		const next = place === -1 ? [] : [...state.attempts].slice(place + 1);
		forgetAttempts(state);
		for (const [id, attempt] of next) state.attempts.set(id, attempt);
		state.toolEndsTurn = false;
	} else {
		state.message.fact = readMessage(record, message, messageId, seen, state.message);
	}
	// A stream that was cut leaves its blocks without what the API sends last.
	state.message.unfinished = state.message.fact.whole !== true;
	state.prompt = undefined;
	const stopReason = asString(message.stop_reason);
	const done = stopReason !== undefined && stopReason !== "tool_use" && stopReason !== "pause_turn";
	state.agentDone = done;
	const facts: RawFact[] = [state.message.fact];
	for (const block of asArray(message.content)) {
		const tool = asObject(block);
		const toolUseId = asString(tool?.id);
		if (tool?.type !== "tool_use" || toolUseId === undefined) continue;
		state.message.asksTools = true;
		const input = contentOf(tool.input);
		if (lane.agentId === undefined && state.promptId !== undefined) state.calledUnder.set(toolUseId, state.promptId);
		facts.push(
			compact({
				...seen,
				kind: "tool.requested" as const,
				toolUseId,
				toolName: asString(tool.name) ?? "",
				messageId,
				content: input && { input },
			}),
		);
	}
	if (done && lane.agentId !== undefined) facts.push({ ...seen, kind: "agent.read", agentId: lane.agentId });
	if (done && lane.agentId === undefined) facts.push({ ...seen, kind: "turn.stopped" });
	return facts;
}

function readMessage(
	record: JsonObject,
	message: JsonObject,
	messageId: string,
	seen: ReturnType<typeof seenIn>,
	before: { after?: number; failedAttempts: number; retryMs?: number },
): MessageFact {
	const text = asArray(message.content)
		.map((block) => (asObject(block)?.type === "text" ? (asString(asObject(block)?.text) ?? "") : ""))
		.join("");
	const answer = text === "" ? undefined : contentOf(text);
	return compact({
		...seen,
		kind: "message.seen" as const,
		messageId,
		requestId: asString(record.requestId),
		requestedModel: asString(record.requestedModel) ?? asString(message.model) ?? "unknown",
		responseModel: asString(message.model) ?? "unknown",
		usage: readUsage(asObject(message.usage) ?? {}),
		...readExtras(asObject(message.usage) ?? {}),
		stopReason: asString(message.stop_reason),
		after: before.after,
		failedAttempts: before.failedAttempts,
		retryMs: before.retryMs,
		textBytes: answer?.bytes ?? 0,
		blockIndex: asCount(record.apiBlockIndex) ?? 0,
		whole: "stop_details" in message,
		content: answer && { answer },
	});
}

/** Claude Code's own record of a request that failed for good, or of a stream that was cut while its tools run on. */
function readSyntheticAnswer(
	record: JsonObject,
	message: JsonObject,
	seen: ReturnType<typeof seenIn>,
	lane: Lane,
	state: LaneState,
): RawFact[] {
	if (record.isApiErrorMessage !== true) return [];
	const cut = record.streamCutCause === undefined ? [] : cutMessage(state);
	// What was asked for before the break is done, and the model hears of it.
	if (cut.length > 0 && state.message?.asksTools) return cut;
	const status = asNumber(record.apiErrorStatus);
	const error = contentOf(textOf(message.content));
	const fact: RawFact = compact({
		...seen,
		kind: "request.failed" as const,
		id: asString(record.requestId) ?? asString(record.uuid) ?? "",
		requestId: asString(record.requestId),
		errorType: classifyApiError(asString(record.apiErrorType), status, asString(record.error)),
		status,
		requestedModel: state.attemptedModel,
		after: state.after,
		...triedBefore(state, state.attempts.size - 1),
		unsent:
			(cut.length === 0 && status === undefined && record.requestId === undefined && wasNothingTried(state)) ||
			undefined,
		content: error && { error },
	});
	forgetAttempts(state);
	return [...cut, fact, ...readToHere(seen, lane)];
}

function wasNothingTried({ attempts, retries }: LaneState): boolean {
	return attempts.size === 0 && retries.length === 0;
}

/**
 * Attempts before the last one, and the waits between them: unknown where there were more attempts than records of their
 * failures, of which an interactive claude writes none.
 */
function triedBefore({ retries }: LaneState, attempts: number): { failedAttempts: number; retryMs?: number } {
	const failedAttempts = Math.max(retries.length, attempts);
	if (failedAttempts > retries.length) return { failedAttempts };
	return { failedAttempts, retryMs: retries.reduce((sum, { waitMs }) => sum + waitMs, 0) };
}

function forgetAttempts(state: LaneState): void {
	state.retries = [];
	state.attempts.clear();
}

/** A prompt begins anew. Its first attempt can stand before its record, which is stamped earlier. */
function forgetAttemptsBefore(at: number, state: LaneState): void {
	state.retries = state.retries.filter((retry) => retry.at >= at);
	for (const [id, attempt] of state.attempts) if (attempt.at < at) state.attempts.delete(id);
}

/** Nothing of this turn comes after this record, unless the turn goes on. */
function readToHere(seen: ReturnType<typeof seenIn>, lane: Lane): RawFact[] {
	const { promptId } = seen;
	return lane.agentId !== undefined || promptId === undefined ? [] : [{ ...seen, kind: "turn.read", promptId }];
}

/** The last message turns out to be the stump of a cut stream. */
function cutMessage(state: LaneState): MessageFact[] {
	if (!state.message?.unfinished) return [];
	state.agentDone = false;
	return [{ ...state.message.fact, partial: true }];
}

function readSystem(record: JsonObject, at: number, lane: Lane, state: LaneState): RawFact[] {
	const seen = seenIn(record, at, lane, state);
	switch (record.subtype) {
		case "api_error":
			return [readRetry(record, at, seen, state)];
		case "compact_boundary":
			state.boundary = { record, at };
			return [];
		case "stop_hook_summary":
			return readToHere(seen, lane);
		case "informational":
			return readEnding(record, seen);
		case "model_fallback":
			return readFallback(record, at, seen, state);
		default:
			return [];
	}
}

/** Of what claude tells the model beside the prompts: what was queued meanwhile, and the limits at which it stops by itself. */
function readAttachment(
	attachment: JsonObject | undefined,
	seen: ReturnType<typeof seenIn>,
	lane: Lane,
	state: LaneState,
): RawFact[] {
	const { promptId } = seen;
	if (attachment === undefined || lane.agentId !== undefined) return [];
	switch (attachment.type) {
		case "budget_usd":
			state.budgetUsd = asUsd(attachment.total) ?? state.budgetUsd;
			return [];
		case "max_turns_reached":
			return [{ ...seen, kind: "turn.stopped", errorType: "max_turns" }];
		case "queued_command": {
			const prompt = contentOf(attachment.prompt);
			if (promptId === undefined) return [];
			const synthetic = asString(asObject(attachment.origin)?.kind) !== "human";
			return [
				compact({
					...seen,
					kind: "prompt.submitted" as const,
					promptId,
					synthetic,
					joined: true,
					content: prompt && { prompt },
				}),
			];
		}
		default:
			return [];
	}
}

/** A prompt that a hook of the user's refuses has no record of its own. */
function readEnding(record: JsonObject, { promptId: _before, ...seen }: ReturnType<typeof seenIn>): RawFact[] {
	const { kind } = asObject(asObject(record.promptSubmitEnding)?.ending) ?? {};
	return kind === "blocked_by_hook" ? [{ ...seen, kind: "prompt.refused" }] : [];
}

/** The model was given up: that was a final error, and the attempts from here on are those of another request. */
function readFallback(record: JsonObject, at: number, seen: ReturnType<typeof seenIn>, state: LaneState): RawFact[] {
	const from = asString(record.originalModel) ?? "";
	const reason = asString(record.trigger);
	const switched = compact({
		...seen,
		kind: "model.switched" as const,
		from,
		to: asString(record.fallbackModel) ?? "",
		reason,
	});
	// The first attempt of the other model can stand before this record.
	const givenUp = [...state.attempts].filter(([, { model }]) => model === from);
	const last = givenUp.at(-1);
	if (!last) return [switched];
	const failed: RawFact = compact({
		...seen,
		kind: "request.failed" as const,
		id: asString(record.uuid) ?? `${at}`,
		errorType: reason ?? "unknown",
		requestedModel: from,
		after: last[1].after,
		failedAttempts: givenUp.length - 1,
		retryMs: triedBefore(state, givenUp.length - 1).retryMs,
	});
	for (const [id] of givenUp) state.attempts.delete(id);
	state.retries = [];
	return [switched, failed];
}

function readRetry(record: JsonObject, at: number, seen: ReturnType<typeof seenIn>, state: LaneState): RawFact {
	const error = asObject(record.error);
	const waitMs = asDuration(record.retryInMs) ?? 0;
	state.retries.push({ at, waitMs });
	state.after = at;
	const status = asNumber(error?.status);
	const text = contentOf(asString(error?.formatted) ?? asString(error?.message));
	return compact({
		...seen,
		kind: "request.retried" as const,
		id: asString(record.uuid) ?? `${at}`,
		errorType: asObject(error?.connection) ? "connection_error" : classifyStatus(status),
		status,
		requestId: asString(error?.requestId),
		attempt: asCount(record.retryAttempt) ?? state.retries.length,
		maxAttempts: asCount(record.maxRetries) ?? 0,
		waitMs,
		model: state.attemptedModel,
		content: text && { error: text },
	});
}

function readBoundary(boundary: { record: JsonObject; at: number }, lane: Lane, state: LaneState): RawFact {
	const { record, at } = boundary;
	const metadata = asObject(record.compactMetadata);
	return compact({
		...seenIn(record, at, lane, state),
		kind: "compacted" as const,
		id: asString(record.uuid) ?? `${at}`,
		trigger: asString(metadata?.trigger) ?? "auto",
		model: state.attemptedModel,
		preTokens: asCount(metadata?.preTokens),
		postTokens: asCount(metadata?.postTokens),
		durationMs: asDuration(metadata?.durationMs),
	});
}

function readCostState(record: JsonObject, lane: Lane, state: LaneState): RawFact[] {
	state.costStates++;
	return [
		{
			source: "transcript",
			at: lane.since,
			sessionId: lane.sessionId,
			kind: "cost.state",
			totalCostUsd: asUsd(record.totalCostUSD) ?? 0,
			models: readModelUsage(record.modelUsage),
			baseline: !state.inRun,
			index: state.costStates,
			...(state.budgetUsd === undefined ? {} : { budgetUsd: state.budgetUsd }),
			...(state.lastAt === undefined ? {} : { after: state.lastAt }),
		},
	];
}

/** The text of a message or block: a string, or the text blocks joined by line breaks. */
function textOf(content: Json | undefined): string {
	if (typeof content === "string") return content;
	return asArray(content)
		.map((block) => asString(asObject(block)?.text) ?? "")
		.filter((text) => text !== "")
		.join("\n");
}
