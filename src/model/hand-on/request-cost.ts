// What a request and the attempts lost before it cost by the list, and the two counts of a session's cost.
import type { ChatEpisode } from "../episode.ts";
import type { Usage } from "../fact.ts";
import { WEB_SEARCH_PICO_USD } from "../price.ts";
import { addCost, type CostCount } from "../reconcile.ts";
import type { ChatState } from "../state.ts";
import { isZeroUsage } from "../usage.ts";
import type { Handover } from "./handover.ts";

export type ListCost = Pick<ChatEpisode, "picoUsd" | "costBasis" | "costEstimated">;

/** @param listed its list price, where its tokens alone do not say it */
export function noteCost(handover: Handover, episode: ChatEpisode, listed?: ListCost): void {
	const { places, costs } = handover;
	const { requestedModel, usage, lost: lostHere, costBasis, picoUsd, start, end } = episode;
	if (requestedModel === undefined || (isZeroUsage(usage) && isZeroUsage(lostHere))) return;
	const own = (listed ?? costOf(handover, usage, lostHere, requestedModel, start)).picoUsd;
	const sessionId = places.countedIn(episode.sessionId, end);
	const counts = costs.get(sessionId) ?? new Map<string, CostCount>();
	const native = costBasis === "native" ? picoUsd : undefined;
	counts.set(requestedModel, addCost(counts.get(requestedModel), own, native));
	costs.set(sessionId, counts);
}

/** Searches cost beside the tokens; what tokens cost in fast mode no list tells. */
export function withExtras(listed: ListCost, { webSearches, fast }: Pick<ChatState, "webSearches" | "fast">): ListCost {
	if (fast) return { costBasis: "unknown" };
	if (listed.picoUsd === undefined || webSearches === 0) return listed;
	return { ...listed, picoUsd: listed.picoUsd + webSearches * WEB_SEARCH_PICO_USD };
}

/** Each attempt has its own price: what was lost does not lift the answer into a dearer tier. */
export function costOf({ options }: Handover, usage: Usage, lostHere: Usage, model: string, at: number): ListCost {
	const { picoUsd, estimated } = options.price(usage, model, at);
	const lostPicoUsd = isZeroUsage(lostHere) ? 0 : options.price(lostHere, model, at).picoUsd;
	if (picoUsd === undefined || lostPicoUsd === undefined) return { costBasis: "unknown" };
	return { picoUsd: picoUsd + lostPicoUsd, costBasis: "list", ...(estimated ? { costEstimated: true } : {}) };
}
