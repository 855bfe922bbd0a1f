// Lives of a subagent: when each began and ended, and which life a moment falls into.
import type { AgentState } from "./state.ts";

/**
 * Start of each life, in order. The k-th life is the k-th start; where hook and transcript both tell of
 * it the earlier one counts, since a hook arrives after what it tells.
 */
export function livesOf(agent: AgentState): number[] {
	const hook = [...agent.hookStarts.keys()].toSorted((a, b) => a - b);
	const transcript = [...agent.transcriptStarts].toSorted((a, b) => a - b);
	if (hook.length === 0 && transcript.length === 0) {
		const native = [...agent.nativeStarts].toSorted((a, b) => a - b);
		return native.length > 0 ? native : [agent.firstAt];
	}
	if (hook.length === 0) return transcript;
	if (hook.length !== transcript.length) return hook;
	return hook.map((at, n) => Math.min(at, transcript[n] ?? at));
}

/** Which life a moment falls into: the last that had begun. */
export function lifeAt(agent: AgentState, at: number): number {
	return Math.max(
		0,
		livesOf(agent).findLastIndex((start) => start <= at),
	);
}

/** When life n ended: the last stop within it; undefined while nothing told. */
export function endOfLife(agent: AgentState, n: number): number | undefined {
	return lastWithin(agent.stops.size > 0 ? agent.stops : agent.nativeStops, agent, n);
}

/** When the transcript of life n was read to its last answer; undefined while it goes on. */
export function readOfLife(agent: AgentState, n: number): number | undefined {
	const read = lastWithin(agent.reads, agent, n);
	const active = lastWithin(agent.actives, agent, n);
	return read !== undefined && active !== undefined && active > read ? undefined : read;
}

/** When a request of life n last failed for good. */
export function failureOfLife(agent: AgentState, n: number): number | undefined {
	return lastWithin(agent.failures, agent, n);
}

/** When a request failed that ends life n, if nothing comes after it. */
export function brokenOffAt(agent: AgentState, n: number): number | undefined {
	const ends = [...agent.failures].filter((at) => !agent.failedSummaries.has(at));
	return lastWithin(ends, agent, n);
}

function lastWithin(times: Iterable<number>, agent: AgentState, n: number): number | undefined {
	const lives = livesOf(agent);
	const from = n === 0 ? Number.NEGATIVE_INFINITY : (lives[n] ?? Number.POSITIVE_INFINITY);
	const to = lives[n + 1] ?? Number.POSITIVE_INFINITY;
	let last: number | undefined;
	for (const at of times) if (at >= from && at < to && (last === undefined || at > last)) last = at;
	return last;
}
