// Patterns that a user wrote come in; out goes a function that finds them in a text. They run on RE2, which takes
// linear time whatever the pattern: no user pattern can hold claude up.

import { RE2JS, RE2Set } from "re2js";
import { PatternMistake } from "./pattern-mistake.ts";
import type { Span } from "./secret-rule.ts";

/** More of them, or longer ones, are a mistake rather than a wish. */
const PATTERNS_MAX = 500;
const PATTERN_LENGTH_MAX = 4096;
/** Characters of one that are repeated to the user. */
const SHOWN_MAX = 80;

/** `origin` is the setting that the patterns come from, for the sentence that tells what is wrong. */
export function compilePatterns(patterns: readonly string[], origin: string): (text: string) => Span[] {
	if (patterns.length === 0) return () => [];
	if (patterns.length > PATTERNS_MAX) {
		throw new PatternMistake(`${origin} has ${patterns.length} patterns; at most ${PATTERNS_MAX} are taken.`);
	}
	const compiled = patterns.map((pattern) => compilePattern(pattern, origin));
	// One pass tells which of many patterns occur at all; only those are searched for.
	const set = new RE2Set();
	for (const pattern of patterns) set.add(pattern);
	set.compile();
	return (text) => set.match(text).flatMap((index) => findAll(compiled[index] as RE2JS, text));
}

function compilePattern(pattern: string, origin: string): RE2JS {
	if (pattern.length > PATTERN_LENGTH_MAX) {
		throw new PatternMistake(
			`${origin}: the pattern ${shown(pattern)} is longer than ${PATTERN_LENGTH_MAX} characters.`,
		);
	}
	let compiled: RE2JS;
	try {
		compiled = RE2JS.compile(pattern);
	} catch (error) {
		const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
		throw new PatternMistake(
			`${origin}: the pattern ${shown(pattern)} cannot be used: ${oneLine(why)} (the syntax is RE2's).`,
		);
	}
	if (compiled.matcher("").find()) {
		throw new PatternMistake(`${origin}: the pattern ${shown(pattern)} matches the empty text, so it says nothing.`);
	}
	return compiled;
}

/** As the user wrote it, but for what would not fit into a sentence. */
function shown(pattern: string): string {
	return `"${oneLine(pattern.length > SHOWN_MAX ? `${pattern.slice(0, SHOWN_MAX)}…` : pattern)}"`;
}

/** The reason repeats a part of the pattern. */
function oneLine(text: string): string {
	return text.slice(0, 2 * SHOWN_MAX).replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
}

function findAll(pattern: RE2JS, text: string): Span[] {
	const spans: Span[] = [];
	const matcher = pattern.matcher(text);
	while (matcher.find()) if (matcher.end() > matcher.start()) spans.push([matcher.start(), matcher.end()]);
	return spans;
}
