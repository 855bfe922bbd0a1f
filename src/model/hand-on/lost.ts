// Attempts that were cut → the requests that were made in their place, answered or failed for good: what their stumps
// in the transcript say, and what the client's ledger counts beyond all that was answered.
import type { Usage } from "../fact.ts";
import type { ChatState, FailureState, RequestState } from "../state.ts";
import { addRequest } from "../sums.ts";
import { addUsage, isZeroUsage, NO_USAGE, promptTokens, subtractUsage } from "../usage.ts";
import type { Handover } from "./handover.ts";

/** What the ledger's sum may be off by for its digits alone (pico-USD). */
const ROUNDING_PICO_USD = 1000;
const PICO_USD = 1e12;

/** A request that may have been made in the place of another. */
export interface Heir {
	key: string;
	model?: string;
	agentId?: string;
	at: number;
	/** Attempts before it failed. */
	tried: boolean;
	/** It has no answer. */
	failed: boolean;
	/** Native telemetry told of it, and tells of no attempts. */
	vague: boolean;
}

export interface LostSteps {
	/** Cut answers in whose place nothing came, when no fact comes any more. */
	heirless(sessionId: string): ChatState[];
	/** What the ledger counts replaces what the stumps say. */
	assign(sessionId: string, residual: ReadonlyMap<string, Usage>): void;
}

