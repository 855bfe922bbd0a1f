// Which answer of the Agent SDK's stream failed attempts came before. In: each failed attempt, each agent that begins or
// ends, each answer. Out: how many attempts failed before it. The stream does not say which lane was tried again, so while
// an agent is at work nobody knows.
import type { RawFact } from "../model/fact.ts";

export interface Tried {
	/** Absent where it may have been another lane that was tried again. */
	failedAttempts?: number;
	retryMs?: number;
}

export interface AgentRetries {
	see(fact: RawFact): void;
	retried(waitMs: number): void;
	/** The lane has been answered to the end. */
	before(lane: string, isMain: boolean): Tried;
}

export function createAgentRetries(): AgentRetries {
	const working = new Set<string>();
	const retries: { waitMs: number; alone: boolean }[] = [];
	/** By lane: how many of them it has left behind. */
	const passed = new Map<string, number>();

	return {
		see(fact) {
			if (fact.kind === "agent.started") working.add(fact.agentId);
			else if (fact.kind === "agent.stopped") working.delete(fact.agentId);
		},
		retried(waitMs) {
			retries.push({ waitMs, alone: working.size === 0 });
		},
		before(lane, isMain) {
			const since = retries.slice(passed.get(lane) ?? 0);
			passed.set(lane, retries.length);
			if (since.some(({ alone }) => !alone)) return {};
			// What failed while no agent was at work was the main loop's.
			const own = isMain ? since : [];
			return { failedAttempts: own.length, retryMs: own.reduce((sum, { waitMs }) => sum + waitMs, 0) };
		},
	};
}
