// Facts of a session's start and end, and of what claude's ledger says of it → what is known of it.
import type { Fact, FactOf } from "../fact.ts";
import type { SessionState } from "../state.ts";
import type { Stores } from "../stores.ts";

export function sessionOf(stores: Stores, fact: Fact): SessionState {
	let session = stores.sessions.get(fact.sessionId);
	if (!session) {
		session = {
			sessionId: fact.sessionId,
			firstAt: Number.POSITIVE_INFINITY,
			lastAt: Number.NEGATIVE_INFINITY,
			promptTimes: new Set(),
			refusals: new Set(),
			hookSeen: false,
			wholeSeen: false,
			transcriptSeen: false,
			nativeSeen: false,
			agentSeen: false,
			ends: new Map(),
			sources: new Map(),
		};
		stores.sessions.set(fact.sessionId, session);
	}
	return session;
}

export function noteSession(
	stores: Stores,
	fact: FactOf<"session.ended" | "prompt.refused" | "session.seen" | "cost.state">,
): void {
	const session = sessionOf(stores, fact);
	if (fact.kind === "session.ended") session.ends.set(fact.at, fact.reason);
	else if (fact.kind === "prompt.refused") session.refusals.add(fact.at);
	else if (fact.kind === "session.seen") noteSource(session, fact);
	else if (fact.source === "native") session.nativeLedger = laterLedger(session.nativeLedger, fact);
	else if (fact.baseline) session.baseline = laterLedger(session.baseline, fact);
	else session.ledger = laterLedger(session.ledger, fact);
}

/** A compaction tells of a start, too. */
function noteSource({ sources }: SessionState, { at, sessionSource }: FactOf<"session.seen">): void {
	if (sessionSource !== undefined && sessionSource !== "compact") sources.set(at, sessionSource);
}

function laterLedger(current: FactOf<"cost.state"> | undefined, next: FactOf<"cost.state">) {
	return current === undefined || next.index > current.index ? next : current;
}
