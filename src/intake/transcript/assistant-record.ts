// Records of type `assistant` → facts: a block of an answer with the calls that it asks for, and Claude Code's own words where
// a request failed.
import type { RawFact, Tried } from "../../model/fact.ts";
import { classifyApiError } from "../api-error.ts";
import { readExtras, readUsage } from "../api-usage.ts";
import { contentOf } from "../content.ts";
import { asArray, asCount, asNumber, asObject, asString, compact, type JsonObject } from "../json.ts";
import { forgetAttempts, readGivenUp, triedBefore, wasNothingTried } from "./attempts.ts";
import {
	cutMessage,
	type Lane,
	type LaneState,
	type MessageFact,
	readToHere,
	type Seen,
	seenIn,
	textOf,
} from "./lane.ts";

export function readAssistant(record: JsonObject, at: number, lane: Lane, state: LaneState): RawFact[] {
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
	const facts: RawFact[] = [];
	if (state.message?.id !== messageId) {
		const answered = asString(record.requestRef) ?? "";
		facts.push(...readGivenUp(answered, seen, state));
		const after = state.attempts.get(answered)?.after ?? state.after;
		const ids = [...state.attempts.keys()];
		const place = ids.indexOf(answered);
		// What was begun after the one that was answered belongs to what comes next.
		const before = place === -1 ? ids.length - 1 : place;
		const tried = triedBefore(state, [...state.attempts.values()].slice(0, Math.max(0, before)));
		const fact = readMessage(record, message, messageId, seen, { after, tried });
		state.message = {
			id: messageId,
			answers: answered,
			after,
			tried,
			unfinished: false,
			cut: false,
			asksTools: false,
			fact,
		};
		const next = place === -1 ? [] : [...state.attempts].slice(place + 1);
		forgetAttempts(state);
		for (const [id, attempt] of next) state.attempts.set(id, attempt);
		state.toolEndsTurn = false;
	} else {
		state.message.fact = readMessage(record, message, messageId, seen, state.message);
	}
	state.message.unfinished = !("stop_details" in message);
	state.prompt = undefined;
	const stopReason = asString(message.stop_reason);
	const done = stopReason !== undefined && stopReason !== "tool_use";
	state.agentDone = done;
	facts.push(state.message.fact);
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
	seen: Seen,
	before: { after?: number; tried: Tried & { anew?: Tried } },
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
		...before.tried,
		textBytes: answer?.bytes ?? 0,
		blockIndex: asCount(record.apiBlockIndex) ?? 0,
		whole: asString(message.stop_reason) !== undefined,
		content: answer && { answer },
	});
}

/** Claude Code's own record of a request that failed for good or was refused, or of a stream that was cut while its tools run on. */
function readSyntheticAnswer(
	record: JsonObject,
	message: JsonObject,
	seen: Seen,
	lane: Lane,
	state: LaneState,
): RawFact[] {
	if (record.isApiErrorMessage !== true) return [];
	const cut = record.streamCutCause === undefined ? [] : cutMessage(state, seen);
	// What was asked for before the break is done, and the model hears of it.
	if (cut.length > 0 && state.message?.asksTools) return cut;
	const givenUp = readGivenUp([...state.attempts.keys()].at(-1), seen, state);
	const status = asNumber(record.apiErrorStatus);
	const requestId = asString(record.requestId);
	const error = contentOf(textOf(message.content));
	const shared = {
		...seen,
		requestId,
		errorType: classifyApiError(asString(record.apiErrorType), status, asString(record.error)),
		after: state.after,
		...triedBefore(state, [...state.attempts.values()].slice(0, -1)),
	};
	const model = state.attemptedModel;
	const fact: RawFact =
		message.stop_reason === "refusal" && requestId !== undefined
			? compact({ ...shared, kind: "request.refused" as const, model })
			: compact({
					...shared,
					kind: "request.failed" as const,
					id: requestId ?? asString(record.uuid) ?? "",
					status,
					requestedModel: model,
					unsent:
						(cut.length === 0 && status === undefined && requestId === undefined && wasNothingTried(state)) ||
						undefined,
					content: error && { error },
				});
	forgetAttempts(state);
	return [...cut, ...givenUp, fact, ...readToHere(seen, lane)];
}
