// Episodes → spans through the OpenTelemetry API, each started and ended once, with ids of our own.
import {
	type Context,
	createTraceState,
	type Link,
	ROOT_CONTEXT,
	type Span,
	type SpanContext,
	SpanKind,
	SpanStatusCode,
	type TimeInput,
	TraceFlags,
	type Tracer,
	trace,
} from "@opentelemetry/api";
import type { Episode, Place, Ref, TurnEpisode } from "../model/episode.ts";
import { totalsAttributes } from "./attributes.ts";
import { type AttributeOptions, attributesOf } from "./episode-attributes.ts";
import { type InboundTrace, type PresetIds, sessionSpanId, sessionTraceId, spanIdOf, turnTraceId } from "./ids.ts";

export interface SpanOptions extends AttributeOptions {
	tracer: Tracer;
	ids: PresetIds;
	runId: string;
	/** `turn`: each turn is the root of a trace of its own, linked to its session. */
	shape: "session" | "turn";
	inbound: InboundTrace | undefined;
	/** What the sampler decides of a trace, given the inbound decision if there is one. */
	isSampled(traceId: string, inbound?: boolean): boolean;
	/** Level minimal: sessions and turns alone. */
	sessionsAndTurnsOnly: boolean;
}

export interface Spans {
	sessionOpened(session: { n: number; sessionId: string; start: number }): void;
	episode(episode: Episode): void;
	/** The span of a thing, for records that tell of it. */
	contextOf(ref: Ref, place: Place): SpanContext;
}

export function createSpans(options: SpanOptions): Spans {
	const { tracer, ids, runId, inbound } = options;
	const inboundState = inbound?.tracestate === undefined ? undefined : createTraceState(inbound.tracestate);
	const sessions = new Map<number, Span>();

	function traceIdOf(place: Place): string {
		if (options.shape === "turn" && place.promptId !== undefined) return turnTraceId(place.sessionId, place.promptId);
		return inbound?.traceId ?? sessionTraceId(runId, place.session);
	}

	function flagsOf(traceId: string): number {
		const inTrace = inbound?.traceId === traceId ? inbound.traceFlags === 1 : undefined;
		return options.isSampled(traceId, inTrace) ? TraceFlags.SAMPLED : TraceFlags.NONE;
	}

	function contextOf(ref: Ref, place: Place): SpanContext {
		const traceId = ref.kind === "session" ? traceIdOf({ ...place, promptId: undefined }) : traceIdOf(place);
		const traceState = traceId === inbound?.traceId ? inboundState : undefined;
		return { traceId, spanId: spanIdOf(ref, runId), traceFlags: flagsOf(traceId), traceState };
	}

	function sessionOpened({ n, sessionId, start }: { n: number; sessionId: string; start: number }): void {
		if (sessions.has(n)) return;
		const before = sessions.get(n - 1);
		const links: Link[] = before ? [{ context: before.spanContext() }] : [];
		const parent: Context = inbound
			? trace.setSpanContext(ROOT_CONTEXT, { ...inbound, traceState: inboundState, isRemote: true })
			: ROOT_CONTEXT;
		ids.preset(inbound?.traceId ?? sessionTraceId(runId, n), sessionSpanId(runId, n));
		const attributes = { "session.id": sessionId, "gen_ai.conversation.id": sessionId };
		sessions.set(n, tracer.startSpan("claude.session", { startTime: timeOf(start), links, attributes }, parent));
	}

	function episode(it: Episode): void {
		if (it.kind === "session") {
			const span = sessions.get(it.session);
			span?.setAttributes(attributesOf(it, options));
			span?.end(timeOf(it.end));
			return;
		}
		if (options.sessionsAndTurnsOnly && it.kind !== "turn") return;
		if (it.kind === "tool" && it.excluded) return;
		const span = it.kind === "turn" && options.shape === "turn" ? startRootTurn(it) : startChild(it);
		const errorType = errorOf(it);
		if (errorType !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: errorType });
		if (it.kind === "turn") span.addEvent("turn.completed", totalsAttributes(it.own), timeOf(it.end));
		span.end(timeOf(it.end));
	}

	function startChild(it: Exclude<Episode, { kind: "session" }>): Span {
		const parent = trace.setSpanContext(ROOT_CONTEXT, contextOf(it.parent, it));
		ids.preset(traceIdOf(it), spanIdOf(it.ref, runId));
		return tracer.startSpan(nameOf(it), startOf(it), parent);
	}

	function startRootTurn(turn: TurnEpisode): Span {
		const session = sessions.get(turn.session);
		const links: Link[] = session ? [{ context: session.spanContext() }] : [];
		ids.preset(traceIdOf(turn), spanIdOf(turn.ref, runId));
		return tracer.startSpan(nameOf(turn), { ...startOf(turn), links, root: true }, ROOT_CONTEXT);
	}

	function startOf(it: Episode) {
		const kind = it.kind === "chat" ? SpanKind.CLIENT : SpanKind.INTERNAL;
		return { kind, startTime: timeOf(it.start), attributes: attributesOf(it, options) };
	}

	return { sessionOpened, episode, contextOf };
}

export function nameOf(episode: Episode): string {
	switch (episode.kind) {
		case "session":
			return "claude.session";
		case "turn":
			return "invoke_agent claude-code";
		case "chat":
			return episode.requestedModel === undefined ? "chat" : `chat ${episode.requestedModel}`;
		case "tool":
			return `execute_tool ${episode.toolName}`;
		case "wait":
			return "claude.permission_wait";
		case "agent":
			return `invoke_agent ${episode.type}`;
		case "compaction":
			return "claude.compaction";
		default:
			return episode satisfies never;
	}
}

/** ERROR is for what failed; what was denied, interrupted or lost says so in its status attribute. */
function errorOf(episode: Episode): string | undefined {
	if (episode.kind === "chat") return episode.errorType;
	if (episode.kind !== "tool" && episode.kind !== "turn") return undefined;
	return episode.status === "error" ? (episode.errorType ?? "error") : undefined;
}

/**
 * Milliseconds with a fraction → seconds and nanoseconds: a plain number would be taken for a performance time. Before
 * 1970, where a length that somebody told is longer than can be, OTLP has no times.
 */
export function timeOf(time: number): TimeInput {
	const milliseconds = Math.max(0, time);
	const seconds = Math.floor(milliseconds / 1000);
	return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
