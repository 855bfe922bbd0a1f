// A text comes in; out goes how it reads when one level of escapes is resolved, with the way back. JSON inside of JSON,
// a program's string, a shell's $'…', a URL's %3D: there a secret may be written `sk-\u0061nt-…`, or stand right
// behind an `\n`, and no rule for plain text would see it.

export interface Unescaped {
	text: string;
	/** For each character of `text`, and for its end, where it begins in the text that came in. */
	origin: Int32Array;
	/** Where in `text` the characters stand that were written as an escape. */
	places: number[];
}

const ESCAPE =
	/\\(?:u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([nrtbfv0"'`/\\]))|%([2-7][0-9a-fA-F])/g;
const CONTROL: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f", v: "\v", "0": "\0" };
const LAST_CODE_POINT = 0x10ffff;

/** Nothing, where there is no escape. */
export function unescapeOnce(text: string): Unescaped | undefined {
	if (!text.includes("\\") && !text.includes("%")) return undefined;
	const pieces: string[] = [];
	const places: number[] = [];
	const origin = new Int32Array(text.length + 1);
	let length = 0;
	let done = 0;
	const copyTo = (end: number) => {
		for (let at = done; at < end; at++) origin[length++] = at;
		pieces.push(text.slice(done, end));
	};
	for (const match of text.matchAll(ESCAPE)) {
		const char = readEscape(match);
		copyTo(match.index);
		places.push(length);
		for (let i = 0; i < char.length; i++) origin[length++] = match.index;
		pieces.push(char);
		done = match.index + match[0].length;
	}
	if (done === 0) return undefined;
	copyTo(text.length);
	origin[length] = text.length;
	return { text: pieces.join(""), origin: origin.subarray(0, length + 1), places };
}

function readEscape(match: RegExpExecArray): string {
	const hex = match[1] ?? match[2] ?? match[3] ?? match[5];
	if (hex === undefined) return CONTROL[match[4] as string] ?? (match[4] as string);
	return String.fromCodePoint(Math.min(Number.parseInt(hex, 16), LAST_CODE_POINT));
}
