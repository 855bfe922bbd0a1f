// One piece of content and its role come in, as intake saw it; out goes what the level allows of it, redacted, then
// truncated. `minimal` tells sizes, `standard` one line, `full` the text or the fields.

import type { CleanContent, Contents, Json, RawContent } from "../model/fact.ts";
import type { Cleaner } from "./cleaner.ts";
import { CUT_TEXT_MIN } from "./structure.ts";
import { summarizeInput } from "./summary.ts";

export type Role = keyof Contents<RawContent>;
export type Level = "minimal" | "standard" | "full";

/** Top-level keys of one input or response that are told; more of them are left out, and `truncated` says so. */
export const FIELDS_MAX = 64;

export function cleanContent(
	raw: RawContent,
	role: Role,
	toolName: string | undefined,
	level: Level,
	cleaner: Cleaner,
): CleanContent {
	const sizes = { bytes: raw.bytes };
	if (level === "minimal") return sizes;
	const cut = raw.cut === true;
	const summary = summaryOf(raw.value, role, toolName, level, cleaner, cut);
	if (level === "standard") return { ...sizes, ...summary };
	return { ...sizes, ...summary, ...wholeOf(raw.value, role, cleaner, cut) };
}

type Summary = Pick<CleanContent, "summary" | "summaryTruncated">;

function summaryOf(
	value: Json,
	role: Role,
	toolName: string | undefined,
	level: Level,
	cleaner: Cleaner,
	cut: boolean,
): Summary {
	if (role === "input") {
		const line = summarizeInput(toolName, value);
		return lineOf(cleaner, line, cut && line.length >= CUT_TEXT_MIN);
	}
	// Of what people and the model wrote not even a line leaves below `full`.
	if (role !== "error" && (level !== "full" || role === "response")) return {};
	return lineOf(cleaner, plainText(value, cleaner, cut), cut && typeof value === "string", firstLine);
}

function lineOf(cleaner: Cleaner, text: string, cut: boolean, pick: (text: string) => string = oneLine): Summary {
	const line = cleaner.line(text, cut, pick);
	if (line.text === "") return {};
	return { summary: line.text, ...(line.truncated && { summaryTruncated: true }) };
}

function firstLine(text: string): string {
	return text.split(/\r?\n/).find((line) => line.trim() !== "") ?? "";
}

function oneLine(text: string): string {
	return text.trim().replace(/\s*\n\s*/g, " ");
}

/** A structure loses its secrets while it still is one: its JSON is searched once more, but has lost the names. */
function plainText(value: Json, cleaner: Cleaner, cut: boolean): string {
	return typeof value === "string" ? value : JSON.stringify(cleaner.structure(value, cut));
}

type Whole = Pick<CleanContent, "text" | "fields" | "truncated">;

function wholeOf(value: Json, role: Role, cleaner: Cleaner, cut: boolean): Whole {
	const structured = role === "input" || role === "response";
	if (structured && typeof value === "object" && value !== null && !Array.isArray(value)) {
		return fieldsOf(value, cleaner, cut);
	}
	const whole = cleaner.payload(plainText(value, cleaner, cut), cut && typeof value === "string");
	return { text: whole.text, ...((whole.truncated || cut) && { truncated: true }) };
}

function fieldsOf(value: { [key: string]: Json }, cleaner: Cleaner, cut: boolean): Whole {
	const clean = cleaner.structure(value, cut) as { [key: string]: Json };
	const entries = Object.entries(clean);
	let truncated = cut || entries.length > FIELDS_MAX;
	const fields = entries.slice(0, FIELDS_MAX).flatMap(([key, item]): [string, string | number | boolean][] => {
		if (item === null) return [];
		const name = cleaner.line(key, false, oneLine).text;
		// JSON of more than a number holds; no JSON has a number for it on the way out.
		if (typeof item === "number" && !Number.isFinite(item)) return [[name, String(item)]];
		if (typeof item === "number" || typeof item === "boolean") return [[name, item]];
		// What was cut in it has lost its tail already; the end of its JSON is no cut.
		const whole = cleaner.payload(typeof item === "string" ? item : JSON.stringify(item), false);
		truncated ||= whole.truncated;
		return [[name, whole.text]];
	});
	return { fields: Object.fromEntries(fields), ...(truncated && { truncated: true }) };
}
