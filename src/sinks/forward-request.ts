// An export of Claude Code's own telemetry on its way to where the user wants it, and which of its headers go along.
import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";
import type { OtlpTarget } from "../config.ts";

export interface ForwardRequest {
	signal: "metrics" | "logs" | "traces";
	protocol: OtlpTarget["protocol"];
	/** As claude sent them, in small letters: the user's and his helper's among them. */
	headers: Record<string, string>;
	/** Http: as on the wire; gRPC: the message. */
	body: Buffer;
	/** The same decoded, for whoever takes the secrets out. */
	json?: Readonly<Record<string, unknown>>;
}

/** What belongs to one connection or one envelope and not to what is sent. */
const NOT_PASSED_ON = new Set([
	"connection",
	"keep-alive",
	"proxy-authorization",
	"proxy-connection",
	"te",
	"trailer",
	"transfer-encoding",
	"upgrade",
	"host",
	"content-length",
	"expect",
]);
/** Of http alone: gRPC has its own. The user's may be called `accept-…` or `content-…` too. */
const NOT_FOR_GRPC = /^(:|grpc-|content-(type|length|encoding)$|accept(-encoding)?$|user-agent$)/;

export function httpHeaders({ headers, body }: ForwardRequest): Record<string, string | number> {
	const passed = Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name) && !name.startsWith(":"));
	return { ...Object.fromEntries(passed), "content-length": body.length };
}

export function grpcHeaders({ headers }: ForwardRequest): [string, string][] {
	return Object.entries(headers).filter(([name]) => !NOT_PASSED_ON.has(name) && !NOT_FOR_GRPC.test(name));
}

/** The protobuf message. Throws where the body is none. */
export function messageOf({ protocol, headers, body }: ForwardRequest): Buffer {
	if (protocol === "grpc") return body;
	if (protocol === "http/json") throw new Error("JSON cannot go on over gRPC");
	switch (headers["content-encoding"] ?? "identity") {
		case "identity":
			return body;
		case "gzip":
			return gunzipSync(body);
		case "deflate":
			return inflateSync(body);
		case "br":
			return brotliDecompressSync(body);
		default:
			throw new Error("a content-encoding that is unknown");
	}
}