export function createLostSteps(handover: Handover): LostSteps {
	const { stores, places, options, sums, lost, lostPicoUsd, settledStumps, triedGone, costs } = handover;

	function assign(sessionId: string, residual: ReadonlyMap<string, Usage>): void {
		const heirs = heirsOf(sessionId);
		const stumps = inOrder([...stores.chats.values()].filter((chat) => chat.sessionId === sessionId && chat.partial));
		for (const [model, usage] of residual) {
			let rest = usage;
			for (const stump of stumps.filter(({ requestedModel }) => requestedModel.value === model)) {
				const heir = heirOf(stump, heirs);
				if (heir === undefined) continue;
				const left = subtractUsage(rest, stump.usage);
				add(heir, subtractUsage(rest, left));
				rest = left;
				settledStumps.add(stump.messageId);
			}
			const heir = heirOfRest(
				rest,
				heirs.filter((one) => one.model === model),
			);
			if (heir) add(heir, rest);
			const failed = heirs.filter((one) => one.failed && one.model === model);
			const restPicoUsd = assignCost(sessionId, model, failed);
			if (!heir && triedGone.has(`${sessionId} ${model}`)) addToSession(sessionId, model, rest, restPicoUsd);
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

	/** What is open of a session. */
	function heirsOf(sessionId: string): Heir[] {
		const isOfIt = (one: ChatState | FailureState | RequestState) => one.sessionId === sessionId;
		const { chats, failures, requests } = stores;
		const summaries = [...requests.values()].filter(({ fact }) => fact.querySource === "compact");
		return heirsAmong(
			[...chats.values()].filter(isOfIt),
			[...failures.values()].filter(isOfIt),
			summaries.filter(isOfIt),
		);
	}

	/**
	 * Of attempts that left no stump nobody says which request they were of: the first that had such takes all. Output
	 * alone is what the client estimates beyond a stump's own number.
	 */
	function heirOfRest(rest: Usage, heirs: readonly Heir[]): Heir | undefined {
		const ofStump = heirs.find(({ key }) => lost.has(key));
		if (promptTokens(rest) === 0) return ofStump;
		return heirs.find(({ tried }) => tried) ?? ofStump ?? heirs.find(({ vague }) => vague);
	}

	/** The request that it belongs to is handed on already: it counts in the session alone. */
	function addToSession(sessionId: string, model: string, rest: Usage, told: number | undefined): void {
		const at = stores.sessions.get(sessionId)?.lastAt ?? 0;
		const picoUsd = told ?? (isZeroUsage(rest) ? 0 : options.price(rest, model, at).picoUsd);
		addRequest(sums.ofSession(places.locate({ sessionId }, at).session), NO_USAGE, rest, picoUsd);
	}

	function add({ key }: Heir, usage: Usage): void {
		if (!isZeroUsage(usage)) lost.set(key, addUsage(lost.get(key) ?? NO_USAGE, usage));
	}

	/**
	 * The client tells the cost of an answer with that of the attempts before it. Where none came, the ledger alone knows.
	 * Returns what is left of it.
	 */
	function assignCost(sessionId: string, model: string, failed: readonly Heir[]): number | undefined {
		const session = stores.sessions.get(sessionId);
		const counted = session?.ledger?.models[model]?.costUsd;
		const told = toldPicoUsd(sessionId, model);
		if (counted === undefined || told === undefined) return undefined;
		const before = session?.baseline?.models[model]?.costUsd ?? 0;
		const beyond = Math.round((counted - before) * PICO_USD) - told;
		const rest = beyond > ROUNDING_PICO_USD ? beyond : 0;
		const [first, ...others] = failed.toSorted((a, b) => Number(lost.has(b.key)) - Number(lost.has(a.key)));
		if (first === undefined) return rest;
		addCost(first, rest);
		for (const one of others) addCost(one, 0);
		return 0;
	}

	function addCost({ key }: Heir, picoUsd: number): void {
		lostPicoUsd.set(key, (lostPicoUsd.get(key) ?? 0) + picoUsd);
	}

	/** What the client told of all answers; undefined where it did not tell of one. */
	function toldPicoUsd(sessionId: string, model: string): number | undefined {
		const gone = costs.get(sessionId)?.get(model);
		let sum = gone === undefined ? 0 : gone.native;
		for (const chat of stores.chats.values()) {
			if (chat.sessionId !== sessionId || chat.requestedModel.value !== model || chat.partial) continue;
			if (stores.requests.get(chat.requestId ?? "")?.fact.picoUsd === undefined) return undefined;
		}
		for (const { key, model: asked } of heirsOf(sessionId)) {
			if (sum !== undefined && asked === model) sum += lostPicoUsd.get(key) ?? 0;
		}
		for (const { fact } of stores.requests.values()) {
			if (fact.sessionId !== sessionId || fact.model !== model) continue;
			sum = sum === undefined || fact.picoUsd === undefined ? undefined : sum + fact.picoUsd;
		}
		return sum;
	}

	return { assign, heirless };
}

/** What was lost in attempts before it, and what the client told of their cost. */
export function takeLost({ lost, lostPicoUsd }: Handover, key: string): { lostHere: Usage; picoUsd?: number } {
	const taken = { lostHere: lost.get(key) ?? NO_USAGE, picoUsd: lostPicoUsd.get(key) };
	lost.delete(key);
	lostPicoUsd.delete(key);
	return taken;
}

/** What came in the place of cut attempts: answers, final errors and summaries, in order of time. */
export function heirsAmong(
	chats: readonly ChatState[],
	failures: readonly FailureState[],
	requests: readonly RequestState[] = [],
): Heir[] {
	const answered = chats.flatMap((chat): Heir[] =>
		chat.partial
			? []
			: [
					{
						key: chat.messageId,
						model: chat.requestedModel.value,
						agentId: chat.agentId,
						at: chat.firstAt,
						tried: (chat.failedAttempts ?? 0) > 0,
						failed: false,
						vague: false,
					},
				],
	);
	const failed = failures.map(
		({ fact, agentId }): Heir => ({
			key: fact.id,
			model: fact.requestedModel,
			agentId,
			at: fact.at,
			tried: fact.failedAttempts > 0,
			failed: true,
			vague: fact.source === "native",
		}),
	);
	const summaries = requests.map(({ fact }): Heir => {
		const { requestId: key, model, agentId, at } = fact;
		return { key, model, agentId, at, tried: false, failed: false, vague: true };
	});
	return [...answered, ...failed, ...summaries].toSorted((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}

/** The next of its lane, unless it was given up. */
export function heirOf(stump: ChatState, heirs: readonly Heir[]): Heir | undefined {
	if (stump.givenUp) return undefined;
	return heirs.find(({ agentId, at }) => agentId === stump.agentId && at >= stump.firstAt);
}

export function inOrder(chats: readonly ChatState[]): ChatState[] {
	return chats.toSorted((a, b) => a.firstAt - b.firstAt || (a.messageId < b.messageId ? -1 : 1));
}
