// A text and a limit come in; out goes the text, cut where it is longer: never inside of a character, never inside of
// a redaction mark, with `…` at the end, which counts.

import { REDACTED } from "./secret-rule.ts";

const ELLIPSIS = "…";
const ELLIPSIS_BYTES = 3;

/** At most so many code points. */
export function cutCodePoints(text: string, max: number): string {
	if (text.length <= max) return text;
	let end = 0;
	let lastButOne = 0;
	for (let count = 0; count < max; count++) {
		if (end >= text.length) return text;
		lastButOne = end;
		end += (text.codePointAt(end) as number) > 0xffff ? 2 : 1;
	}
	return end >= text.length ? text : keep(text, lastButOne, max > 0);
}

/** At most so many bytes in UTF-8. */
export function cutBytes(text: string, max: number): string {
	if (text.length * 3 <= max) return text;
	let bytes = 0;
	let end = 0;
	for (let at = 0; at < text.length; ) {
		const code = text.codePointAt(at) as number;
		bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
		if (bytes > max) return keep(text, end, max >= ELLIPSIS_BYTES);
		at += code > 0xffff ? 2 : 1;
		if (bytes + ELLIPSIS_BYTES <= max) end = at;
	}
	return text;
}

function keep(text: string, end: number, mark: boolean): string {
	const start = text.lastIndexOf(REDACTED, end - 1);
	const splits = start !== -1 && start < end && end < start + REDACTED.length;
	return text.slice(0, splits ? start : end) + (mark ? ELLIPSIS : "");
}
