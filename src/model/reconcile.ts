// What a session cost by our own count and by the client's, model by model.
import type { CostState } from "./fact.ts";

/** Apart by more than this share, somebody should look. */
const NOTABLE_SHARE = 0.01;
const PICO_USD = 1e12;

/** Integer pico-USD. */
export interface CostCount {
	/** Tokens at list price; undefined where one of its requests has no known price. */
	own: number | undefined;
	/** What the client said of each request; undefined where it said nothing of one. */
	native: number | undefined;
	/** What was told of each: the client's word, else its list price. */
	told: number | undefined;
}

export interface Drift {
	model: string;
	ownPicoUsd: number;
	clientPicoUsd: number;
	notable: boolean;
}

export function addCost(count: CostCount | undefined, own: number | undefined, native: number | undefined): CostCount {
	const before = count ?? { own: 0, native: 0, told: 0 };
	return {
		own: sum(before.own, own),
		native: sum(before.native, native),
		told: sum(before.told, native ?? own),
	};
}

function sum(a: number | undefined, b: number | undefined): number | undefined {
	return a === undefined || b === undefined ? undefined : a + b;
}

/** The client's ledger counts first, for it knows of attempts that were cut; else the sum of what it said of each request. */
export function driftsOf(
	counts: ReadonlyMap<string, CostCount>,
	ledger: CostState["models"] | undefined,
	baseline: CostState["models"] | undefined,
): Drift[] {
	return [...counts]
		.toSorted(([a], [b]) => (a < b ? -1 : 1))
		.flatMap(([model, { own, native }]) => {
			const told = ledger?.[model]?.costUsd;
			const inLedger =
				told === undefined ? undefined : Math.round((told - (baseline?.[model]?.costUsd ?? 0)) * PICO_USD);
			const client = inLedger ?? native;
			if (own === undefined || client === undefined) return [];
			const notable = Math.abs(own - client) > NOTABLE_SHARE * Math.max(own, client);
			return [{ model, ownPicoUsd: own, clientPicoUsd: client, notable }];
		});
}
