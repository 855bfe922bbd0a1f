// Patterns that a user wrote come in; out goes a function that finds them in a text. They run on RE2, which takes
// linear time whatever the pattern: no user pattern can hold claude up.

import { RE2JS, RE2Set } from "re2js";
import { PatternMistake } from "./pattern-mistake.ts";
import type { Span } from "./secret-rule.ts";

/** More of them, or longer ones, are a mistake rather than a wish. */
const PATTERNS_MAX = 500;
const PATTERN_LENGTH_MAX = 4096;

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
		const start = pattern.slice(0, 40);
		throw new PatternMistake(`${origin}: the pattern "${start}…" is longer than ${PATTERN_LENGTH_MAX} characters.`);
	}
	let compiled: RE2JS;
	try {
		compiled = RE2JS.compile(pattern);
	} catch (error) {
		const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
		throw new PatternMistake(`${origin}: the pattern "${pattern}" cannot be used: ${why} (the syntax is RE2's).`);
	}
	if (compiled.matcher("").find()) {
		throw new PatternMistake(`${origin}: the pattern "${pattern}" matches the empty text, so it says nothing.`);
	}
	return compiled;
}

function findAll(pattern: RE2JS, text: string): Span[] {
	const spans: Span[] = [];
	const matcher = pattern.matcher(text);
	while (matcher.find()) if (matcher.end() > matcher.start()) spans.push([matcher.start(), matcher.end()]);
	return spans;
}
