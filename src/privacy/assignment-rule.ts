// A text comes in with a telling word at a known place; out goes the value that is given to the name which the word
// belongs to: `DB_PASSWORD=x`, `"apiKey": "x"`, `--token x`, `name: TOKEN / value: x`, `password is x1`.

import { NAME_MAX, SECRET_WORDS, type SecretKind, secretKindOf } from "./secret-names.ts";
import { endOf, REDACTED, type SecretRule, type Span } from "./secret-rule.ts";

export const ASSIGNMENT_RULE: SecretRule = {
	name: "assignment",
	anchors: SECRET_WORDS,
	find: (text, anchor) => {
		const [from, to] = nameAround(text, anchor);
		const name = text.slice(from, to);
		const kind = secretKindOf(name);
		// The header has a rule of its own, which knows its schemes.
		if (kind === undefined || HEADER.test(name)) return undefined;
		const start = skipSeparator(text, from, to);
		if (start === undefined) return undefined;
		const value = valueAt(text, start);
		if (value === undefined || isHarmless(text, value, kind)) return undefined;
		return WORKING_DIRECTORY.test(name) && "/~.".includes(text[value[0]] as string) ? undefined : value;
	},
};

const HEADER = /authorization$/i;
/** The shell's own PWD is a path, somebody's `pwd` a password. */
const WORKING_DIRECTORY = /^(?:OLD)?PWD$/;

function nameAround(text: string, anchor: number): Span {
	let from = anchor;
	while (from > 0 && anchor - from < NAME_MAX && isNameCharacter(text.charCodeAt(from - 1))) from--;
	let to = anchor;
	while (to < text.length && to - anchor < NAME_MAX && isNameCharacter(text.charCodeAt(to))) to++;
	// "API key: x": the kind of key is the word before.
	const spaced = /(?:api|access|secret|private|account|master) $/i.exec(text.slice(Math.max(0, from - 10), from));
	return [spaced === null ? from : from - spaced[0].length, to];
}

function isNameCharacter(code: number): boolean {
	return (
		(code >= 97 && code <= 122) ||
		(code >= 65 && code <= 90) ||
		(code >= 48 && code <= 57) ||
		code === 95 ||
		code === 45 ||
		code === 46
	);
}

const OPERATOR = /["'`]?\]?\??(?:[ \t]{0,8}(?:[!:=]?={1,3}|=>|\?\?=|\|\|=|:)[ \t]{0,8}|\((?=["'`]))/y;
/** `name: TOKEN` with `value: x` after it, as in lists of environment variables; also as attributes. */
const VALUE_BESIDE = /["'`]?[,\s]{1,40}["']?value["']?\s{0,8}[:=]\s{0,8}/iy;
const AFTER_FLAG = /[ \t]{1,8}|["'],\s{0,8}(?=["'])/y;
const PROSE = /["'`]?\s{1,4}(?:is|was|are)[: \t]{1,4}(?=["'`]?[^\s"'`]{0,64}\d)(?=\S{6})/iy;
/** What may still stand before the value: a YAML block, a line end, a list's bracket. */
const LEAD = /(?:[|>][-+]?[ \t]{0,8}\r?\n[ \t]{1,40}|\s{1,20}(?=["'`])|[[(]\s{0,8}(?=["'`]))/y;

function skipSeparator(text: string, from: number, to: number): number | undefined {
	const flag = text.startsWith("-", from);
	for (const separator of flag ? [OPERATOR, AFTER_FLAG] : [OPERATOR, VALUE_BESIDE, PROSE]) {
		const end = endOf(separator, text, to);
		if (end === undefined) continue;
		if (separator === AFTER_FLAG && text[end] === "-") return undefined;
		return endOf(LEAD, text, end) ?? end;
	}
	return undefined;
}

const STRING_PREFIX = /[frbuFRBU$@]{1,2}(?=["'])/y;
const TRIPLE = /"""|'''/y;
const QUOTED: Record<string, RegExp> = {
	'"': /(?:[^"\\\n]|\\[^\n])+/y,
	// The shell's way of writing a quote between quotes is '\''.
	"'": /(?:[^'\\\n]|\\'(?=')|\\[^'\n]|'\\''|\\')+/y,
	"`": /[^`\n]+/y,
};
const BARE = /[^\s"'`;&|<>]*[^\s"'`;&|<>,)}\]]/y;

/** The value without its quotes. Where the closing quote is missing, all up to the end of the line. */
function valueAt(text: string, at: number): Span | undefined {
	const start = endOf(STRING_PREFIX, text, at) ?? at;
	const triple = endOf(TRIPLE, text, start);
	if (triple !== undefined) {
		const end = text.indexOf(text.slice(start, triple), triple);
		return [triple, end === -1 ? text.length : end];
	}
	const quoted = QUOTED[text[start] ?? ""];
	const from = quoted === undefined ? start : start + 1;
	const end = endOf(quoted ?? BARE, text, from);
	return end === undefined ? undefined : [from, end];
}

/** Only a short value can be harmless: a long one was scanned far and has to end in a find. */
const HARMLESS_MAX = 120;
const HARMLESS =
	/^(?:true|false|null|nil|none|undefined|string|number|boolean|bool|str|int|any|unknown|object|void|required|optional|yes|no|on|off|\*+|\.+|[….,:;?!)\]}({[]+|\$\{?[A-Z_][A-Z0-9_]*\}?|\$\w{0,20}(?:pass|token|key|secret|auth|cred)\w{0,20}|\$\{[\w.]+\}|<[\w -]*>|%\w+%|\{\{.*|\$\(.*|\$\{\{.*|(?:process\.env|import\.meta|os\.(?:environ|getenv)|env|secrets|vars?|std::env)\b[.([:].*)$/i;
const NUMBER = /^[-+]?\d+(?:\.\d+)?%?$/;
const CALL = /(?:await |new )?[A-Za-z_][\w.]{0,80}\(/y;

function isHarmless(text: string, [from, to]: Span, kind: SecretKind): boolean {
	const value = text.slice(from, Math.min(to, from + HARMLESS_MAX + 1));
	if (text.startsWith(REDACTED, from)) return true;
	if (value.length > HARMLESS_MAX) return false;
	if (HARMLESS.test(value)) return true;
	if (kind === "key" && NUMBER.test(value)) return true;
	// `token = sign(user)` is a program; `TOKEN=sign(user` may be a password.
	return /\s/.test(text[from - 1] ?? "") && endOf(CALL, text, from) !== undefined;
}
