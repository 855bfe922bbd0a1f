// Comes in: why an attempt failed. Goes out: whether the OTLP specification says to try again.

/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const GRPC = new Set([1, 4, 10, 11, 14, 15]);
const HTTP = new Set([429, 502, 503, 504]);
const NETWORK = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);

export function isGrpcRetryable(error: Error): boolean {
	return "code" in error && GRPC.has(Number(error.code));
}

export function isHttpRetryable(error: Error): boolean {
	if (!("code" in error)) return false;
	return HTTP.has(Number(error.code)) || NETWORK.has(String(error.code));
}
