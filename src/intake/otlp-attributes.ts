// OTLP/JSON attribute lists → plain values by name. Numbers come as numbers or as strings, whole ones as strings too.
import type { Json } from "../model/fact.ts";
import { asArray, asObject, asString, isTime, type JsonObject } from "./json.ts";

export type Attributes = JsonObject;

export function attributesOf(list: Json | undefined): Attributes {
	// Without a prototype: what nobody has sent is not there, whatever it is called.
	const attributes: Attributes = Object.create(null) as Attributes;
	for (const entry of asArray(list)) {
		const pair = asObject(entry);
		const key = asString(pair?.key);
		if (key !== undefined) attributes[key] = plainValue(asObject(pair?.value));
	}
	return attributes;
}

/** Single values alone: none of the attributes that are read here is a list. */
export function plainValue(value: JsonObject | undefined): Json | undefined {
	const plain = value?.stringValue ?? value?.intValue ?? value?.doubleValue ?? value?.boolValue;
	return typeof plain === "object" ? undefined : plain;
}

const NANO_DIGITS = 6;

/** Nanoseconds since the epoch, as text or number → milliseconds. */
export function millisOf(nanos: Json | undefined): number | undefined {
	const millis = typeof nanos === "number" ? nanos / 10 ** NANO_DIGITS : millisOfText(nanos);
	return millis !== undefined && isTime(millis) ? millis : undefined;
}

/** As a whole it is more than a number holds exactly. */
function millisOfText(nanos: Json | undefined): number | undefined {
	if (typeof nanos !== "string" || !/^\d{7,20}$/.test(nanos)) return undefined;
	return Number(nanos.slice(0, -NANO_DIGITS)) + Number(nanos.slice(-NANO_DIGITS)) / 10 ** NANO_DIGITS;
}
