// Values of an episode → attributes, under the names of the table. Undefined ones are left out.
import type { AttributeValue } from "@opentelemetry/api";
import type { Place, Totals } from "../model/episode.ts";
import type { CleanContent, Usage } from "../model/fact.ts";
import { cacheCreation, isZeroUsage, promptTokens, totalTokens } from "../model/usage.ts";
import type { AttributeName } from "./names.ts";

type Plain = Exclude<AttributeName, "tool.input.<key>" | "tool.response.<key>">;
export type Attributes = { [name in Plain | `tool.input.${string}` | `tool.response.${string}`]?: AttributeValue };

export type Semconv = "v1.41" | "latest" | "both";

const PICO = 1e12;

export function placeAttributes(place: Place): Attributes {
	return defined({
		"session.id": place.sessionId,
		"gen_ai.conversation.id": place.sessionId,
		"prompt.id": place.promptId,
	});
}

export function usageAttributes(usage: Usage): Attributes {
	return {
		"tokens.input": usage.input,
		"tokens.output": usage.output,
		"tokens.cache_read": usage.cacheRead,
		"tokens.cache_creation": cacheCreation(usage),
		"tokens.cache_creation_5m": usage.cacheCreation5m,
		"tokens.cache_creation_1h": usage.cacheCreation1h,
		"tokens.total": totalTokens(usage),
	};
}

export function lostAttributes(lost: Usage): Attributes {
	if (isZeroUsage(lost)) return {};
	return {
		"tokens.lost.input": lost.input,
		"tokens.lost.output": lost.output,
		"tokens.lost.cache_read": lost.cacheRead,
		"tokens.lost.cache_creation": cacheCreation(lost),
	};
}

export function totalsAttributes(totals: Totals): Attributes {
	return defined({
		...(totals.usage ? { ...usageAttributes(totals.usage), ...lostAttributes(totals.lost) } : {}),
		"claude.cost_usd": usd(totals.picoUsd),
		tools_used: totals.toolsUsed,
	});
}

/** The gen_ai names of a request's usage, in the generation that was chosen. */
export function genAiUsage(usage: Usage, semconv: Semconv): Attributes {
	return {
		"gen_ai.usage.input_tokens": promptTokens(usage),
		"gen_ai.usage.output_tokens": usage.output,
		"gen_ai.usage.cache_read.input_tokens": usage.cacheRead,
		...(semconv === "latest" ? {} : { "gen_ai.usage.cache_creation.input_tokens": cacheCreation(usage) }),
		...(semconv === "v1.41" ? {} : { "gen_ai.usage.cache_write.input_tokens": cacheCreation(usage) }),
	};
}

export function providerAttributes(semconv: Semconv): Attributes {
	return {
		"gen_ai.provider.name": "anthropic",
		...(semconv === "latest" ? {} : { "gen_ai.system": "anthropic" }),
	};
}

export function usd(picoUsd: number | undefined): number | undefined {
	return picoUsd === undefined ? undefined : picoUsd / PICO;
}

/** Each key of a structure (level full), under a prefix. */
export function fieldAttributes(prefix: "tool.input" | "tool.response", content: CleanContent | undefined): Attributes {
	if (!content) return {};
	const fields = content.fields ?? (content.text === undefined ? {} : { text: content.text });
	return Object.fromEntries(Object.entries(fields).map(([key, value]) => [`${prefix}.${key}`, value]));
}

/** A copy without what is undefined. */
export function defined(attributes: Attributes): Attributes {
	return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
