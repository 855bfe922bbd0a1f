// Attempts that were cut → the requests that were made in their place, answered or failed for good: what their stumps
// in the transcript say, and what the client's ledger counts beyond all that was answered.
import type { Usage } from "../fact.ts";
import { ledgerOf } from "../ledger.ts";
import type { ChatState, FailureState, RequestState } from "../state.ts";
import { areMessagesTold } from "../stores.ts";
import { addRequest } from "../sums.ts";
import { addUsage, isZeroUsage, NO_USAGE, promptTokens, subtractUsage } from "../usage.ts";
import type { Handover } from "./handover.ts";
import { type Heir, heirOf, heirsAmong, inOrder } from "./heirs.ts";
import { createLostCost } from "./lost-cost.ts";
import { createFindSharers } from "./lost-sharers.ts";
import { shareOut } from "./lost-shares.ts";
import type { RefusalSteps } from "./refusals.ts";
import { surplusBefore } from "./surplus.ts";

export interface LostSteps {
	/** Cut answers in whose place nothing came, when no fact comes any more. */
	heirless(sessionId: string): ChatState[];
	/** What was assigned to requests that are not handed on yet, by model. */
	assigned(sessionId: string): Map<string, Usage>;
	/** What the ledger counts replaces what the stumps say. */
	assign(sessionId: string, residual: ReadonlyMap<string, Usage>): void;
}

