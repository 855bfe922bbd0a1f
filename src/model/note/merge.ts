// What several witnesses tell of one thing → the value that counts, and the lane in which it is.
import type { Fact } from "../fact.ts";
import type { LaneTold } from "../state.ts";
import { HOOK_FIRST, prefer, type Told } from "../told.ts";

export function noteLane(lane: LaneTold, fact: Fact): void {
	if (fact.agentId !== undefined) lane.agentId = fact.agentId;
	else if (fact.promptId !== undefined) {
		lane.promptId = prefer(lane.promptId, { value: fact.promptId, source: fact.source, at: fact.at }, HOOK_FIRST);
	}
}

export function merge<T>(
	current: Told<T> | undefined,
	fact: Fact,
	value: T | undefined,
	ranks: Parameters<typeof prefer>[2],
): Told<T> | undefined {
	return value === undefined ? current : prefer(current, { value, source: fact.source, at: fact.at }, ranks);
}
