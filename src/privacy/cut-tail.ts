// A text that was cut somewhere before us comes in; out goes its last unbroken run of characters, if that may be the
// beginning of a secret. What proves some secrets comes after them (`…@host`, `….eyJ…`, `…-us12`), so a beginning shows
// nothing but that it looks random.

import type { Span } from "./secret-rule.ts";

/** So much of a secret helps nobody. */
const SHORT = 12;
const MARK = /(?:…|\.{3})?\n?$/;
const LOOKS_RANDOM = /\d|[a-z][A-Z]|[A-Z][a-z].*[A-Z]/;

export function findCutTail(text: string): Span | undefined {
	const to = text.length - (MARK.exec(text.slice(-4))?.[0].length ?? 0);
	let from = to;
	while (from > 0 && isTokenCharacter(text.charCodeAt(from - 1))) from--;
	return to - from > SHORT && LOOKS_RANDOM.test(text.slice(from, to)) ? [from, to] : undefined;
}

const TOKEN_CHARACTERS = new Set(Array.from("_.~+/=:@%-$!#^*", (char) => char.charCodeAt(0)));

function isTokenCharacter(code: number): boolean {
	const letterOrDigit = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
	return letterOrDigit || TOKEN_CHARACTERS.has(code);
}
