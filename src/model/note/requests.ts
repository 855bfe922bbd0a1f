// Facts of answers, refusals and failures → what is known of the model requests.
import type { FactOf } from "../fact.ts";
import { HELD_SIZES_MAX } from "../limits.ts";
import type { ChatState, FailureState, RefusalState, RequestState } from "../state.ts";
import type { Stores } from "../stores.ts";
import { largest, prefer, preferLatest, smallest, type Told, TRANSCRIPT_FIRST } from "../told.ts";
import { maxUsage } from "../usage.ts";
import { agentOf } from "./agents.ts";
import { merge, noteLane } from "./merge.ts";
import { sessionOf } from "./sessions.ts";
import { markActive, turnOf } from "./turns.ts";

export function noteMessage(stores: Stores, fact: FactOf<"message.seen">): void {
	markActive(stores, fact);
	const chat = stores.chats.get(fact.messageId);
	const requested: Told<string> = { value: fact.requestedModel, source: fact.source, at: fact.at };
	const answered: Told<string> = { value: fact.responseModel, source: fact.source, at: fact.at };
	const next: ChatState = chat ?? {
		sessionId: fact.sessionId,
		messageId: fact.messageId,
		requestedModel: requested,
		responseModel: answered,
		usage: fact.usage,
		partial: false,
		givenUp: false,
		whole: false,
		webSearches: 0,
		fast: false,
		answers: new Map(),
		firstAt: fact.at,
		lastAt: fact.at,
	};
	noteLane(next, fact);
	next.requestId ??= fact.requestId;
	next.requestedModel = prefer(next.requestedModel, requested, TRANSCRIPT_FIRST);
	next.responseModel = prefer(next.responseModel, answered, TRANSCRIPT_FIRST);
	next.usage = maxUsage(next.usage, fact.usage);
	if (fact.stopReason !== undefined) {
		next.stopReason = preferLatest(
			next.stopReason,
			{ value: fact.stopReason, source: fact.source, at: fact.at },
			TRANSCRIPT_FIRST,
		);
	}
	next.after = smallest(next.after, fact.after);
	next.failedAttempts = largest(next.failedAttempts, fact.failedAttempts);
	next.retryMs = largest(next.retryMs, fact.retryMs);
	next.anew = merge(next.anew, fact, fact.anew, TRANSCRIPT_FIRST);
	next.partial ||= fact.partial === true;
	next.givenUp ||= fact.givenUp === true;
	next.whole ||= fact.whole === true;
	if (next.whole) sessionOf(stores, fact).wholeSeen = true;
	next.webSearches = Math.max(next.webSearches, fact.webSearches ?? 0);
	next.fast ||= fact.fast === true;
	if (fact.content?.answer) next.answers.set(fact.blockIndex, fact.content.answer);
	next.firstAt = Math.min(next.firstAt, fact.at);
	next.lastAt = Math.max(next.lastAt, fact.at);
	stores.chats.set(fact.messageId, next);
}

export function noteRequest(stores: Stores, fact: FactOf<"request.answered">): void {
	if (stores.requests.has(fact.requestId)) return;
	const request: RequestState = { sessionId: fact.sessionId, fact };
	noteLane(request, fact);
	stores.requests.set(fact.requestId, request);
}

export function noteSize(stores: Stores, { requestId, part, chars }: FactOf<"answer.sized">): void {
	const parts = stores.sizes.get(requestId) ?? new Map<string, number>();
	stores.sizes.set(requestId, parts.set(part, chars));
	if (stores.sizes.size > HELD_SIZES_MAX) stores.sizes.delete(stores.sizes.keys().next().value as string);
}

export function noteFailure(stores: Stores, fact: FactOf<"request.failed">): void {
	markActive(stores, fact);
	const known = stores.failures.get(fact.id);
	const failure: FailureState = known ?? { sessionId: fact.sessionId, fact };
	noteLane(failure, fact);
	if (known !== undefined) {
		const told = { value: fact, source: fact.source, at: fact.at };
		known.fact = prefer(
			{ value: known.fact, source: known.fact.source, at: known.fact.at },
			told,
			TRANSCRIPT_FIRST,
		).value;
	}
	failure.durationMs = smallest(failure.durationMs, fact.durationMs);
	if (fact.unsent !== true) stores.failures.set(fact.id, failure);
	if (fact.fallback !== true) noteGivenUp(stores, fact, fact.errorType);
}

/** @param isHandedOn it has been told as a request before */
export function noteRefusal(stores: Stores, fact: FactOf<"request.refused">, isHandedOn: boolean): void {
	markActive(stores, fact);
	if (fact.errorType !== undefined) noteGivenUp(stores, fact, fact.errorType);
	const { requestId, source, at } = fact;
	if (requestId === undefined || isHandedOn) return;
	const refusal: RefusalState = stores.refusals.get(requestId) ?? { sessionId: fact.sessionId, requestId, source, at };
	noteLane(refusal, fact);
	refusal.model = merge(refusal.model, fact, fact.model, TRANSCRIPT_FIRST);
	if (source === "transcript") refusal.source = source;
	refusal.at = Math.min(refusal.at, at);
	refusal.after = smallest(refusal.after, fact.after);
	refusal.failedAttempts = largest(refusal.failedAttempts, fact.failedAttempts);
	refusal.retryMs = largest(refusal.retryMs, fact.retryMs);
	refusal.anew = merge(refusal.anew, fact, fact.anew, TRANSCRIPT_FIRST);
	refusal.querySource ??= fact.querySource;
	stores.refusals.set(requestId, refusal);
}

/** What had asked ended there, unless it goes on after it. */
function noteGivenUp(stores: Stores, fact: FactOf<"request.failed" | "request.refused">, errorType: string): void {
	if (fact.agentId !== undefined) {
		const agent = agentOf(stores, fact, fact.agentId);
		agent.failures.add(fact.at);
		if (fact.querySource === "compact") agent.failedSummaries.add(fact.at);
		return;
	}
	if (fact.promptId === undefined) return;
	const turn = turnOf(stores, fact, fact.promptId);
	const told = { value: errorType, source: fact.source, at: fact.at };
	turn.failure = preferLatest(turn.failure, told, TRANSCRIPT_FIRST);
}
