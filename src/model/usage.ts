// Arithmetic on token numbers.
import type { Usage } from "./fact.ts";

export const NO_USAGE: Readonly<Usage> = { input: 0, output: 0, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
	return combine(a, b, (x, y) => x + y);
}

/** Per field, never below zero. */
export function subtractUsage(a: Usage, b: Usage): Usage {
	return combine(a, b, (x, y) => Math.max(0, x - y));
}

/** The larger per field: older versions of Claude Code repeat a message's usage while it grows. */
export function maxUsage(a: Usage, b: Usage): Usage {
	return combine(a, b, Math.max);
}

export function isZeroUsage(usage: Usage): boolean {
	return totalTokens(usage) === 0;
}

export function cacheCreation(usage: Usage): number {
	return usage.cacheCreation5m + usage.cacheCreation1h;
}

/** Everything that was put in: uncached, read from the cache, written to it. */
export function promptTokens(usage: Usage): number {
	return usage.input + usage.cacheRead + cacheCreation(usage);
}

export function totalTokens(usage: Usage): number {
	return promptTokens(usage) + usage.output;
}

export function mapUsage(usage: Usage, change: (tokens: number) => number): Usage {
	return combine(usage, NO_USAGE, change);
}

function combine(a: Usage, b: Usage, join: (x: number, y: number) => number): Usage {
	return {
		input: join(a.input, b.input),
		output: join(a.output, b.output),
		cacheRead: join(a.cacheRead, b.cacheRead),
		cacheCreation5m: join(a.cacheCreation5m, b.cacheCreation5m),
		cacheCreation1h: join(a.cacheCreation1h, b.cacheCreation1h),
	};
}