export function createLostSteps(handover: Handover, refusals: Pick<RefusalSteps, "untold" | "give">): LostSteps {
	const { stores, places, options, sums, lost, lostPicoUsd, settledStumps, triedGone, brokenOff } = handover;
	const costs = createLostCost(handover, heirsOf);
	const findSharers = createFindSharers(handover);

	function assign(sessionId: string, residual: ReadonlyMap<string, Usage>): void {
		const heirs = heirsOf(sessionId);
		const open = [...stores.chats.values()].filter((chat) => chat.sessionId === sessionId);
		const stumps = inOrder(open.filter((chat) => chat.partial && !settledStumps.has(chat.messageId)));
		const heirOfStump = new Map(stumps.map((stump) => [stump, heirOf(stump, heirs)]));
		const before = (heir: Heir) => stumps.filter((stump) => heirOfStump.get(stump) === heir);
		for (const [model, usage] of residual) {
			const ofModel = heirs.filter((one) => one.model === model);
			const refusal = refusals.untold(sessionId, model);
			const tried = {
				model,
				at: stores.sessions.get(sessionId)?.lastAt ?? 0,
				open: new Map(ofModel.map((heir) => [heir, surplusBefore(handover, heir.key, before(heir))])),
				gone: triedGone.has(`${sessionId} ${model}`) ? triedGone.get(`${sessionId} ${model}`) : 0,
				refused: refusal !== undefined,
			};
			let rest = usage;
			for (const stump of stumps.filter(({ requestedModel }) => requestedModel.value === model)) {
				const heir = heirOfStump.get(stump);
				if (heir === undefined) continue;
				const left = subtractUsage(rest, stump.usage);
				add(heir, subtractUsage(rest, left));
				rest = left;
				settledStumps.add(stump.messageId);
			}
			const sharing = findSharers(rest, tried);
			const parts = shareOut(rest, sharing);
			for (const [n, { heir }] of sharing.entries()) if (heir) add(heir, parts[n] ?? NO_USAGE);
			const refused = parts.find((_part, n) => sharing[n]?.refused) ?? NO_USAGE;
			if (refusal && !isZeroUsage(refused)) refusals.give(refusal, model, refused);
			const refusedCost = isZeroUsage(refused) ? 0 : (options.price(refused, model, tried.at).picoUsd ?? 0);
			const gone = parts.find((_part, n) => sharing[n] && !sharing[n].heir && !sharing[n].refused);
			const failed = ofModel.filter((one) => one.failed);
			if (gone === undefined || failed.some(({ key }) => lost.has(key))) {
				assignCost(failed, costs.beyondTold(sessionId, model, refusedCost));
			}
			if (gone) addToSession(sessionId, model, gone, refusedCost);
			const isLeft = sharing.length === 0 && !isZeroUsage(rest);
			if (isLeft && isLost(sessionId, model, rest)) addToSession(sessionId, model, rest, refusedCost);
		}
	}

	function heirless(sessionId: string): ChatState[] {
		const isWhole = stores.sessions.get(sessionId)?.wholeSeen !== true;
		const open = [...stores.chats.values()].filter((chat) => chat.sessionId === sessionId);
		// claude was ended in the midst of it.
		for (const chat of open) if (!chat.whole && !isWhole) chat.partial = true;
		const heirs = heirsOf(sessionId);
		return inOrder(open).filter((chat) => chat.partial && heirOf(chat, heirs) === undefined);
	}

	/** Native telemetry tells of each answer, so that what it counts beyond them was lost; others need a reason to say so. */
	function isLost(sessionId: string, model: string, rest: Usage): boolean {
		// After an interrupt the transcript counts: output alone is what the client estimates beyond it.
		if (promptTokens(rest) === 0 && brokenOff.has(`${sessionId} ${model}`)) return false;
		if (triedGone.has(`${sessionId} ${model}`) || ledgerOf(stores, sessionId)?.native === true) return true;
		return [...stores.turns.values()].some((turn) => turn.sessionId === sessionId && turn.interruptedAt !== undefined);
	}

	function assigned(sessionId: string): Map<string, Usage> {
		const sum = new Map<string, Usage>();
		for (const { key, model = "" } of heirsOf(sessionId)) {
			sum.set(model, addUsage(sum.get(model) ?? NO_USAGE, lost.get(key) ?? NO_USAGE));
		}
		return sum;
	}

	/** What is open of a session. */
	function heirsOf(sessionId: string): Heir[] {
		const isOfIt = (one: ChatState | FailureState | RequestState) => one.sessionId === sessionId;
		const { chats, failures, requests } = stores;
		const messages = areMessagesTold(stores, sessionId);
		const byMessage = new Set([...chats.values()].map(({ requestId }) => requestId));
		const isRefusal = (id: string) => stores.refusals.has(id) && !byMessage.has(id);
		const shown = [...requests.values()].filter(
			({ fact }) => !messages || fact.querySource === "compact" || isRefusal(fact.requestId),
		);
		return heirsAmong([...chats.values()].filter(isOfIt), [...failures.values()].filter(isOfIt), shown.filter(isOfIt));
	}

	/** The request that it belongs to is handed on already: it counts in the session alone. */
	function addToSession(sessionId: string, model: string, rest: Usage, refused: number): void {
		const at = stores.sessions.get(sessionId)?.lastAt ?? 0;
		const picoUsd = costs.beyondListed(sessionId, model, refused);
		addRequest(sums.ofSession(places.locate({ sessionId }, at).session), NO_USAGE, rest, picoUsd);
		costs.note(sessionId, model, options.price(rest, model, at).picoUsd);
	}

	function add(heir: Heir | undefined, usage: Usage): void {
		if (heir !== undefined && !isZeroUsage(usage)) lost.set(heir.key, addUsage(lost.get(heir.key) ?? NO_USAGE, usage));
	}

	/** The client tells the cost of an answer with that of the attempts before it. Where none came, the ledger alone knows. */
	function assignCost(failed: readonly Heir[], rest: number | undefined): void {
		const [first, ...others] = failed.toSorted((a, b) => Number(lost.has(b.key)) - Number(lost.has(a.key)));
		if (first === undefined || rest === undefined) return;
		addLost(first, rest);
		for (const one of others) addLost(one, 0);
	}

	function addLost({ key }: Heir, picoUsd: number): void {
		lostPicoUsd.set(key, (lostPicoUsd.get(key) ?? 0) + picoUsd);
	}

	return { assign, heirless, assigned };
}

/** What was lost in attempts before it, and what the client told of their cost. */
export function takeLost({ lost, lostPicoUsd }: Handover, key: string): { lostHere: Usage; picoUsd?: number } {
	const taken = { lostHere: lost.get(key) ?? NO_USAGE, picoUsd: lostPicoUsd.get(key) };
	lost.delete(key);
	lostPicoUsd.delete(key);
	return taken;
}
