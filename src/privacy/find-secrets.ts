// Rules in; out comes a function from a text to the places of all secrets in it, sorted, none overlapping. The text is
// read as it stands and again with its escapes resolved, level by level.

import { createAnchorScanner } from "./find-anchors.ts";
import type { SecretRule, Span } from "./secret-rule.ts";
import { unescapeOnce } from "./unescape.ts";

export type FindSecrets = (text: string, cut: boolean) => Span[];

/** JSON in JSON in JSON: deeper than this nobody nests by accident. */
const UNESCAPE_LEVELS = 3;

/**
 * Inside of a find the same rule looks again only near its end, where a second one could reach beyond it. Without this
 * `token=token=token=…` would be scanned to its end from each of its words.
 */
const OVERLAP = 160;

export function createSecretFinder(rules: readonly SecretRule[]): FindSecrets {
	const anchors = rules.flatMap((rule, index) => rule.anchors.map((word) => ({ word, index, rule })));
	const scan = createAnchorScanner(anchors.map(({ word }) => word));
	const findInView = (text: string, windows: Iterable<Span>, cut: boolean, found: (span: Span) => void) => {
		const ends = new Int32Array(rules.length);
		const onAnchor = (hit: number, start: number) => {
			const { word, index, rule } = anchors[hit] as (typeof anchors)[number];
			if (start + OVERLAP < (ends[index] as number)) return;
			if (rule.exactCase === true && !text.startsWith(word, start)) return;
			const span = rule.find(text, start, cut);
			if (span === undefined || span[0] >= span[1]) return;
			ends[index] = Math.max(ends[index] as number, span[1]);
			found(span);
		};
		for (const [from, to] of windows) scan(text, from, to, onAnchor);
	};
	return (text, cut) => {
		const spans: Span[] = [];
		findInView(text, [[0, text.length]], cut, (span) => spans.push(span));
		let view = unescapeOnce(text);
		for (let level = 0; view !== undefined && level < UNESCAPE_LEVELS; level++) {
			const { origin } = view;
			const windows = windowsAround(view.places, view.text.length);
			findInView(view.text, windows, cut, ([from, to]) => spans.push([origin[from] as number, origin[to] as number]));
			const deeper = unescapeOnce(view.text);
			if (deeper !== undefined) for (const [i, at] of deeper.origin.entries()) deeper.origin[i] = origin[at] as number;
			view = deeper;
		}
		return mergeSpans(spans);
	};
}

/** What an escape hides begins within this many characters before it, or right behind it. */
const BEFORE_ESCAPE = 1024;
const AFTER_ESCAPE = 128;

/** The rest of the text reads the same as before, and was searched already. */
function windowsAround(places: readonly number[], length: number): Span[] {
	return mergeSpans(
		places.map((place) => [Math.max(0, place - BEFORE_ESCAPE), Math.min(length, place + AFTER_ESCAPE)] as const),
	);
}

export function mergeSpans(spans: Span[]): Span[] {
	if (spans.length < 2) return spans;
	const merged: [number, number][] = [];
	for (const [from, to] of spans.toSorted((a, b) => a[0] - b[0])) {
		const last = merged.at(-1);
		if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to);
		else merged.push([from, to]);
	}
	return merged;
}
