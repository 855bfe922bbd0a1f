// OTLP/JSON attribute lists → plain values by name. Numbers come as numbers or as strings, whole ones as strings too.
import type { Json } from "../model/fact.ts";
import { asArray, asObject, asString, type JsonObject } from "./json.ts";

export type Attributes = JsonObject;

export function attributesOf(list: Json | undefined): Attributes {
	const attributes: Attributes = {};
	for (const entry of asArray(list)) {
		const pair = asObject(entry);
		const key = asString(pair?.key);
		if (key !== undefined) attributes[key] = plainValue(asObject(pair?.value));
	}
	return attributes;
}

/** Single values alone: none of the attributes that are read here is a list. */
export function plainValue(value: JsonObject | undefined): Json | undefined {
	return value?.stringValue ?? value?.intValue ?? value?.doubleValue ?? value?.boolValue;
}

const NANO_DIGITS = 6;

/** Nanoseconds since the epoch, as text or number → milliseconds. */
export function millisOf(nanos: Json | undefined): number | undefined {
	if (typeof nanos === "number") return nanos > 0 ? nanos / 10 ** NANO_DIGITS : undefined;
	if (typeof nanos !== "string" || !/^\d{7,20}$/.test(nanos)) return undefined;
	// As a whole it is more than a number holds exactly.
	return Number(nanos.slice(0, -NANO_DIGITS)) + Number(nanos.slice(-NANO_DIGITS)) / 10 ** NANO_DIGITS;
}
