// Reading untrusted JSON: absent or wrong-typed values become undefined, never an exception.
import type { Json } from "../model/fact.ts";

/** No count of one request, call or session comes near, and sums of thousands of them are still exact. */
export const COUNT_MAX = 1e12;
/** OTLP has room for times from 1970 until 2554. */
const TIME_MAX = Date.UTC(2500, 0);
/** Ten years: beginnings are told as an end less this. */
const DURATION_MAX_MS = 10 * 366 * 24 * 60 * 60 * 1000;

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
	return number === undefined || number < 0 || number > COUNT_MAX ? undefined : Math.round(number);
}

/** A length of time, in whole milliseconds. */
export function asDuration(value: Json | undefined): number | undefined {
	const millis = asCount(value);
	return millis === undefined || millis > DURATION_MAX_MS ? undefined : millis;
}

/** US dollars. */
export function asUsd(value: Json | undefined): number | undefined {
	const number = asNumber(value);
	return number === undefined || number < 0 || number > COUNT_MAX ? undefined : number;
}

/** Milliseconds since the epoch that can be a time of a session. */
export function isTime(millis: number): boolean {
	return millis > 0 && millis < TIME_MAX;
}

/** Milliseconds since the epoch of an ISO timestamp. */
export function asTime(value: Json | undefined): number | undefined {
	if (typeof value !== "string") return undefined;
	const time = Date.parse(value);
	return isTime(time) ? time : undefined;
}

/** A copy without the keys whose value is undefined. */
export function compact<T extends object>(value: T): T {
	for (const key of Object.keys(value)) {
		if (value[key as keyof T] === undefined) delete value[key as keyof T];
	}
	return value;
}
