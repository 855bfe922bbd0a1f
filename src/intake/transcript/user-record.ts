// Records of type `user` → facts: prompts, results of calls, interrupts, summaries of compactions.
import type { Json, RawFact } from "../../model/fact.ts";
import { contentOf } from "../content.ts";
import { asArray, asCount, asDuration, asObject, asString, compact, type JsonObject } from "../json.ts";
import { askAnew, forgetAttempts, forgetAttemptsBefore } from "./attempts.ts";
import {
	breakOffMessage,
	cutMessage,
	type Lane,
	type LaneState,
	readToHere,
	type Seen,
	seenIn,
	textOf,
} from "./lane.ts";
import { readToolResult } from "./tool-result.ts";

export function readUser(record: JsonObject, at: number, lane: Lane, state: LaneState): RawFact[] {
	const boundary = state.boundary;
	const seen = seenIn(record, at, lane, state);
	const content = asObject(record.message)?.content;
	const facts: RawFact[] = [];

	if (record.isCompactSummary === true) {
		if (boundary) facts.push(readBoundary(boundary, lane, state));
		state.boundary = undefined;
		state.after = at;
		askAnew(at, state);
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
		const stump = breakOffMessage(state, seen);
		// Attempts that were given up are not those of the next request.
		forgetAttempts(state);
		const stopped = { ...seen, ...state.interrupted };
		state.interrupted = undefined;
		return [...stump, { ...stopped, kind: "turn.interrupted" }, ...readToHere(stopped, lane)];
	}
	if (record.isMeta === true && record.turnCompanion === true) {
		facts.push(...cutMessage(state, seen));
		askAnew(at, state);
	}
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
	if (record.turnOrigin !== undefined || isNotification(record)) return true;
	return record.turnPosition !== undefined && !isLocalCommand(text);
}

/** Without a turnOrigin where no turn begins with it. */
function isNotification(record: JsonObject): boolean {
	return asObject(record.origin)?.kind === "task-notification";
}

/** A resumed session is told so what was at work when it ended: the next prompt, whenever it comes, answers that too. */
function waitsForPrompt(record: JsonObject): boolean {
	return record.queueTranscriptOnly === true;
}

/** Prompts that are taken out of the queue at once are one turn, of the last one's id. */
function noteTurnPrompt(record: JsonObject, at: number, id: string, state: LaneState): { together?: string } {
	const turnIndex = asCount(asObject(record.turnPosition)?.turnIndex);
	const before = state.prompt;
	forgetAttemptsBefore(at, state);
	const isSameTurn = before?.turnIndex === undefined || before.turnIndex === turnIndex;
	const isNext = before?.waits === true || (before?.isNextWaiting === true && isSameTurn);
	const isTogether = before !== undefined && isNext && before.id !== id;
	const waits = waitsForPrompt(record);
	state.dequeued = Math.max(0, state.dequeued - 1);
	const first = isTogether && !before.waits ? before.at : at;
	// With -p a notification that another one follows at once begins no turn, before that is taken out of the queue.
	const isNextWaiting = state.dequeued > 0 || (turnIndex === undefined && isNotification(record));
	state.prompt = { id, at: first, turnIndex, isNextWaiting, waits };
	return isTogether ? { together: before.id } : {};
}

export function isLocalCommand(text: string): boolean {
	return /^<(?:command-name|command-message|local-command-)/.test(text);
}

function readPrompt(
	record: JsonObject,
	text: string,
	content: Json | undefined,
	seen: Seen,
	promptId: string,
): RawFact {
	const prompt = contentOf(typeof content === "string" ? content : text);
	return compact({
		...seen,
		kind: "prompt.submitted" as const,
		promptId,
		permissionMode: asString(record.permissionMode),
		synthetic: isSynthetic(record, text),
		waits: waitsForPrompt(record) || undefined,
		content: prompt && { prompt },
	});
}

function isSynthetic(record: JsonObject, text: string): boolean {
	const origin = asString(record.turnOrigin);
	if (origin !== undefined) return origin !== "human" && origin !== "sdk";
	return isNotification(record) || text.startsWith("<task-notification>");
}

function readAgentPrompt(seen: Seen, agentId: string, state: LaneState): RawFact[] {
	if (state.agentStarts > 0 && !state.agentDone) {
		const { promptId } = seen;
		return promptId === undefined ? [] : [{ ...seen, kind: "turn.active", promptId }];
	}
	state.agentStarts++;
	state.agentDone = false;
	return [{ ...seen, kind: "agent.started", agentId, agentType: "" }];
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
