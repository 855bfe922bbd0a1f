// The session spans of a run: one per session id, and one more each time a session is taken up again
// inside the same process (/resume back to it).
import type { SessionSource } from "./fact.ts";
import type { SessionState } from "./state.ts";
import type { Stores } from "./stores.ts";

export interface Segment {
	n: number;
	sessionId: string;
	start: number;
	/** Start of the next one; undefined for the last. */
	end?: number;
	source: SessionSource;
	/** Reason of the SessionEnd that closed it. */
	endReason?: string;
}

/** In time order; n is the place in it. */
export function segmentsOf(stores: Stores): Segment[] {
	const spans = [...stores.sessions.values()]
		.filter((session) => session.firstAt !== Number.POSITIVE_INFINITY)
		.flatMap(split);
	spans.sort((a, b) => a.start - b.start || (a.sessionId < b.sessionId ? -1 : 1));
	return spans.map((span, n) => {
		const before = spans[n - 1];
		const next = spans[n + 1];
		const start = n === 0 ? Math.min(stores.run?.at ?? span.start, span.start) : startAfter(before, span);
		const end = next && startAfter(span, next);
		const { sessionId, endReason } = span;
		const segment = { n, sessionId, start, end, endReason };
		return { ...segment, source: sourceOf(stores, segment, before?.endReason) };
	});
}

interface Span {
	sessionId: string;
	/** First sign of it. */
	start: number;
	/** The SessionEnd that closed it. */
	endedAt?: number;
	endReason?: string;
}

/** A session begins where the one before it was ended: what is seen of it first can come much later. */
function startAfter(before: Span | undefined, span: Span): number {
	return Math.min(before?.endedAt ?? span.start, span.start);
}

/** Ends of a session that were followed by another prompt in it. */
function split(session: SessionState): Span[] {
	if (session.ends.size === 0) return [{ sessionId: session.sessionId, start: session.firstAt }];
	const ends = [...session.ends].toSorted(([a], [b]) => a - b);
	const prompts = [...session.promptTimes].toSorted((a, b) => a - b);
	const spans: Span[] = [];
	let start: number | undefined = session.firstAt;
	for (const [at, reason] of ends) {
		if (start === undefined) break;
		spans.push({ sessionId: session.sessionId, start, endedAt: at, endReason: reason });
		start = prompts.find((time) => time > at);
	}
	if (start !== undefined) spans.push({ sessionId: session.sessionId, start });
	return spans;
}

function sourceOf(
	stores: Stores,
	{ n, sessionId, start, end = Number.POSITIVE_INFINITY }: Omit<Segment, "source">,
	endBefore: string | undefined,
): SessionSource {
	const told = [...(stores.sessions.get(sessionId)?.sources ?? [])].toSorted(([a], [b]) => a - b);
	const within = told.find(([at]) => at >= start && at < end);
	if (within !== undefined) return within[1];
	if (n === 0) return stores.run?.sessionSource ?? "startup";
	return endBefore === "resume" ? "resume" : "clear";
}

/** The segment of a session that a moment falls into. */
export function segmentAt(segments: readonly Segment[], sessionId: string, at: number): Segment | undefined {
	const own = segments.filter((segment) => segment.sessionId === sessionId);
	return own.findLast((segment) => segment.start <= at) ?? own[0];
}

/** The one that claude was in at a moment, whoever worked on: the client counts in its ledger. */
export function currentSegment(segments: readonly Segment[], at: number): Segment | undefined {
	return segments.findLast((segment) => segment.start <= at) ?? segments[0];
}
