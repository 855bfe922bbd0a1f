// What the client counts for a request → what that has beyond the request's own tokens: the cost of attempts that were cut
// before it.

import type { FactOf } from "../fact.ts";
import { WEB_SEARCH_PICO_USD } from "../price.ts";
import type { ChatState } from "../state.ts";
import type { Stores } from "../stores.ts";
import { isZeroUsage, NO_USAGE } from "../usage.ts";
import { surplusOf } from "./cut-requests.ts";
import type { Handover } from "./handover.ts";

/**
 * Beyond what was assigned to it, too. Undefined where the client does not tell, as of what failed for good.
 * @param key of the message, or the request where no message tells of it
 * @param stumps cut answers before it, with what the client counts for them
 */
export function surplusBefore(
	{ stores, options, lost, lostPicoUsd }: Handover,
	key: string,
	stumps: readonly ChatState[] = [],
): number | undefined {
	const chat = stores.chats.get(key);
	const request = requestOf(stores, key);
	if (request === undefined || chat?.fast) return undefined;
	const told = [request, ...stumps.map(({ requestId = "" }) => stores.requests.get(requestId)?.fact)];
	const assigned = lost.get(key) ?? NO_USAGE;
	const listed = isZeroUsage(assigned) ? 0 : options.price(assigned, request.model, request.at).picoUsd;
	let sum = (lostPicoUsd.get(key) ?? 0) - (chat?.webSearches ?? 0) * WEB_SEARCH_PICO_USD;
	for (const one of told) {
		const surplus = one && surplusOf(one, options.price);
		if (surplus === undefined || listed === undefined) return undefined;
		sum += surplus;
	}
	return Math.max(0, sum - (listed ?? 0));
}

/** What the client tells of it. `key`: of the message, or the request where no message tells of it. */
export function requestOf({ chats, requests }: Stores, key: string): FactOf<"request.answered"> | undefined {
	const chat = chats.get(key);
	return requests.get(chat === undefined ? key : (chat.requestId ?? ""))?.fact;
}

/** It is handed on, and the ledger may have more of it. */
export function noteTriedGone(
	{ triedGone }: Handover,
	sessionId: string,
	model = "",
	surplus: number | undefined,
): void {
	const key = `${sessionId} ${model}`;
	const before = triedGone.has(key) ? triedGone.get(key) : 0;
	triedGone.set(key, before === undefined || surplus === undefined ? undefined : before + surplus);
}
