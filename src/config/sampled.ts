// Whether a trace is exported, decided from its id alone, without OpenTelemetry: claude gets its
// TRACEPARENT before that is loaded. Says the same as the SDK's samplers (a test compares them).
import type { OtelConfig } from "./otel.ts";

/** `inbound`: the sampled flag of the TRACEPARENT that we were started with, if there is one. */
export function isSampled(sampler: OtelConfig["sampler"], traceId: string, inbound?: boolean): boolean {
	if (sampler.name.startsWith("parentbased_") && inbound !== undefined) return inbound;
	switch (sampler.name) {
		case "always_on":
		case "parentbased_always_on":
			return true;
		case "always_off":
		case "parentbased_always_off":
			return false;
		case "traceidratio":
		case "parentbased_traceidratio":
			return isInRatio(traceId, sampler.ratio);
		default:
			return sampler.name satisfies never;
	}
}

/** The four words of the id, folded into one, are evenly spread between 0 and 2^32. */
function isInRatio(traceId: string, ratio: number): boolean {
	let folded = 0;
	for (let at = 0; at < 32; at += 8) folded = (folded ^ Number.parseInt(traceId.slice(at, at + 8), 16)) >>> 0;
	return folded < (ratio === 1 ? 2 ** 32 : Math.floor(ratio * 0xffffffff));
}
