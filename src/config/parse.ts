// Comes in: the text of one variable, never blank. Goes out: its value, or undefined where it cannot
// be read; the caller says what was expected.
import { isAbsolute } from "node:path";

export type Parse<T> = (text: string) => T | undefined;

export const text: Parse<string> = (value) => value;

/** What HTTP and gRPC can carry in a header: no line ends, and nothing beyond ASCII. */
export const headerText: Parse<string> = (value) => (/^[\x20-\x7e]*$/.test(value) ? value : undefined);

/** Absolute: else each folder that a run is started in would have a file of its own. */
export const filePath: Parse<string> = (value) => (isAbsolute(value) && !/[/\\]$/.test(value) ? value : undefined);

export function oneOf<const T extends string>(...choices: readonly T[]): Parse<T> {
	return (value) => choices.find((choice) => choice === value.toLowerCase());
}

export function integer(least: number, most = 2 ** 31 - 1): Parse<number> {
	return (value) => {
		const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
		return number >= least && number <= most ? number : undefined;
	};
}

export function fraction(value: string): number | undefined {
	const number = Number(value);
	return number >= 0 && number <= 1 ? number : undefined;
}

/** Money, or the like: not negative. */
export function amount(value: string): number | undefined {
	return /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
}

/** Some of these names, at least one. */
export function subset<const T extends string>(...names: readonly T[]): Parse<T[]> {
	return (value) => {
		const wanted = value.split(",").map((part) => part.trim().toLowerCase());
		const found = names.filter((name) => wanted.includes(name));
		return found.length > 0 && wanted.every((part) => names.some((name) => name === part)) ? found : undefined;
	};
}

/** Percentages from 1 to 100 → shares, ascending, each once. */
export function percents(value: string): readonly number[] | undefined {
	if (/^none$/i.test(value)) return [];
	const numbers = value.split(",").map((part) => part.trim().replace(/%$/, ""));
	if (!numbers.every((part) => /^\d+(?:\.\d+)?$/.test(part))) return undefined;
	const shares = [...new Set(numbers.map((part) => Number(part) / 100))].toSorted((a, b) => a - b);
	return shares.every((share) => share >= 0.01 && share <= 1) ? shares : undefined;
}

/** What people write for yes and no. */
export function yesNo(value: string): boolean | undefined {
	if (/^(1|true|yes|on)$/i.test(value)) return true;
	return /^(0|false|no|off)$/i.test(value) ? false : undefined;
}

/** OpenTelemetry's booleans: only "true" is true. */
export function trueFalse(value: string): boolean | undefined {
	if (/^true$/i.test(value)) return true;
	return /^false$/i.test(value) ? false : undefined;
}

/** Separated by commas or line ends; patterns that hold commas stand in a JSON array or one a line. */
export function list(value: string): string[] | undefined {
	if (value.startsWith("[")) {
		const parsed = parseJson(value);
		if (Array.isArray(parsed) && parsed.every((item) => typeof item === "string")) return parsed;
		// `[a-z]+` is a pattern, not a broken array; `["a", ` is neither.
		if (value.startsWith('["')) return undefined;
	}
	return value
		.split(value.includes("\n") ? /\r?\n/ : ",")
		.map((item) => item.trim())
		.filter((item) => item !== "");
}

/** The same for regular expressions: a comma in a class, a group or a quantifier, or behind a backslash, is theirs. */
export function patternList(value: string): string[] | undefined {
	if (value.startsWith("[") || value.includes("\n")) return list(value);
	const patterns: string[] = [];
	let depth = 0;
	let start = 0;
	for (let at = 0; at < value.length; at++) {
		const char = value[at] as string;
		if (char === "\\") at++;
		else if ("([{".includes(char)) depth++;
		else if (")]}".includes(char)) depth = Math.max(0, depth - 1);
		else if (char === "," && depth === 0) {
			patterns.push(value.slice(start, at));
			start = at + 1;
		}
	}
	return [...patterns, value.slice(start)].map((pattern) => pattern.trim()).filter((pattern) => pattern !== "");
}

/** `key=value,key=value`, percent-decoded as the W3C baggage format says. */
export function pairs(value: string): Record<string, string> | undefined {
	const record: Record<string, string> = {};
	for (const entry of value.split(",")) {
		if (entry.trim() === "") continue;
		const equals = entry.indexOf("=");
		const key = decodePercent(entry.slice(0, equals).trim());
		if (equals < 1 || key === "") return undefined;
		record[key] = decodePercent(entry.slice(equals + 1).trim());
	}
	return record;
}

/** The same, where they are headers: what cannot be sent would keep everything from arriving. */
export function headers(value: string): Record<string, string> | undefined {
	const record = pairs(value);
	const sendable = Object.entries(record ?? {}).every(
		([key, text]) => /^[0-9a-z_.-]+$/i.test(key) && headerText(text) !== undefined,
	);
	return sendable ? record : undefined;
}

function decodePercent(value: string): string {
	try {
		return decodeURIComponent(value);
	} catch {
		// A lone percent sign in a password means itself.
		return value;
	}
}

function parseJson(value: string): unknown {
	try {
		return JSON.parse(value);
	} catch {
		return undefined;
	}
}
