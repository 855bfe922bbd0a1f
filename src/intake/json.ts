// Reading untrusted JSON: absent or wrong-typed values become undefined, never an exception.
import type { Json } from "../model/fact.ts";

export type JsonObject = Record<string, Json | undefined>;

export function asObject(value: Json | undefined): JsonObject | undefined {
	return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
}

export function asArray(value: Json | undefined): Json[] {
	return Array.isArray(value) ? value : [];
}

/** A non-empty string. */
export function asString(value: Json | undefined): string | undefined {
	return typeof value === "string" && value !== "" ? value : undefined;
}

/** A finite number; numbers sent as strings count. */
export function asNumber(value: Json | undefined): number | undefined {
	if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
	if (typeof value === "string" && value.trim() !== "") {
		const number = Number(value);
		return Number.isFinite(number) ? number : undefined;
	}
	return undefined;
}

/** A count: a whole number from 0. */
export function asCount(value: Json | undefined): number | undefined {
	const number = asNumber(value);
	return number === undefined || number < 0 ? undefined : Math.round(number);
}

/** Milliseconds since the epoch of an ISO timestamp. */
export function asTime(value: Json | undefined): number | undefined {
	if (typeof value !== "string") return undefined;
	const time = Date.parse(value);
	return Number.isNaN(time) ? undefined : time;
}

/** A copy without the keys whose value is undefined. */
export function compact<T extends object>(value: T): T {
	for (const key of Object.keys(value)) {
		if (value[key as keyof T] === undefined) delete value[key as keyof T];
	}
	return value;
}
