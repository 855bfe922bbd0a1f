// Numbers of tokens in one form: as a span tells them, and as the scripted model billed them.

import type { ScriptUsage } from "../../src/testing/scripted-model.ts";
import type { Attributes } from "./otlp-plain.ts";

export type Tokens = ReturnType<typeof usageTokens>;

export function tokensOf(attributes: Attributes) {
	const number = (name: string) => Number(attributes[name] ?? 0);
	return {
		input: number("tokens.input"),
		output: number("tokens.output"),
		cacheRead: number("tokens.cache_read"),
		cacheWrite5m: number("tokens.cache_creation_5m"),
		cacheWrite1h: number("tokens.cache_creation_1h"),
		cacheWrite: number("tokens.cache_creation"),
		total: number("tokens.total"),
	};
}

export function usageTokens(usage: ScriptUsage) {
	const cacheWrite = usage.cacheWrite5m + usage.cacheWrite1h;
	return {
		input: usage.input,
		output: usage.output,
		cacheRead: usage.cacheRead,
		cacheWrite5m: usage.cacheWrite5m,
		cacheWrite1h: usage.cacheWrite1h,
		cacheWrite,
		total: usage.input + usage.output + usage.cacheRead + cacheWrite,
	};
}

export function addUp(list: Tokens[]): Tokens {
	const sum = usageTokens({ input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 });
	for (const tokens of list) for (const key of Object.keys(sum) as (keyof Tokens)[]) sum[key] += tokens[key];
	return sum;
}

export function promptTokens(usage: ScriptUsage): number {
	return usage.input + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
}
