// A model request that failed for good → a chat episode, with what was lost in attempts that were cut before it.
import type { Usage } from "../fact.ts";
import type { FailureState } from "../state.ts";
import type { Stores } from "../stores.ts";
import { isZeroUsage, NO_USAGE } from "../usage.ts";
import { attemptsOf } from "./attempts.ts";
import type { ChatSteps } from "./chats.ts";
import { type Handover, placeOnly, startAbove } from "./handover.ts";
import { takeLost } from "./lost.ts";
import { costOf } from "./request-cost.ts";
import { noteTriedGone } from "./surplus.ts";

/** A transcript that tells of an attempt, and not how it ended, makes a failure of what was a refusal. */
export function dropRefused({ failures, refusals }: Stores): void {
	for (const { fact, agentId } of failures.values()) {
		if (!fact.fallback) continue;
		const { sessionId, after = Number.NEGATIVE_INFINITY, at, requestedModel: model } = fact;
		const isRefused = [...refusals.values()].some(
			(refusal) =>
				refusal.sessionId === sessionId &&
				refusal.agentId === agentId &&
				refusal.model?.value === model &&
				refusal.at >= after &&
				refusal.at <= at,
		);
		if (isRefused) failures.delete(fact.id);
	}
}

export type HandOnFailure = (failure: FailureState) => void;

/** Between what two witnesses say of when a request was given up. */
const SAME_FAILURE_MS = 5_000;
/** Of a lane; the native one comes seconds later at most. */
const TOLD_MAX = 20;

export function createFailureSteps(handover: Handover, chats: ChatSteps): HandOnFailure {
	const { stores, places, finish } = handover;

	/** Failures without a request id that the transcript has told, by lane. */
	const told = new Map<string, number[]>();

	/** Two witnesses of one failure that no id joins: where none of the attempts got an answer. */
	function isToldAlready({ fact, agentId }: FailureState): boolean {
		if (fact.requestId !== undefined) return false;
		const lane = `${fact.sessionId} ${agentId ?? ""}`;
		const times = told.get(lane) ?? [];
		if (fact.source === "native") return times.some((at) => Math.abs(at - fact.at) <= SAME_FAILURE_MS);
		told.set(lane, [...times, fact.at].slice(-TOLD_MAX));
		return false;
	}

	function handOnFailure(failure: FailureState): void {
		const { fact } = failure;
		stores.failures.delete(fact.id);
		finish(`failure:${fact.id}`);
		if (isToldAlready(failure)) return;
		const place = places.locate(failure, fact.at);
		const { lostHere, picoUsd: lostCost } = takeLost(handover, fact.id);
		const model = fact.requestedModel;
		if (model !== undefined) chats.noteUsage(fact.sessionId, model, lostHere);
		if (fact.failedAttempts > 0 || fact.source === "native") {
			const mayHaveMore = fact.failedAttempts > 0 && lostCost === undefined;
			noteTriedGone(handover, fact.sessionId, model, mayHaveMore ? undefined : 0);
		}
		const asked = fact.after ?? fact.at - (failure.durationMs ?? 0);
		const start = Math.min(Math.max(asked, startAbove(place)), fact.at);
		chats.emit(
			{
				...placeOnly(place),
				kind: "chat",
				ref: { kind: "chat", sessionId: fact.sessionId, key: fact.id },
				start,
				end: Math.max(start, fact.at),
				timesSource: fact.source,
				requestId: fact.requestId,
				requestedModel: model,
				usage: NO_USAGE,
				lost: lostHere,
				tokensSource: sourceOfLost(fact, lostHere),
				...costOfFailure(lostHere, lostCost, model, start),
				...attemptsOf(stores, fact.sessionId, fact, fact.anew),
				querySource: fact.querySource ?? (place.lives.length > 0 ? "subagent" : "main"),
				errorType: fact.errorType,
				httpStatus: fact.status,
				error: fact.content?.error,
			},
			place,
		);
	}

	function sourceOfLost({ source, sessionId }: FailureState["fact"], lostHere: Usage) {
		if (source === "native") return source;
		const hasLedger = stores.sessions.get(sessionId)?.ledger !== undefined;
		return isZeroUsage(lostHere) || !hasLedger ? "transcript" : "cost-state";
	}

	/** It had no answer, but attempts that were cut before it have their price. */
	function costOfFailure(lostHere: Usage, picoUsd: number | undefined, model: string | undefined, at: number) {
		const nothing = isZeroUsage(lostHere) && !picoUsd;
		if (model === undefined || nothing) return { costBasis: "unknown" as const };
		if (picoUsd !== undefined) return { picoUsd, costBasis: "native" as const };
		return costOf(handover, NO_USAGE, lostHere, model, at);
	}

	return handOnFailure;
}
