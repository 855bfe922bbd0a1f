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
		const start = n === 0 ? Math.min(stores.run?.at ?? span.start, span.start) : span.start;
		return { ...span, n, start, end: next?.start, source: sourceOf(stores, span.sessionId, n, before?.endReason) };
	});
}

/** Ends of a session that were followed by another prompt in it. */
function split(session: SessionState): { sessionId: string; start: number; endReason?: string }[] {
	const ends = [...session.ends].toSorted(([a], [b]) => a - b);
	const prompts = [...session.promptTimes].toSorted((a, b) => a - b);
	const spans: { sessionId: string; start: number; endReason?: string }[] = [];
	let start: number | undefined = session.firstAt;
	for (const [at, reason] of ends) {
		if (start === undefined) break;
		spans.push({ sessionId: session.sessionId, start, endReason: reason });
		start = prompts.find((time) => time > at);
	}
	if (start !== undefined) spans.push({ sessionId: session.sessionId, start });
	return spans;
}

function sourceOf(stores: Stores, sessionId: string, n: number, endBefore: string | undefined): SessionSource {
	const told = stores.sessions.get(sessionId)?.source;
	if (told !== undefined && told !== "compact") return told;
	if (n === 0) return stores.run?.sessionSource ?? "startup";
	return endBefore === "resume" ? "resume" : "clear";
}

/** The segment of a session that a moment falls into. */
export function segmentAt(segments: readonly Segment[], sessionId: string, at: number): Segment | undefined {
	const own = segments.filter((segment) => segment.sessionId === sessionId);
	return own.findLast((segment) => segment.start <= at) ?? own[0];
}
