// Main-loop requests → how full the context window is, and each time it rises over one of the user's thresholds.
// After it has fallen below (a compaction, /clear) it can rise over the same one again.
import type { Usage } from "./fact.ts";
import { promptTokens } from "./usage.ts";

export interface ContextOptions {
	/** Tokens that fit; undefined where the model's window is not known. */
	windowOf(model: string): number | undefined;
	/** Shares of the window, ascending. */
	thresholds: readonly number[];
}

/** What a main-loop request put in, whoever told. */
export interface Prompt {
	sessionId: string;
	at: number;
	model: string;
	usage: Usage;
}

export interface Crossing {
	model: string;
	usedRatio: number;
	threshold: number;
}

/** Share of the window that a request's prompt takes up, cached parts included. */
export function usedRatioOf(usage: Usage, window: number | undefined): number | undefined {
	return window === undefined ? undefined : promptTokens(usage) / window;
}

export function createContextWatch({ windowOf, thresholds }: ContextOptions): (prompt: Prompt) => Crossing[] {
	/** By session: the newest request and the thresholds that it is above. */
	const levels = new Map<string, { at: number; above: Set<number> }>();

	return ({ model, usage, sessionId, at }) => {
		const usedRatio = usedRatioOf(usage, windowOf(model));
		const before = levels.get(sessionId);
		if (usedRatio === undefined || (before !== undefined && before.at > at)) return [];
		const above = new Set(thresholds.filter((threshold) => usedRatio >= threshold));
		levels.set(sessionId, { at, above });
		return [...above]
			.filter((threshold) => before?.above.has(threshold) !== true)
			.map((threshold) => ({ model, usedRatio, threshold }));
	};
}
