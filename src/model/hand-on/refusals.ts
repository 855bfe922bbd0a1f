// A refused request that neither its message nor native telemetry tells as answered: an answer without content, or one that
// claude took back, where another model answers in its place → a chat episode, with what the client's ledger has beyond the others.
import type { Usage } from "../fact.ts";
import type { RefusalState } from "../state.ts";
import { addUsage, isZeroUsage, NO_USAGE } from "../usage.ts";
import { attemptsOf } from "./attempts.ts";
import { type ChatSteps, REFUSAL } from "./chats.ts";
import { type Handover, placeOnly, startAbove } from "./handover.ts";
import { costOf } from "./request-cost.ts";

export interface RefusalSteps {
	/** The first of this model that no message and no native telemetry tells as answered: the ledger alone has what it used. */
	untold(sessionId: string, model: string): RefusalState | undefined;
	/** What the ledger has of it. */
	give(refusal: RefusalState, model: string, share: Usage): void;
	/** When the ledger is known. */
	refusal(refusal: RefusalState): void;
	/** All of a session that was ended while the run goes on. */
	closeSession(sessionId: string): void;
}

export function createRefusalSteps(handover: Handover, chats: ChatSteps): RefusalSteps {
	const { stores, places, lost, triedGone, finish } = handover;
	const used = new Map<string, Usage>();

	/** Nobody says which one used how much: the first of a model has what all of them used. */
	function untold(sessionId: string, model: string): RefusalState | undefined {
		const told = new Set([...stores.chats.values()].map(({ requestId }) => requestId));
		return [...stores.refusals.values()]
			.filter((refusal) => refusal.sessionId === sessionId && refusal.model?.value === model)
			.filter(({ requestId }) => !told.has(requestId) && !stores.requests.has(requestId))
			.toSorted((a, b) => a.at - b.at || (a.requestId < b.requestId ? -1 : 1))[0];
	}

	function give(refusal: RefusalState, model: string, share: Usage): void {
		(isItsOwn(refusal, model) ? used : lost).set(refusal.requestId, share);
	}

	/** Where native telemetry is silent, attempts before it may have been answered, too: without content, so that no record tells. */
	function isItsOwn({ sessionId, failedAttempts }: RefusalState, model: string): boolean {
		if (stores.sessions.get(sessionId)?.nativeSeen === true) return true;
		const tried = [...stores.chats.values()].some(
			(chat) => chat.sessionId === sessionId && chat.requestedModel.value === model && (chat.failedAttempts ?? 0) > 0,
		);
		return failedAttempts === 0 && !tried && !triedGone.has(`${sessionId} ${model}`);
	}

	function handOnRefusal(refusal: RefusalState): void {
		const { sessionId, requestId, source, at } = refusal;
		stores.refusals.delete(requestId);
		finish(`request:${requestId}`);
		const place = places.locate(refusal, at);
		const usage = take(used, requestId);
		const lostHere = take(lost, requestId) ?? NO_USAGE;
		const model = refusal.model?.value;
		if (model !== undefined) chats.noteUsage(sessionId, model, addUsage(usage ?? NO_USAGE, lostHere));
		const start = Math.min(Math.max(refusal.after ?? at, startAbove(place)), at);
		const hasCost = model !== undefined && (usage !== undefined || !isZeroUsage(lostHere));
		chats.emit(
			{
				...placeOnly(place),
				kind: "chat",
				ref: { kind: "chat", sessionId, key: requestId },
				start,
				end: at,
				timesSource: source,
				requestId,
				requestedModel: model,
				usage: usage ?? NO_USAGE,
				lost: lostHere,
				tokensSource: usage === undefined ? "unknown" : "cost-state",
				...(hasCost ? costOf(handover, usage ?? NO_USAGE, lostHere, model, start) : { costBasis: "unknown" as const }),
				...attemptsOf(stores, sessionId, refusal, refusal.anew?.value),
				querySource: refusal.querySource ?? (place.lives.length > 0 ? "subagent" : "main"),
				stopReason: REFUSAL,
			},
			place,
		);
	}

	function closeSession(sessionId: string): void {
		for (const refusal of stores.refusals.values()) if (refusal.sessionId === sessionId) handOnRefusal(refusal);
	}

	return { untold, give, refusal: handOnRefusal, closeSession };
}

function take(shares: Map<string, Usage>, requestId: string): Usage | undefined {
	const share = shares.get(requestId);
	shares.delete(requestId);
	return share;
}
