// Records of requests on their way → how often the next answer was asked for, and the facts of attempts that failed.
import type { RawFact, Tried } from "../../model/fact.ts";
import { classifyStatus } from "../api-error.ts";
import { contentOf } from "../content.ts";
import { asCount, asDuration, asNumber, asObject, asString, compact, type JsonObject } from "../json.ts";
import type { Attempt, LaneState, Seen } from "./lane.ts";

export function noteAttempt(record: JsonObject, at: number, state: LaneState): void {
	const model = asString(asObject(record.params)?.model);
	const id = asString(record.id) ?? `${at}`;
	// Written later than its answer it is none of the request that comes next.
	if (id === state.message?.answers) return;
	// The record itself is stamped after the request was sent, so it is no start.
	state.attempts.set(id, { at, after: state.after, model });
	state.attemptedModel = model ?? state.attemptedModel;
}

export function wasNothingTried({ attempts, retries }: LaneState): boolean {
	return attempts.size === 0 && retries.length === 0;
}

/** Attempts before the last one, and the waits between them; and the same since claude last asked anew. */
export function triedBefore({ retries }: LaneState, attempts: readonly Attempt[]): Tried & { anew?: Tried } {
	const all = countTried(retries, attempts.length);
	if (!attempts.some(isOver)) return all;
	return { ...all, anew: countTried(retries.filter(isNotOver), attempts.filter(isNotOver).length) };
}

/** The waits are unknown where there were more attempts than records of their failures, of which an interactive claude writes none. */
function countTried(retries: LaneState["retries"], attempts: number): Tried {
	const failedAttempts = Math.max(retries.length, attempts);
	if (failedAttempts > retries.length) return { failedAttempts };
	return { failedAttempts, retryMs: retries.reduce((sum, { waitMs }) => sum + waitMs, 0) };
}

const isOver = ({ over }: { over?: true }) => over === true;
const isNotOver = ({ over }: { over?: true }) => over !== true;

/** Claude Code adds to what it asked: the attempts before were requests of their own, answered without content, or refused. */
export function askAnew(at: number, { retries, attempts }: LaneState): void {
	for (const one of [...retries, ...attempts.values()]) if (one.at < at) one.over = true;
}

export function forgetAttempts(state: LaneState): void {
	state.retries = [];
	state.attempts.clear();
}

/** A prompt begins anew. Its first attempt can stand before its record, which is stamped earlier. */
export function forgetAttemptsBefore(at: number, state: LaneState): void {
	state.retries = state.retries.filter((retry) => retry.at >= at);
	for (const [id, attempt] of state.attempts) if (attempt.at < at) state.attempts.delete(id);
}

export function readRetry(record: JsonObject, at: number, seen: Seen, state: LaneState): RawFact {
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

/** The model refused and another answers in its place: that was a request, and the attempts from here on are those of another. */
export function readRefusal(record: JsonObject, seen: Seen, state: LaneState): RawFact[] {
	const requestId = asString(record.requestId);
	const model = asString(record.originalModel);
	if (requestId === undefined) return [];
	const givenUp = giveUp(model, state);
	const fact: RawFact = compact({
		...seen,
		kind: "request.refused" as const,
		requestId,
		model,
		after: givenUp.at(-1)?.after,
		...triedBefore(state, givenUp.slice(0, -1)),
	});
	state.retries = [];
	return [fact];
}

/** The model was given up: that was a final error, and the attempts from here on are those of another request. */
export function readFallback(record: JsonObject, at: number, seen: Seen, state: LaneState): RawFact[] {
	const from = asString(record.originalModel) ?? "";
	const reason = asString(record.trigger);
	const switched = compact({
		...seen,
		kind: "model.switched" as const,
		from,
		to: asString(record.fallbackModel) ?? "",
		reason,
	});
	const givenUp = giveUp(from, state);
	const last = givenUp.at(-1);
	if (!last) return [switched];
	const failed: RawFact = compact({
		...seen,
		kind: "request.failed" as const,
		id: asString(record.uuid) ?? `${at}`,
		errorType: reason ?? "unknown",
		requestedModel: from,
		after: last.after,
		failedAttempts: givenUp.length - 1,
		retryMs: triedBefore(state, givenUp.slice(0, -1)).retryMs,
		fallback: true,
	});
	state.retries = [];
	return [switched, failed];
}

/**
 * An agent's transcript has no record of a fallback, nor of why: its attempts before this one tell by their models that others
 * were given up.
 * @param asked the attempt that came to an end
 */
export function readGivenUp(asked: string | undefined, seen: Seen, state: LaneState): RawFact[] {
	const model = state.attempts.get(asked ?? "")?.model;
	const attempts = [...state.attempts];
	const ids = [...state.attempts.keys()];
	const before = attempts.slice(0, Math.max(0, ids.indexOf(asked ?? "")));
	const facts: RawFact[] = [];
	for (const from of new Set(before.map(([, attempt]) => attempt.model))) {
		if (seen.agentId === undefined || from === undefined || from === model) continue;
		const [id = ""] = before.findLast(([, attempt]) => attempt.model === from) ?? [];
		const next = attempts[ids.indexOf(id) + 1];
		const givenUp = giveUp(from, state);
		facts.push(
			compact({
				...seen,
				at: next?.[1].at ?? seen.at,
				kind: "request.failed" as const,
				id,
				errorType: "unknown",
				requestedModel: from,
				after: givenUp[0]?.after,
				failedAttempts: givenUp.length - 1,
				fallback: true,
			}),
		);
	}
	return facts;
}

/** Takes out the attempts of this model: the first one of another can stand before the record that says so. */
function giveUp(model: string | undefined, { attempts }: LaneState): Attempt[] {
	const givenUp = [...attempts].filter(([, attempt]) => attempt.model === model);
	for (const [id] of givenUp) attempts.delete(id);
	return givenUp.map(([, attempt]) => attempt);
}
