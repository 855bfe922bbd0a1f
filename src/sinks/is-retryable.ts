// Comes in: why an attempt failed. Goes out: whether the OTLP specification says to try again, and when at the earliest.

/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const GRPC = new Set([1, 4, 10, 11, 14, 15]);
const HTTP = new Set([429, 502, 503, 504]);
const NETWORK = new Set([
	"ECONNREFUSED",
	"ECONNRESET",
	"EPIPE",
	"ETIMEDOUT",
	"ENOTFOUND",
	"EAI_AGAIN",
	"EHOSTUNREACH",
	"ENETUNREACH",
]);

/** RESOURCE_EXHAUSTED: passes by only where the receiver says when. */
const GRPC_EXHAUSTED = 8;

export function isGrpcRetryable(error: Error): boolean {
	if (!("code" in error)) return false;
	const code = Number(error.code);
	return GRPC.has(code) || (code === GRPC_EXHAUSTED && retryAfterMs(error) !== undefined);
}

export function isHttpRetryable(error: Error): boolean {
	if (!("code" in error)) return false;
	return HTTP.has(Number(error.code)) || NETWORK.has(String(error.code));
}

/** What the receiver has asked for, where its exporter has read that. */
export function retryAfterMs(error: unknown): number | undefined {
	return error instanceof Error && "retryAfterMs" in error && typeof error.retryAfterMs === "number"
		? error.retryAfterMs
		: undefined;
}
