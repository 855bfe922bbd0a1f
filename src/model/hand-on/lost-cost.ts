// What the client counts for a model, in its ledger → what that has beyond the cost of all requests that was told.
import type { Usage } from "../fact.ts";
import { ledgerOf } from "../ledger.ts";
import { isZeroUsage, NO_USAGE } from "../usage.ts";
import type { Handover } from "./handover.ts";
import type { Heir } from "./heirs.ts";

/** What the ledger's sum may be off by for its digits alone (pico-USD). */
const ROUNDING_PICO_USD = 1000;
const PICO_USD = 1e12;

export interface LostCost {
	/**
	 * Beyond what the client told of each answer; undefined where it did not tell of one.
	 * @param refused what a refusal costs that nobody tells as answered
	 */
	beyondTold(sessionId: string, model: string, refused: number): number | undefined;
	/** The same, where what the client does not tell has its list price. */
	beyondListed(sessionId: string, model: string, refused: number): number | undefined;
	/** Of some attempts the client counts tokens and no cost: others are in our own count. */
	note(sessionId: string, model: string, picoUsd: number | undefined): void;
}

/** @param heirsOf what is open of a session */
export function createLostCost(handover: Handover, heirsOf: (sessionId: string) => Heir[]): LostCost {
	const { stores, options, lost, lostPicoUsd, costs } = handover;

	function counted(sessionId: string, model: string): number | undefined {
		const ledger = ledgerOf(stores, sessionId);
		const costUsd = ledger?.models[model]?.costUsd;
		return costUsd === undefined ? undefined : (costUsd - (ledger?.before[model]?.costUsd ?? 0)) * PICO_USD;
	}

	function beyond(sessionId: string, model: string, told: number | undefined, refused: number): number | undefined {
		const client = counted(sessionId, model);
		if (client === undefined || told === undefined) return undefined;
		const rest = Math.round(client) - told - refused;
		return rest > ROUNDING_PICO_USD ? rest : 0;
	}

	function note(sessionId: string, model: string, picoUsd: number | undefined): void {
		const counts = costs.get(sessionId);
		const count = counts?.get(model);
		if (count?.own === undefined || picoUsd === undefined) return;
		const own = count.own + picoUsd;
		if (own <= (counted(sessionId, model) ?? 0) + ROUNDING_PICO_USD) counts?.set(model, { ...count, own });
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

	/** What the client told of all answers; undefined where it did not tell of one. */
	function told(sessionId: string, model: string): number | undefined {
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

	return {
		beyondTold: (sessionId, model, refused) => beyond(sessionId, model, told(sessionId, model), refused),
		beyondListed: (sessionId, model, refused) => beyond(sessionId, model, toldOrListed(sessionId, model), refused),
		note,
	};
}
