// Comes in: what an exporter gave as the reason of a failure, from Node, from gRPC or from a collector.
// Goes out: a few words for a person and the kind of cure. Only words of ours and numbers go out: an answer
// or an address could hold a secret.
import type { deliveryCures } from "../errors.ts";

export interface Failure {
	words: string;
	cure: keyof typeof deliveryCures;
}

export function noAnswerWithin(milliseconds: number): Failure {
	return { words: `no answer within ${milliseconds / 1000} s`, cure: "noAnswer" };
}

export function describeFailure(error: unknown): Failure {
	const { code, message } = fields(error);
	if (typeof code === "number") return code < 100 ? grpcFailure(code, message) : httpFailure(code);
	return networkFailure(`${code ?? ""} ${message}`) ?? { words: "export failed", cure: "unknown" };
}

/** Where gRPC hides the cause in words, the words of Node and OpenSSL are in it. */
function networkFailure(text: string): Failure | undefined {
	return NETWORK.find(([pattern]) => pattern.test(text))?.[1];
}

const NETWORK: [RegExp, Failure][] = [
	[/ERR_PROXY_TUNNEL/, { words: "it does not connect us", cure: "unreachable" }],
	[/ECONNREFUSED/, { words: "connection refused", cure: "unreachable" }],
	[/ENOTFOUND|EAI_AGAIN|Name resolution failed/, { words: "host not found", cure: "unreachable" }],
	[/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, { words: "host not reached", cure: "unreachable" }],
	[/ENOENT.*connect|connect ENOENT/, { words: "no such socket", cure: "unreachable" }],
	[/cannot read/, { words: "certificate file cannot be read", cure: "certificate" }],
	[/certificate|CERT|UNABLE_TO_(GET|VERIFY)|altname/i, { words: "certificate not trusted", cure: "certificate" }],
	[
		/HPE_|Parse Error|Protocol error|wrong version number|packet length too long|ERR_SSL|ERR_HTTP2|EPROTO/,
		{ words: "another protocol is spoken there", cure: "wrongProtocol" },
	],
	[/web page/, { words: "a web page came back, so no collector answered", cure: "webPage" }],
	[/timed? ?out|Deadline/i, { words: "no answer in time", cure: "noAnswer" }],
	[/retryable status/, { words: "HTTP 429, 502, 503 or 504", cure: "overloaded" }],
	[/ECONNRESET|EPIPE|socket hang up|Connection dropped|RST_STREAM/, { words: "connection closed", cure: "rejected" }],
	// All that gRPC says of a proxy.
	[/No connection established/, { words: "no connection", cure: "unreachable" }],
	[/console limit/, { words: "more than is kept for the end of a session", cure: "console" }],
	[/header|metadata/i, { words: "a header cannot be sent", cure: "refusedIdentity" }],
	[/ENXIO|pipe without reader/, { words: "nobody reads this pipe", cure: "file" }],
	[/pipe not read/, { words: "this pipe is full, and nobody empties it", cure: "file" }],
	[/EACCES|EISDIR|ENOSPC|EROFS|ENOENT|ENOTDIR|EDQUOT/, { words: "file cannot be written", cure: "file" }],
];

function httpFailure(status: number): Failure {
	const words = `HTTP ${status}`;
	if (status === 401 || status === 403) return { words, cure: "refusedIdentity" };
	if (status === 404 || status === 405) return { words, cure: "wrongPath" };
	if (status === 413) return { words, cure: "tooLarge" };
	if (status === 415) return { words, cure: "wrongProtocol" };
	if ([429, 502, 503, 504].includes(status)) return { words, cure: "overloaded" };
	return { words, cure: "rejected" };
}

function grpcFailure(code: number, message: string): Failure {
	const words = `gRPC ${GRPC_NAMES[code] ?? code}`;
	if (code === 4) return { words: "no answer in time", cure: "noAnswer" };
	if (code === 7 || code === 16) return { words, cure: "refusedIdentity" };
	if (code === 8) return { words, cure: /larger than max/i.test(message) ? "tooLarge" : "overloaded" };
	if (code === 12) return { words, cure: "wrongProtocol" };
	return networkFailure(message) ?? { words, cure: "rejected" };
}

const GRPC_NAMES = [
	"OK",
	"CANCELLED",
	"UNKNOWN",
	"INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED",
	"NOT_FOUND",
	"ALREADY_EXISTS",
	"PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED",
	"FAILED_PRECONDITION",
	"ABORTED",
	"OUT_OF_RANGE",
	"UNIMPLEMENTED",
	"INTERNAL",
	"UNAVAILABLE",
	"DATA_LOSS",
	"UNAUTHENTICATED",
];

function fields(error: unknown): { code?: unknown; message: string } {
	if (typeof error !== "object" || error === null) return { message: String(error) };
	const code = "code" in error ? error.code : undefined;
	return { code, message: "message" in error ? String(error.message) : "" };
}
