// A request of which native telemetry alone tells → whether its answer was cut, and how often it searched the web. Native
// telemetry calls one that was cut after a whole block answered, with the tokens of its beginning; but its cost has what the
// client estimates for the text that had come. Of searches, too, the cost alone tells.
import type { FactOf } from "../fact.ts";
import { WEB_SEARCH_PICO_USD } from "../price.ts";
import type { Stores } from "../stores.ts";
import type { HandoverOptions } from "./handover.ts";

/** For each of its parts the client counts one token for so many characters of a cut answer. */
const CHARS_PER_TOKEN = 3;
const ROUNDING = 0.5;
/** `max_uses` of the WebSearch tool. */
const WEB_SEARCHES_MAX = 8;
/** Costs come as floating-point numbers. */
export const SKEW_PICO_USD = 10;

type Request = FactOf<"request.answered">;
type Price = HandoverOptions["price"];

/**
 * What its cost has beyond its tokens and searches at list price: that of attempts before it, or of text that was cut.
 * Undefined where nobody tells its cost, or the list has no price.
 */
export function surplusOf(request: Request, price: Price): number | undefined {
	const beyond = beyondTokens(request, price);
	if (beyond === undefined) return undefined;
	const surplus = beyond - webSearchesOf(request, price) * WEB_SEARCH_PICO_USD;
	return surplus > SKEW_PICO_USD ? surplus : 0;
}

export function webSearchesOf(request: Request, price: Price): number {
	if (request.searchesWeb !== true) return 0;
	const searches = Math.floor(((beyondTokens(request, price) ?? 0) + SKEW_PICO_USD) / WEB_SEARCH_PICO_USD);
	return Math.min(Math.max(searches, 0), WEB_SEARCHES_MAX);
}

function beyondTokens({ picoUsd, usage, model, at }: Request, price: Price): number | undefined {
	const listed = price(usage, model, at);
	if (picoUsd === undefined || listed.picoUsd === undefined || listed.estimated) return undefined;
	return picoUsd - listed.picoUsd;
}

/** Tokens of output that the client estimates beyond those that it tells; undefined where it was answered to its end. */
export function cutOutputOf(request: Request, { sizes }: Stores, price: Price): number | undefined {
	const parts = sizes.get(request.requestId);
	const beyond = surplusOf(request, price) ?? 0;
	if (parts === undefined || beyond === 0 || request.querySource === "auxiliary") return undefined;
	const { usage, model, at } = request;
	const one = priceWith(usage.output + 1) - priceWith(usage.output);
	const more = Math.round(beyond / one);
	if (Math.abs(beyond - more * one) > SKEW_PICO_USD) return undefined;
	const chars = [...parts.values()].reduce((sum, part) => sum + part, 0);
	const estimated = chars / CHARS_PER_TOKEN;
	return Math.abs(usage.output + more - estimated) <= ROUNDING * parts.size ? more : undefined;

	function priceWith(output: number): number {
		return price({ ...usage, output }, model, at).picoUsd ?? 0;
	}
}
