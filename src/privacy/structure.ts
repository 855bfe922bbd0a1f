// A JSON value comes in; out goes the same without secrets: in its texts, in its keys, under keys whose name says that
// the value is secret. All texts are searched as one, so that a key file whose lines stand in a list is found too.

import type { Json } from "../model/fact.ts";
import { mergeSpans } from "./find-secrets.ts";
import { type Redaction, replaceSpans } from "./redact.ts";
import { type SecretKind, secretKindOf } from "./secret-names.ts";
import { REDACTED, type Span } from "./secret-rule.ts";

/** Deeper values are replaced whole: nobody reads them, and they could exhaust the stack. */
const DEPTH_MAX = 40;
/** Which of the texts was cut is not told: it is one of the longer ones. */
export const CUT_TEXT_MIN = 256;
/** Of a longer text only the beginning can come to stand within any limit. */
const LEAF_MAX = 16_384;
const LEFT_OUT = "…";

interface Leaf {
	text: string;
	/** What a secret name above it, or a flag before it in a list, says of this text. */
	kind: SecretKind | undefined;
	cut: boolean;
}

export function redactStructure(value: Json, redaction: Redaction, cut: boolean): Json {
	const leaves: Leaf[] = [];
	collect(value, undefined, 0, leaves, redaction.byName);
	const clean = redactLeaves(leaves, redaction, cut || leaves.some((leaf) => leaf.cut));
	let next = 0;
	return rebuild(value, undefined, 0, redaction.byName, () => clean[next++] as string);
}

/** `collect` and `rebuild` walk in the same order. */
function collect(value: Json, kind: SecretKind | undefined, depth: number, leaves: Leaf[], byName: boolean): void {
	if (typeof value === "string") leaves.push(leafOf(value, kind));
	if (value === null || typeof value !== "object" || depth >= DEPTH_MAX) return;
	if (Array.isArray(value)) {
		for (const [i, item] of value.entries())
			collect(item, kindInList(value, i, kind, byName), depth + 1, leaves, byName);
		return;
	}
	for (const [key, item] of Object.entries(value)) {
		leaves.push(leafOf(key, undefined));
		collect(item, kindInObject(value, key, kind, byName), depth + 1, leaves, byName);
	}
}

function leafOf(text: string, kind: SecretKind | undefined): Leaf {
	return { text: text.slice(0, LEAF_MAX).toWellFormed(), kind, cut: text.length > LEAF_MAX };
}

function rebuild(value: Json, kind: SecretKind | undefined, depth: number, byName: boolean, text: () => string): Json {
	if (typeof value === "string") return text();
	if (value === null || typeof value !== "object") return isSecretScalar(value, kind) ? REDACTED : value;
	if (depth >= DEPTH_MAX) return LEFT_OUT;
	if (Array.isArray(value)) {
		return value.map((item, i) => rebuild(item, kindInList(value, i, kind, byName), depth + 1, byName, text));
	}
	return Object.fromEntries(
		Object.entries(value).map(([key, item]) => {
			const cleanKey = text();
			return [cleanKey, rebuild(item, kindInObject(value, key, kind, byName), depth + 1, byName, text)];
		}),
	);
}

function isSecretScalar(value: null | boolean | number, kind: SecretKind | undefined): boolean {
	return kind === "password" && typeof value === "number";
}

function kindInObject(
	holder: { [key: string]: Json },
	key: string,
	above: SecretKind | undefined,
	byName: boolean,
): SecretKind | undefined {
	if (!byName) return undefined;
	const named = key === "value" ? (holder["name"] ?? holder["key"]) : undefined;
	return secretKindOf(key) ?? (typeof named === "string" ? secretKindOf(named) : undefined) ?? above;
}

function kindInList(
	list: Json[],
	index: number,
	above: SecretKind | undefined,
	byName: boolean,
): SecretKind | undefined {
	const flag = index > 0 ? list[index - 1] : undefined;
	const isFlag = byName && typeof flag === "string" && FLAG.test(flag);
	return (isFlag ? secretKindOf(flag) : undefined) ?? above;
}

const FLAG = /^--?[A-Za-z][\w.-]*$/;
const HARMLESS_VALUE = /^(?:|true|false|null|none|string|number|boolean|\$\{?\w+\}?|\d{1,9})$/i;

function redactLeaves(leaves: readonly Leaf[], redaction: Redaction, cut: boolean): string[] {
	const spans = redaction.find(leaves.map((leaf) => leaf.text).join("\n"), cut);
	let offset = 0;
	let first = 0;
	return leaves.map(({ text, kind, cut: leafCut }) => {
		const start = offset;
		const end = start + text.length;
		offset = end + 1;
		while (first < spans.length && (spans[first] as Span)[1] <= start) first++;
		const own: Span[] = [];
		for (let i = first; i < spans.length && (spans[i] as Span)[0] < end; i++) {
			const [from, to] = spans[i] as Span;
			if (to > start) own.push([Math.max(from, start) - start, Math.min(to, end) - start]);
		}
		if (kind !== undefined && !HARMLESS_VALUE.test(text) && !redaction.allows(text)) return REDACTED;
		if (kind === "password" && /^\d+$/.test(text)) return REDACTED;
		const tail = leafCut || (cut && text.length >= CUT_TEXT_MIN) ? redaction.findTail(text) : undefined;
		if (tail !== undefined) own.push(tail);
		return replaceSpans(text, mergeSpans(own)) + (leafCut ? LEFT_OUT : "");
	});
}
