// What somebody wrote, as intake hands it to privacy: the value and its true size.
import type { Json, RawContent } from "../model/fact.ts";

/** Text, or a structure of which the size is that of its JSON. `fullBytes` where the value was cut on the way in. */
export function contentOf(value: Json | undefined, fullBytes?: number): RawContent | undefined {
	if (value === undefined) return undefined;
	if (fullBytes !== undefined) return { bytes: fullBytes, value, cut: true };
	return { bytes: Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value)), value };
}

/** UTF-8 bytes of a string; undefined for anything else. */
export function bytesOf(value: Json | undefined): number | undefined {
	return typeof value === "string" ? Buffer.byteLength(value) : undefined;
}
