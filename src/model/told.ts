// A value, and which witness told it when. Merging is the same in any order and for any repetition.
import type { Source } from "./fact.ts";

export interface Told<T> {
	value: T;
	source: Source;
	at: number;
}

/** Who is believed when two doors tell the same thing differently: the first of the list. */
export const HOOK_FIRST: readonly Source[] = ["hook", "native", "agent", "transcript", "launch"];
export const TRANSCRIPT_FIRST: readonly Source[] = ["transcript", "agent", "hook", "native", "launch"];
/** For texts and names: native telemetry hides them. */
export const NATIVE_LAST: readonly Source[] = ["hook", "transcript", "agent", "native", "launch"];

/** The better-ranked witness wins, then the earlier, then the smaller value, so that no order of arrival matters. */
export function prefer<T>(current: Told<T> | undefined, next: Told<T>, ranks: readonly Source[]): Told<T> {
	if (current === undefined) return next;
	const byRank = ranks.indexOf(current.source) - ranks.indexOf(next.source);
	if (byRank !== 0) return byRank < 0 ? current : next;
	if (current.at !== next.at) return current.at < next.at ? current : next;
	return stableText(current.value) <= stableText(next.value) ? current : next;
}

/** Like `prefer`, with the latest of the best-ranked witness. */
export function preferLatest<T>(current: Told<T> | undefined, next: Told<T>, ranks: readonly Source[]): Told<T> {
	if (current === undefined) return next;
	const byRank = ranks.indexOf(current.source) - ranks.indexOf(next.source);
	if (byRank !== 0) return byRank < 0 ? current : next;
	if (current.at !== next.at) return current.at > next.at ? current : next;
	return stableText(current.value) <= stableText(next.value) ? current : next;
}

export function smallest(current: number | undefined, next: number | undefined): number | undefined {
	if (current === undefined || next === undefined) return current ?? next;
	return Math.min(current, next);
}

export function largest(current: number | undefined, next: number | undefined): number | undefined {
	if (current === undefined || next === undefined) return current ?? next;
	return Math.max(current, next);
}

function stableText(value: unknown): string {
	return JSON.stringify(value, (_key, inner: unknown) =>
		typeof inner === "object" && inner !== null && !Array.isArray(inner)
			? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
			: inner,
	);
}
