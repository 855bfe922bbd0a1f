// Lines of one transcript file, in order → facts. A file is one lane: the main loop or one subagent.
// What a record alone cannot tell (which prompt it belongs to, what it waited for) comes from the
// records before it in the same file, so every fact that leaves here stands by itself.
import type { Json, RawFact } from "../model/fact.ts";
import { cutNesting } from "../nesting.ts";
import { readModelUsage } from "./api-usage.ts";
import { asObject, asString, asTime, asUsd, type JsonObject } from "./json.ts";
import { readAssistant } from "./transcript/assistant-record.ts";
import { noteAttempt } from "./transcript/attempts.ts";
import { createLaneState, type Lane, type LaneState, seenIn, textOf } from "./transcript/lane.ts";
import { readAttachment, readSystem } from "./transcript/system-record.ts";
import { isLocalCommand, readUser } from "./transcript/user-record.ts";

/** Records that are large and tell nothing: they are told by their first bytes and never parsed. */
const SKIPPED_RECORDS = /^\{"type":"(?:api-request-shape|api-request-blob|file-history|summary)/;

/** Records whose prompt is remembered: answers come soon after. */
const PROMPTS_MAX = 10_000;

/**
 * Returns a function that takes one line (without its newline) and gives the facts of it.
 * @param onSkip the line is no record
 */
export function createTranscriptReader(lane: Lane, onSkip = () => {}): (line: string) => RawFact[] {
	const state = createLaneState();

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
		// The clock may have been set back. A fork writes its queue before the copies of the session that it comes from.
		if (at < lane.since && !state.hasSpoken) return [];
		state.lastAt = at;
		state.promptId = promptOf(record, state);
		// The answer of a local command is stamped later than it is written, even later than claude's exit.
		const isOurs = record.type !== "user" || !isLocalCommand(textOf(asObject(record.message)?.content));
		state.inRun ||= isOurs;
		state.hasSpoken ||= isOurs && (record.type === "user" || record.type === "assistant");
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
