// One OTLP request that goes on to somebody → the same without secrets, in the same protocol.
import type { Json } from "../model/fact.ts";
import { asObject, asString, type JsonObject } from "./json.ts";
import type { OtlpRequest } from "./otlp-server.ts";

/** @param clean takes the secrets out of a text, given what it is called */
export async function createOtlpRedaction(
	clean: (text: string, name?: string) => string,
): Promise<(request: RedactableRequest) => Redacted> {
	const { encodeOtlp } = await import("./otlp-protobuf.ts");

	/** Texts alone: ids, names and numbers stay, so that what is told stays the same. */
	function cleanJson(json: Json | undefined, name?: string): Json | undefined {
		if (Array.isArray(json)) return json.map((item) => cleanJson(item, name) ?? null);
		const object = asObject(json);
		if (object === undefined) return json;
		const key = asString(object.key) ?? name;
		return Object.fromEntries(
			Object.entries(object).map(([field, value]) => [
				field,
				field === "stringValue" && typeof value === "string" ? clean(value, key) : (cleanJson(value, key) ?? null),
			]),
		);
	}

	return ({ signal, protocol, headers, json }) => {
		const cleaned = asObject(cleanJson(json as JsonObject as Json));
		if (cleaned === undefined) throw new Error("it is not decoded");
		const { "content-encoding": _packed, "content-length": _length, ...rest } = headers;
		const body = protocol === "http/json" ? Buffer.from(JSON.stringify(cleaned)) : encodeOtlp(signal, cleaned);
		return { headers: rest, body };
	};
}

export interface RedactableRequest extends Pick<OtlpRequest, "signal" | "protocol" | "headers"> {
	json?: Readonly<Record<string, unknown>>;
}

export interface Redacted {
	headers: Record<string, string>;
	body: Buffer;
}
