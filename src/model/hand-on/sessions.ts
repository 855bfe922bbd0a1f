// A session of the run → its opening, and at its end its episode.
import { type Drift, driftsOf } from "../reconcile.ts";
import { endReasonOf } from "../run-end.ts";
import type { Segment } from "../segments.ts";
import { areRequestsTold } from "../stores.ts";
import { totalsOf } from "../sums.ts";
import type { Handover } from "./handover.ts";

export interface SessionSteps {
	open(segment: Segment): void;
	close(segment: Segment): void;
	isClosed(segment: Segment): boolean;
	/** All sessions; the run itself where claude never told one. */
	all(): Segment[];
}

export function createSessionSteps({ stores, places, output, sums, costs }: Handover): SessionSteps {
	const opened = new Set<number>();
	const closed = new Set<number>();

	function openSession(segment: Segment): void {
		if (opened.has(segment.n)) return;
		opened.add(segment.n);
		const { n, sessionId, start, source } = segment;
		output.sessionOpened({ n, sessionId, start, source });
		output.moment({
			kind: "session.start",
			parent: { kind: "session", n },
			sessionId,
			session: n,
			at: start,
			uid: `session.start:${n}`,
			source,
		});
	}

	function closeSession(segment: Segment): void {
		if (closed.has(segment.n)) return;
		closed.add(segment.n);
		const { n, sessionId, start, source } = segment;
		const session = stores.sessions.get(sessionId);
		const sum = sums.ofSession(n);
		const end = segment.end ?? stores.runEnd?.at ?? session?.lastAt ?? start;
		for (const drift of driftsIn(segment)) {
			output.moment({
				kind: "cost.drift",
				parent: { kind: "session", n },
				sessionId,
				session: n,
				at: Math.max(start, end),
				uid: `cost.drift:${n}:${drift.model}`,
				...drift,
			});
		}
		output.episode({
			kind: "session",
			ref: { kind: "session", n },
			parent: { kind: "session", n },
			sessionId,
			session: n,
			start,
			end: Math.max(start, end),
			source,
			endReason: segment.endReason ?? (segment.end === undefined ? endReasonOf(stores.runEnd) : "other"),
			exitCode: segment.end === undefined ? stores.runEnd?.exitCode : undefined,
			claudeVersion: session?.claudeVersion?.value,
			argsCount: stores.run?.argsCount ?? 0,
			argsPreview: stores.run?.argsPreview ?? "",
			...(session?.where?.value ?? runWhere()),
			permissionMode: session?.permissionMode?.value,
			turns: sum.turns,
			syntheticTurns: sum.syntheticTurns,
			toolNames: [...sum.toolNames].toSorted(),
			totals: totalsOf(sum, areRequestsTold(stores, sessionId)),
		});
	}

	/**
	 * A ledger that goes on from runs that we do not know is compared with nothing. Taken up again, a session goes on counting
	 * in the same ledger, and so do we: what is compared is all of it, when its last part is over.
	 */
	function driftsIn({ n, sessionId }: Segment): Drift[] {
		if (places.segments().some((later) => later.n > n && later.sessionId === sessionId)) return [];
		const session = stores.sessions.get(sessionId);
		const fresh = (stores.run?.sessionSource ?? "startup") === "startup" || session?.baseline !== undefined;
		const counts = costs.get(sessionId) ?? new Map();
		return driftsOf(counts, fresh ? session?.ledger?.models : undefined, session?.baseline?.models);
	}

	function runWhere() {
		const { cwd, branch, revision } = stores.run ?? {};
		return { cwd, branch, revision };
	}

	/** Nothing happened in a session: the run itself is all there is, under the session's id where something names it. */
	function runOnly(): Segment[] {
		const { run } = stores;
		const sessionId = [...stores.sessions.keys()].toSorted()[0] ?? run?.runId ?? "";
		return run ? [{ n: 0, sessionId, start: run.at, source: run.sessionSource }] : [];
	}

	return {
		open: openSession,
		close: closeSession,
		isClosed: ({ n }) => closed.has(n),
		all() {
			const segments = places.segments();
			return segments.length > 0 ? segments : runOnly();
		},
	};
}
