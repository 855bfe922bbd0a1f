// Attempts that were cut → lost on the request that was answered in their place, or failed there.
import type { ChatState, FailureState, RequestState } from "../state.ts";
import { addUsage, NO_USAGE } from "../usage.ts";
import { cutOutputOf } from "./cut-requests.ts";
import type { Handover } from "./handover.ts";
import { heirAfter, heirOf, heirsAmong, inOrder } from "./heirs.ts";
import { noteTriedGone } from "./surplus.ts";
import { takeRequest } from "./take-request.ts";

/** Attempts that left a stump in the transcript count as lost on what came next in their lane. */
export function assignStumps(handover: Handover, chats: readonly ChatState[], failures: readonly FailureState[]): void {
	const { stores, lost, lostPicoUsd, settledStumps } = handover;
	const heirs = heirsAmong(chats, failures);
	for (const stump of inOrder(chats)) {
		const next = stump.partial ? heirOf(stump, heirs) : undefined;
		if (!next) continue;
		// Of an agent that works on it may come yet.
		const isTold = stores.requests.has(stump.requestId ?? "");
		const told = (isTold ? takeRequest(handover, stump.requestId)?.picoUsd : undefined) ?? 0;
		if (told > 0) lostPicoUsd.set(next.key, (lostPicoUsd.get(next.key) ?? 0) + told);
		if (settledStumps.has(stump.messageId)) continue;
		lost.set(next.key, addUsage(lost.get(next.key) ?? NO_USAGE, stump.usage));
		settledStumps.add(stump.messageId);
	}
}

/** The same where no message tells of the attempts. */
export function assignCutRequests(
	handover: Handover,
	requests: readonly RequestState[],
	failures: readonly FailureState[],
): void {
	const { stores, lost, lostPicoUsd, options } = handover;
	const cut = requests.flatMap((request) => {
		const more = cutOutputOf(request.fact, stores, options.price);
		return more === undefined ? [] : [{ request, more }];
	});
	const others = requests.filter((request) => !cut.some((one) => one.request === request));
	const heirs = heirsAmong([], failures, others);
	for (const { request, more } of cut) {
		const { requestId, usage, sessionId, model, picoUsd = 0 } = request.fact;
		const heir = heirAfter(request, heirs);
		if (heir === undefined) continue;
		takeRequest(handover, requestId);
		noteTriedGone(handover, sessionId, model, 0);
		const gone = addUsage(usage, { ...NO_USAGE, output: more });
		lost.set(heir.key, addUsage(lost.get(heir.key) ?? NO_USAGE, gone));
		lostPicoUsd.set(heir.key, (lostPicoUsd.get(heir.key) ?? 0) + picoUsd);
	}
}
