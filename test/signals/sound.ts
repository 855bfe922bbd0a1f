// What every export must be, whatever happened: no orphan, no span unended, no id twice, no end before its start, and
// sums that agree: session = its chats, turn = its chats and those of its agents.
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { Exported } from "./in-memory.ts";

const PARTS = ["input", "output", "cache_read", "cache_creation_5m", "cache_creation_1h"] as const;

export interface SoundOptions {
	/** Span id of an inbound parent. */
	inbound?: string;
	/** A turn was handed on while its agents went on: it has less than its chats. */
	outlivedTurns?: boolean;
}

export function assertSound({ spans, records, unended }: Exported, options: SoundOptions = {}): void {
	const faults = [
		...unended.map((name) => `${name} was started and never ended`),
		...orphansOf(spans, options.inbound),
		...doubled(spans.map((span) => span.spanContext().spanId)).map((id) => `span id ${id} twice`),
		...doubled(records.map(({ attributes }) => String(attributes["log.record.uid"]))).map((id) => `record ${id} twice`),
		...spans
			.filter((span) => seconds(span.endTime) < seconds(span.startTime))
			.map((span) => `${span.name} ends before it starts`),
		...spans.flatMap(crossesTraces(spans)),
		...records.flatMap(isHomeless(spans)),
		...wrongSums(spans, options.outlivedTurns === true),
	];
	if (faults.length > 0) throw new Error(`not sound:\n${faults.join("\n")}`);
}

function orphansOf(spans: readonly ReadableSpan[], inbound: string | undefined): string[] {
	const ids = new Set([...spans.map((span) => span.spanContext().spanId), inbound]);
	return spans.flatMap((span) => {
		const parent = span.parentSpanContext?.spanId;
		return parent === undefined || ids.has(parent) ? [] : [`${span.name} has no parent ${parent}`];
	});
}

function crossesTraces(spans: readonly ReadableSpan[]): (span: ReadableSpan) => string[] {
	const traces = new Map(spans.map((span) => [span.spanContext().spanId, span.spanContext().traceId]));
	return (span) => {
		const trace = traces.get(span.parentSpanContext?.spanId ?? "");
		return trace === undefined || trace === span.spanContext().traceId
			? []
			: [`${span.name} is in another trace than its parent`];
	};
}

/** A record tells of a span that is there, in its trace. */
function isHomeless(spans: readonly ReadableSpan[]): (record: Exported["records"][number]) => string[] {
	const ids = new Set(spans.map((span) => `${span.spanContext().traceId} ${span.spanContext().spanId}`));
	return ({ eventName, spanContext }) =>
		ids.has(`${spanContext?.traceId} ${spanContext?.spanId}`) ? [] : [`record ${eventName} tells of no span`];
}

function wrongSums(spans: readonly ReadableSpan[], outlivedTurns: boolean): string[] {
	const chats = spans.filter((span) => span.name.startsWith("chat"));
	const sessions = spans.filter((span) => span.name === "claude.session");
	const ofAll = PARTS.flatMap((part) =>
		sum(chats, part) === sum(sessions, part) ? [] : [`tokens.${part} of chats and sessions differ`],
	);
	const turns = spans.filter((span) => span.name === "invoke_agent claude-code");
	const ofTurns = turns.flatMap((turn) => {
		const id = turn.attributes["prompt.id"];
		const own = chats.filter((chat) => chat.attributes["prompt.id"] === id);
		return PARTS.flatMap((part) =>
			(outlivedTurns ? sum(own, part) >= sum([turn], part) : sum(own, part) === sum([turn], part))
				? []
				: [`tokens.${part} of turn ${String(id)} and its chats differ`],
		);
	});
	return [...ofAll, ...ofTurns];
}

function sum(spans: readonly ReadableSpan[], part: string): number {
	return spans.reduce((total, { attributes }) => total + Number(attributes[`tokens.${part}`] ?? 0), 0);
}

function doubled(ids: readonly string[]): string[] {
	return [...new Set(ids.filter((id, at) => ids.indexOf(id) !== at))];
}

function seconds([whole, nanos]: [number, number]): number {
	return whole + nanos / 1e9;
}
