// Trace and span ids: the same facts give the same ids, in any order, replayed or recovered.
import { createHash, randomBytes } from "node:crypto";
import type { Ref } from "../model/episode.ts";

/** Hex of SHA-256 over the parts written one after the other. */
function hash(bytes: number, ...parts: (string | number)[]): string {
	return createHash("sha256")
		.update(parts.join(""))
		.digest("hex")
		.slice(0, bytes * 2);
}

/** Trace of the n-th session span of a run. */
export function sessionTraceId(runId: string, n: number): string {
	return hash(16, "trace", runId, n);
}

export function sessionSpanId(runId: string, n: number): string {
	return hash(8, "session", runId, n);
}

/** A turn's own trace, where each turn is a root. */
export function turnTraceId(sessionId: string, promptId: string): string {
	return hash(16, "trace", sessionId, promptId);
}

export function spanIdOf(ref: Ref, runId: string): string {
	switch (ref.kind) {
		case "session":
			return sessionSpanId(runId, ref.n);
		case "turn":
			return hash(8, "turn", ref.sessionId, ref.promptId);
		case "chat":
			return hash(8, "chat", ref.sessionId, ref.key);
		case "tool":
			return hash(8, "tool", ref.sessionId, ref.toolUseId);
		case "wait":
			return hash(8, "permission_wait", ref.sessionId, ref.toolUseId, ref.n === 0 ? "" : ref.n);
		case "agent":
			return hash(8, "agent", ref.sessionId, ref.agentId, ref.n);
		case "compaction":
			return hash(8, "compaction", ref.sessionId, ref.id);
		default:
			return ref satisfies never;
	}
}

export interface InboundTrace {
	traceId: string;
	spanId: string;
	traceFlags: number;
	/** W3C tracestate, handed on as it is. */
	tracestate?: string;
}

/** W3C traceparent; undefined where it does not keep the format (then there is no parent, as the standard says). */
export function parseTraceparent(text: string | undefined, tracestate?: string): InboundTrace | undefined {
	const match = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text?.trim() ?? "");
	if (!match) return undefined;
	const [, version, traceId = "", spanId = "", flags = "", more] = match;
	// Only versions after ours may have more fields.
	if (version === "ff" || (version === "00" && more !== undefined)) return undefined;
	if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
	return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, tracestate };
}

/**
 * TRACEPARENT for claude: the first session span, known before claude is started.
 * @param isSampled what the sampler decides of a trace, given the inbound decision if there is one
 */
export function sessionTraceparent(
	runId: string,
	inbound: string | undefined,
	isSampled: (traceId: string, inbound?: boolean) => boolean,
): string {
	const parent = parseTraceparent(inbound);
	const traceId = parent?.traceId ?? sessionTraceId(runId, 0);
	const sampled = isSampled(traceId, parent && parent.traceFlags === 1);
	return `00-${traceId}-${sessionSpanId(runId, 0)}-${sampled ? "01" : "00"}`;
}

/** An id generator for the SDK that gives out the ids that were set just before. */
export interface PresetIds {
	preset(traceId: string, spanId: string): void;
	generateTraceId(): string;
	generateSpanId(): string;
}

export function createPresetIds(): PresetIds {
	let next = { traceId: "", spanId: "" };
	return {
		preset: (traceId, spanId) => {
			next = { traceId, spanId };
		},
		generateTraceId: () => next.traceId,
		generateSpanId: () => next.spanId,
	};
}

/** The same for a provider that others use too: their spans get random ids, as they would without us. */
export function createSharedIds(): PresetIds {
	let span: string | undefined;
	let trace: string | undefined;
	return {
		preset(traceId, spanId) {
			trace = traceId;
			span = spanId;
		},
		generateTraceId() {
			const preset = trace;
			trace = undefined;
			return preset ?? randomBytes(16).toString("hex");
		},
		generateSpanId() {
			const preset = span;
			span = undefined;
			// A trace id that our child span had no need of is not for the next span of somebody else.
			if (preset === undefined) trace = undefined;
			return preset ?? randomBytes(8).toString("hex");
		},
	};
}
