// Attempts that were cut → the requests that were made in their place, answered or failed for good: what their stumps
// in the transcript say, and what the client's ledger counts beyond all that was answered.
import type { Usage } from "../fact.ts";
import { ledgerOf } from "../ledger.ts";
import type { ChatState, FailureState, RequestState } from "../state.ts";
import { areMessagesTold } from "../stores.ts";
import { addRequest } from "../sums.ts";
import { addUsage, isZeroUsage, NO_USAGE, promptTokens, subtractUsage } from "../usage.ts";
import { beyondList } from "./cut-requests.ts";
import type { Handover } from "./handover.ts";

/** What the ledger's sum may be off by for its digits alone (pico-USD). */
const ROUNDING_PICO_USD = 1000;
const PICO_USD = 1e12;

/** A request that may have been made in the place of another. */
export interface Heir {
	key: string;
	model?: string;
	agentId?: string;
	promptId?: string;
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
	/** What was assigned to requests that are not handed on yet, by model. */
	assigned(sessionId: string): Map<string, Usage>;
	/** What the ledger counts replaces what the stumps say. */
	assign(sessionId: string, residual: ReadonlyMap<string, Usage>): void;
}

export function createLostSteps(handover: Handover): LostSteps {
	const { stores, places, options, sums, lost, lostPicoUsd, settledStumps, triedGone, brokenOff, costs } = handover;

	function assign(sessionId: string, residual: ReadonlyMap<string, Usage>): void {
		const heirs = heirsOf(sessionId);
		const open = [...stores.chats.values()].filter((chat) => chat.sessionId === sessionId);
		const stumps = inOrder(open.filter((chat) => chat.partial && !settledStumps.has(chat.messageId)));
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
			assignCost(sessionId, model, failed);
			if (!heir && isLost(sessionId, model, rest)) addToSession(sessionId, model, rest);
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
		const shown = [...requests.values()].filter(({ fact }) => !messages || fact.querySource === "compact");
		return heirsAmong(
			[...chats.values()].filter(isOfIt),
			[...failures.values()].filter(isOfIt),
			shown.filter(isOfIt),
			({ fact }) => beyondList(fact, options.price) > 0,
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
	function addToSession(sessionId: string, model: string, rest: Usage): void {
		const at = stores.sessions.get(sessionId)?.lastAt ?? 0;
		const picoUsd = beyond(sessionId, model, toldOrListed(sessionId, model));
		addRequest(sums.ofSession(places.locate({ sessionId }, at).session), NO_USAGE, rest, picoUsd);
		noteCost(sessionId, model, options.price(rest, model, at).picoUsd);
	}

	/** Of some attempts the client counts tokens and no cost. */
	function noteCost(sessionId: string, model: string, picoUsd: number | undefined): void {
		const counts = costs.get(sessionId);
		const count = counts?.get(model);
		const ledger = ledgerOf(stores, sessionId);
		const client = ((ledger?.models[model]?.costUsd ?? 0) - (ledger?.before[model]?.costUsd ?? 0)) * PICO_USD;
		if (count?.own === undefined || picoUsd === undefined) return;
		if (count.own + picoUsd <= client + ROUNDING_PICO_USD) counts?.set(model, { ...count, own: count.own + picoUsd });
	}

	function add({ key }: Heir, usage: Usage): void {
		if (!isZeroUsage(usage)) lost.set(key, addUsage(lost.get(key) ?? NO_USAGE, usage));
	}

	/** The client tells the cost of an answer with that of the attempts before it. Where none came, the ledger alone knows. */
	function assignCost(sessionId: string, model: string, failed: readonly Heir[]): void {
		const rest = beyond(sessionId, model, toldPicoUsd(sessionId, model));
		const [first, ...others] = failed.toSorted((a, b) => Number(lost.has(b.key)) - Number(lost.has(a.key)));
		if (first === undefined || rest === undefined) return;
		addLost(first, rest);
		for (const one of others) addLost(one, 0);
	}

	/** What the client counts beyond what was told. */
	function beyond(sessionId: string, model: string, told: number | undefined): number | undefined {
		const ledger = ledgerOf(stores, sessionId);
		const counted = ledger?.models[model]?.costUsd;
		if (counted === undefined || told === undefined) return undefined;
		const rest = Math.round((counted - (ledger?.before[model]?.costUsd ?? 0)) * PICO_USD) - told;
		return rest > ROUNDING_PICO_USD ? rest : 0;
	}

	/** What is told of the cost of all requests, at list price where the client does not tell it. */
	function toldOrListed(sessionId: string, model: string): number | undefined {
		const gone = costs.get(sessionId)?.get(model);
		let sum = gone === undefined ? 0 : gone.told;
		const add = (picoUsd: number | undefined) => {
			sum = sum === undefined || picoUsd === undefined ? undefined : sum + picoUsd;
		};
		const listed = (usage: Usage, at: number) => (isZeroUsage(usage) ? 0 : options.price(usage, model, at).picoUsd);
		const open = [...stores.chats.values()].filter(
			({ partial, requestedModel }) => !partial && requestedModel.value === model,
		);
		const byMessage = new Set<string | undefined>();
		for (const { sessionId: id, messageId, requestId = "", usage, firstAt } of open) {
			if (id !== sessionId) continue;
			const native = stores.requests.get(requestId)?.fact.picoUsd;
			byMessage.add(requestId);
			add(native ?? listed(usage, firstAt));
			if (native === undefined) add(listed(lost.get(messageId) ?? NO_USAGE, firstAt));
		}
		for (const { fact } of stores.requests.values()) {
			if (fact.sessionId !== sessionId || fact.model !== model || byMessage.has(fact.requestId)) continue;
			add(fact.picoUsd ?? listed(fact.usage, fact.at));
		}
		for (const { key, model: asked } of heirsOf(sessionId)) if (asked === model) add(lostPicoUsd.get(key) ?? 0);
		return sum;
	}

	function addLost({ key }: Heir, picoUsd: number): void {
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

	return { assign, heirless, assigned };
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
	isTried: (request: RequestState) => boolean = () => false,
): Heir[] {
	const answered = chats.flatMap((chat): Heir[] =>
		chat.partial
			? []
			: [
					{
						key: chat.messageId,
						model: chat.requestedModel.value,
						agentId: chat.agentId,
						promptId: chat.promptId?.value,
						at: chat.firstAt,
						tried: (chat.failedAttempts ?? 0) > 0,
						failed: false,
						vague: false,
					},
				],
	);
	const failed = failures.map(
		({ fact, agentId, promptId }): Heir => ({
			key: fact.id,
			model: fact.requestedModel,
			agentId,
			promptId: promptId?.value,
			at: fact.at,
			tried: fact.failedAttempts > 0,
			failed: true,
			vague: fact.source === "native",
		}),
	);
	const told = requests.map((request): Heir => {
		const { requestId: key, model, agentId, promptId, at, querySource } = request.fact;
		const vague = querySource === "compact";
		return { key, model, agentId, promptId, at, tried: isTried(request), failed: false, vague };
	});
	return [...answered, ...failed, ...told].toSorted((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}

/** The next of its lane, unless it was given up. */
export function heirOf(stump: ChatState, heirs: readonly Heir[]): Heir | undefined {
	if (stump.givenUp) return undefined;
	return heirs.find(({ agentId, at }) => agentId === stump.agentId && at >= stump.firstAt);
}

/** The next of its lane, for a request of which no message tells. */
export function heirAfter({ fact, agentId, promptId }: RequestState, heirs: readonly Heir[]): Heir | undefined {
	const isNext = (heir: Heir) => heir.agentId === agentId && heir.at >= fact.at && heir.key !== fact.requestId;
	return heirs.find((heir) => isNext(heir) && (agentId !== undefined || heir.promptId === promptId?.value));
}

export function inOrder(chats: readonly ChatState[]): ChatState[] {
	return chats.toSorted((a, b) => a.firstAt - b.firstAt || (a.messageId < b.messageId ? -1 : 1));
}
