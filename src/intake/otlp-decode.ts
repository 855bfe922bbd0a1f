// One OTLP request as it came over the wire → its OTLP/JSON shape, and the answer that OTLP prescribes.
import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import type { Json } from "../model/fact.ts";
import type { Reply } from "./http-requests.ts";
import { asObject } from "./json.ts";
import { type OtlpRequest, statusReply } from "./otlp-door.ts";
import type { OtlpPayload } from "./otlp-payload.ts";

/** Bytes of a body when it is unpacked; inflating stops there. */
export const OTLP_DECODED_MAX = 64 * 1024 * 1024;

const unpackers: Record<string, (body: Buffer) => Promise<Buffer>> = {
	identity: async (body) => body,
	gzip: (body) => promisify(gunzip)(body, { maxOutputLength: OTLP_DECODED_MAX }) as Promise<Buffer>,
	deflate: (body) => promisify(inflate)(body, { maxOutputLength: OTLP_DECODED_MAX }) as Promise<Buffer>,
};
const LISTS = { traces: "resourceSpans", metrics: "resourceMetrics", logs: "resourceLogs" } as const;

/** Hands on what it could read; the reply is for whoever sent it. */
export async function takeOtlp(request: OtlpRequest, handOn: (payload: OtlpPayload) => void): Promise<Reply> {
	const { signal, contentType, contentEncoding } = request;
	if (contentType !== "application/json") {
		return statusReply(415, "only application/json is taken");
	}
	const unpack = unpackers[contentEncoding.toLowerCase()];
	if (unpack === undefined) return statusReply(415, "this content encoding is not taken");
	let text: string;
	try {
		text = (await unpack(request.body)).toString("utf8");
	} catch (error) {
		const tooLarge = error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE";
		return tooLarge ? statusReply(413, "the body is too large") : statusReply(400, "the body cannot be unpacked");
	}
	const json = parse(text);
	if (json === undefined) return statusReply(400, "the body is no JSON object");
	const list = json[LISTS[signal]];
	if (list !== undefined && !Array.isArray(list)) return statusReply(400, `${LISTS[signal]} is no list`);
	handOn({ signal, json });
	return { status: 200, contentType: "application/json", body: "{}" };
}

function parse(text: string) {
	try {
		return asObject(JSON.parse(text) as Json);
	} catch {
		return undefined;
	}
}
