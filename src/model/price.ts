// A model's name, a time and counts of tokens come in; out goes what they cost by list price, as a whole number of
// pico-dollars: whole numbers add up to the same sum in any order. What has no known price has no cost, never zero.

import type { calcPrice } from "@pydantic/genai-prices";
import type { Usage } from "./fact.ts";
import { CONTEXT_WINDOWS, PRICE_TABLE, type PriceRow, type PricesPerMillion } from "./price-table.ts";

let library: { calcPrice: typeof calcPrice } | undefined;

/**
 * The price library is half a megabyte of tables and takes 30 to 50 ms to load, so it is loaded when claude is already
 * running. Until then only the models of our own table have a price.
 */
export async function loadPrices(): Promise<void> {
	library ??= await import("@pydantic/genai-prices");
}

/** A price that the list does not tell is absent. */
export type Prices = Partial<PricesPerMillion>;

export interface PriceTiers {
	/** Ascending; with more prompt tokens than `above` the whole request is priced so. */
	tiers: readonly { above: number; prices: Prices }[];
	/** The price is that of a related model, or of the same model at another provider. */
	estimated: boolean;
}

export interface Cost {
	basis: "list" | "unknown";
	/** 1e-12 US dollars; absent where the basis is unknown. */
	picoUsd?: number;
	estimated: boolean;
}

/** At the time `at`, in milliseconds since the epoch. */
export function priceOf(model: string, at: number): PriceTiers | undefined {
	const { name, foreign } = readModelName(model);
	const row = PRICE_TABLE.find((candidate) => candidate.model === name && isInForce(candidate, at));
	if (row !== undefined) return { tiers: row.tiers, estimated: foreign };
	const found = library?.calcPrice({}, name, { providerId: "anthropic", timestamp: new Date(at) });
	if (found === undefined || found === null) return undefined;
	return { tiers: readTiers(found.model_price), estimated: foreign || !isExact(name, found.model) };
}

function isInForce({ since }: PriceRow, at: number): boolean {
	return since === undefined || Date.parse(since) <= at;
}

/** Pico-dollars per token for one dollar per million tokens. */
const PICO_PER_TOKEN = 1e6;
/** Ten dollars for a thousand, by Anthropic's price list. */
export const WEB_SEARCH_PICO_USD = 10e9;
const USAGE_KEYS = ["input", "output", "cacheRead", "cacheCreation5m", "cacheCreation1h"] as const;

/** `model` is the requested one: by its name the client counts. */
export function costPicoUsd(usage: Usage, model: string, at: number): Cost {
	const price = priceOf(model, at);
	if (price === undefined) return { basis: "unknown", estimated: false };
	const prompt = usage.input + usage.cacheRead + usage.cacheCreation5m + usage.cacheCreation1h;
	const tier = price.tiers.findLast(({ above }) => prompt > above) ?? price.tiers[0];
	let picoUsd = 0;
	for (const key of USAGE_KEYS) {
		if (usage[key] === 0) continue;
		const perMillion = tier?.prices[key];
		if (perMillion === undefined) return { basis: "unknown", estimated: false };
		picoUsd += usage[key] * Math.round(perMillion * PICO_PER_TOKEN);
	}
	return { basis: "list", picoUsd, estimated: price.estimated };
}

const LONG_CONTEXT = /\[1m\]/i;
const LONG_CONTEXT_TOKENS = 1_000_000;

/** In tokens. */
export function contextWindowOf(model: string): number | undefined {
	if (LONG_CONTEXT.test(model)) return LONG_CONTEXT_TOKENS;
	const { name } = readModelName(model);
	return CONTEXT_WINDOWS.get(name) ?? library?.calcPrice({}, name, { providerId: "anthropic" })?.model.context_window;
}

/** `us.anthropic.claude-sonnet-4-5-20250929-v1:0`, `claude-opus-4-5@20251101`, `anthropic/claude-sonnet-4.5[1m]` … */
function readModelName(model: string): { name: string; foreign: boolean } {
	const plain = model.trim().toLowerCase().replace(LONG_CONTEXT, "");
	const own = plain
		.replace(/^.*\//, "")
		.replace(/^(?:[a-z]{2,8}(?:-[a-z]{2,8})?\.)?anthropic\./, "")
		.replace(/-v\d+(?::\d+)*$/, "")
		.replace(/@.*$/, "");
	const name = own.replace(/(?:-\d{8}|-latest)$/, "").replace(/(\d)\.(?=\d)/g, "$1-");
	return { name, foreign: own !== plain };
}

type LibraryPrice = NonNullable<ReturnType<typeof calcPrice>>["model_price"];

const LIBRARY_KEYS = {
	input: "input_mtok",
	output: "output_mtok",
	cacheRead: "cache_read_mtok",
	cacheCreation5m: "cache_write_mtok",
	cacheCreation1h: "cache_write_1h_mtok",
} as const;

/** The library gives each kind of token its own tiers; they all start at the same counts. */
function readTiers(price: LibraryPrice): PriceTiers["tiers"] {
	const all = Object.values(LIBRARY_KEYS).map((key) => price[key]);
	const starts = new Set(all.flatMap((one) => (typeof one === "object" ? one.tiers.map((tier) => tier.start) : [])));
	return [0, ...[...starts].toSorted((a, b) => a - b)].map((above) => ({ above, prices: readPrices(price, above) }));
}

function readPrices(price: LibraryPrice, above: number): Prices {
	return Object.fromEntries(
		Object.entries(LIBRARY_KEYS).flatMap(([ours, theirs]) => {
			const one = price[theirs];
			if (one === undefined) return [];
			if (typeof one === "number") return [[ours, one]];
			return [[ours, one.tiers.findLast((tier) => tier.start <= above)?.price ?? one.base]];
		}),
	);
}

/** The library also matches by prefix: then claude-sonnet-5-9 gets the price of claude-sonnet-5. */
function isExact(name: string, model: { id: string; match: unknown }): boolean {
	if (model.id.replace(/-latest$/, "") === name) return true;
	return JSON.stringify(model.match)
		.replace(/(\d)\.(?=\d)/g, "$1-")
		.includes(`:"${name}"`);
}
