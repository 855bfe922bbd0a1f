// An answered request that is handed on → what Claude Code's own telemetry told of it.
import type { FactOf } from "../fact.ts";
import type { Handover } from "./handover.ts";

/** Once: what comes later is late. */
export function takeRequest(
	{ stores, finish }: Handover,
	requestId: string | undefined,
): FactOf<"request.answered"> | undefined {
	if (requestId === undefined) return undefined;
	const request = stores.requests.get(requestId);
	stores.requests.delete(requestId);
	stores.sizes.delete(requestId);
	stores.refusals.delete(requestId);
	finish(`request:${requestId}`);
	return request?.fact;
}
