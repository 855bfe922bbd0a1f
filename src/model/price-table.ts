// Nothing comes in; out go the list prices and context windows that the price library does not have, or has wrong.
// Observed on the client's own cost figures. A row here wins over the library: take it out when the library has it right.

/** US dollars for a million tokens. */
export interface PricesPerMillion {
	input: number;
	output: number;
	cacheRead: number;
	cacheCreation5m: number;
	cacheCreation1h: number;
}

export interface PriceRow {
	/** Exact name, without date and provider. */
	model: string;
	/** When it was last seen to be right. */
	observed: string;
	/** The day (UTC) from which it holds, if it replaces another price: before it the next row, or the library. */
	since?: string;
	/** With more prompt tokens than `above` all tokens of the request cost this. Ascending; the first is above 0. */
	tiers: readonly { above: number; prices: PricesPerMillion }[];
}

const HAIKU_5_5 = { input: 0.1, output: 0.5, cacheRead: 0.01, cacheCreation5m: 0.125, cacheCreation1h: 0.2 };
const HAIKU_5_5_LONG = { input: 0.5, output: 2.5, cacheRead: 0.05, cacheCreation5m: 0.625, cacheCreation1h: 1 };
const SONNET_5_5 = { input: 2, output: 10, cacheRead: 0.1, cacheCreation5m: 2.5, cacheCreation1h: 4 };
const OPUS_5_5 = { input: 4, output: 20, cacheRead: 0.2, cacheCreation5m: 5, cacheCreation1h: 8 };
const SONNET_4_5 = { input: 3, output: 15, cacheRead: 0.3, cacheCreation5m: 3.75, cacheCreation1h: 6 };
const MYTHOS_5 = { input: 10, output: 50, cacheRead: 1, cacheCreation5m: 12.5, cacheCreation1h: 20 };
const MYTHOS_5_1 = { ...MYTHOS_5, cacheRead: 0.25 };
const FABLE_5_2 = { input: 8, output: 40, cacheRead: 0.2, cacheCreation5m: 10, cacheCreation1h: 16 };

/** For each model the latest first. */
export const PRICE_TABLE: readonly PriceRow[] = [
	{ model: "claude-opus-5-5", observed: "2026-11-22", tiers: [{ above: 0, prices: OPUS_5_5 }] },
	{ model: "claude-sonnet-5-5", observed: "2026-11-22", tiers: [{ above: 0, prices: SONNET_5_5 }] },
	{
		model: "claude-haiku-5-5",
		observed: "2026-11-22",
		tiers: [
			{ above: 0, prices: HAIKU_5_5 },
			{ above: 100_000, prices: HAIKU_5_5_LONG },
		],
	},
	{ model: "claude-fable-5-2", observed: "2026-11-22", tiers: [{ above: 0, prices: FABLE_5_2 }] },
	{ model: "claude-mythos-5-2", observed: "2026-11-26", tiers: [{ above: 0, prices: FABLE_5_2 }] },
	{ model: "claude-mythos-5-1", observed: "2026-11-26", tiers: [{ above: 0, prices: MYTHOS_5_1 }] },
	{ model: "claude-mythos-5", observed: "2026-11-26", tiers: [{ above: 0, prices: MYTHOS_5 }] },
	// The library doubles it above 200,000 prompt tokens; the client does not, with and without `[1m]`.
	{ model: "claude-sonnet-4-5", observed: "2026-11-26", tiers: [{ above: 0, prices: SONNET_4_5 }] },
];

/** Tokens. */
export const CONTEXT_WINDOWS: ReadonlyMap<string, number> = new Map([
	["claude-opus-5-5", 1_000_000],
	["claude-sonnet-5-5", 1_000_000],
	["claude-haiku-5-5", 1_000_000],
	["claude-fable-5-2", 1_000_000],
	["claude-mythos-5-2", 1_000_000],
	["claude-mythos-5-1", 1_000_000],
	["claude-mythos-5", 1_000_000],
	// Of these the client takes all of a million tokens only with `[1m]`.
	["claude-opus-4-6", 200_000],
	["claude-sonnet-4-6", 200_000],
]);
