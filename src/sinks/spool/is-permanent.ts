// Why a batch was not taken → whether it never will be: the collector has read it and said no. Whatever else is wrong (a
// dead network, a certificate, a collector that is ill) may be put right, and the batch waits for that.

/** INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, UNIMPLEMENTED, UNAUTHENTICATED. */
const GRPC = new Set([3, 5, 6, 7, 9, 12, 16]);
/** Of the refusals of HTTP these two say: later. */
const LATER = new Set([408, 429]);

export function isPermanent(error: unknown): boolean {
	if (typeof error !== "object" || error === null || !("code" in error)) return false;
	const code = typeof error.code === "number" ? error.code : Number.NaN;
	if (code < 100) return GRPC.has(code) || isTooLarge(code, error);
	return code >= 400 && code <= 499 && !LATER.has(code);
}

/** RESOURCE_EXHAUSTED is the word for an overloaded collector too. */
function isTooLarge(code: number, error: object): boolean {
	return code === 8 && "message" in error && /larger than max/i.test(String(error.message));
}
