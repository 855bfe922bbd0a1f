// Why a request is not taken → its answer over http (a google.rpc.Status, as OTLP prescribes) and the code that gRPC
// knows it by. Goes out: answers, and the counts of them.
import type { HttpAnswer } from "./http-requests.ts";

interface Row {
	status: string;
	/** Of google.rpc.Code. */
	code: number;
	message: string;
	headers?: string;
	/** Whoever was refused for this may send on. */
	goesOn?: true;
}

const RETRY_AFTER = "Retry-After: 1\r\n";

export const REFUSALS = {
	token: { status: "401 Unauthorized", code: 16, message: "the token is missing or wrong" },
	path: { status: "404 Not Found", code: 5, message: "no such path" },
	method: { status: "405 Method Not Allowed", code: 12, message: "only POST is taken", headers: "Allow: POST\r\n" },
	type: {
		status: "415 Unsupported Media Type",
		code: 3,
		message: "application/json or application/x-protobuf is taken",
	},
	encoding: { status: "415 Unsupported Media Type", code: 3, message: "of encodings gzip and deflate are taken" },
	large: { status: "413 Content Too Large", code: 8, message: "the request is too large" },
	malformed: {
		status: "400 Bad Request",
		code: 3,
		message: "the body is no export request of this path",
		goesOn: true,
	},
	rate: { status: "429 Too Many Requests", code: 8, message: "too many requests", headers: RETRY_AFTER, goesOn: true },
	busy: { status: "503 Service Unavailable", code: 14, message: "too much at once", headers: RETRY_AFTER },
	slow: { status: "408 Request Timeout", code: 4, message: "the body took too long" },
	failed: { status: "500 Internal Server Error", code: 13, message: "the request could not be handled", goesOn: true },
} satisfies Record<string, Row>;

export type Refusal = keyof typeof REFUSALS;

export interface OtlpCounts {
	taken: number;
	/** Gone before their request was whole. */
	cut: number;
	refused: Record<Refusal, number>;
}

export function newCounts(): OtlpCounts {
	const none = Object.fromEntries(Object.keys(REFUSALS).map((kind) => [kind, 0]));
	return { taken: 0, cut: 0, refused: none as Record<Refusal, number> };
}

export function takenAnswer(json: boolean): HttpAnswer {
	return { status: "200 OK", headers: contentType(json), body: json ? EMPTY_JSON : NOTHING, close: false };
}

export function refusalAnswer(kind: Refusal, json: boolean): HttpAnswer {
	const { status, code, message, headers = "", goesOn }: Row = REFUSALS[kind];
	const body = json ? Buffer.from(JSON.stringify({ code, message })) : protobufStatus(code, message);
	return { status, headers: headers + contentType(json), body, close: goesOn === undefined };
}

const EMPTY_JSON = Buffer.from("{}");
const NOTHING = Buffer.alloc(0);

function contentType(json: boolean): string {
	return `Content-Type: application/${json ? "json" : "x-protobuf"}\r\n`;
}

/** By hand, so that a refusal loads no library: field 1 is the code, field 2 the message, both shorter than 128. */
function protobufStatus(code: number, message: string): Buffer {
	const text = Buffer.from(message);
	return Buffer.concat([Buffer.of(0x08, code, 0x12, text.length), text]);
}
