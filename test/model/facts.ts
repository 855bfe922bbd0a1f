// The facts that every run has, for tests of the model. In: what a test is about. Out: facts, from one moment on.
import type { Fact, FactOf } from "../../src/model/fact.ts";

/** Milliseconds since the epoch. */
export const START = 1_790_000_000_000;
/** The session and prompt of most of them. */
export const SEEN = { sessionId: "s", promptId: "p" };

export function runStarted(more: Partial<FactOf<"run.started">> = {}): Fact {
	const run = { runId: "run", sessionSource: "startup" as const, interactive: false, argsCount: 0, argsPreview: "" };
	return { source: "launch", kind: "run.started", at: START, sessionId: "", ...run, ...more };
}

export function runEnded(more: Partial<FactOf<"run.ended">> = {}): Fact {
	return { source: "launch", kind: "run.ended", at: START + 9000, sessionId: "", exitCode: 0, ...more };
}
