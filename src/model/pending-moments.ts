// Records (a retry, a refusal, a threshold that was crossed) → told once, as soon as their place in the tree is known.
import { lifeAt } from "./agents.ts";
import { type ContextOptions, createContextWatch } from "./context-window.ts";
import type { ModelOutput, Moment } from "./episode.ts";
import type { Fact, FactOf } from "./fact.ts";
import type { HandOn } from "./hand-on/hand-on.ts";
import { laneOf } from "./hand-on/lanes.ts";
import { REMEMBERED_IDS_MAX } from "./limits.ts";
import type { Life, Places } from "./places.ts";
import type { LaneTold } from "./state.ts";
import type { Stores } from "./stores.ts";

export interface PendingMomentOptions {
	stores: Pick<Stores, "agents">;
	places: Pick<Places, "isParentKnown">;
	handOn: Pick<HandOn, "momentOf" | "placeOf">;
	context: ContextOptions;
	output: Pick<ModelOutput, "moment">;
}

export interface PendingMoments {
	/** `uid`: what the record is known by, so that a fact that comes twice is told once. */
	note(fact: Fact, uid: string): void;
	/** Thresholds of the context window that this answer crosses. */
	noteCrossings(fact: FactOf<"message.seen" | "request.answered">, id: string, model: string): void;
	/** Those whose place is known; or all. */
	tell(all: boolean): void;
	size(): number;
}

export function createPendingMoments({
	stores,
	places,
	handOn,
	context,
	output,
}: PendingMomentOptions): PendingMoments {
	const watchContext = createContextWatch(context);
	const pending: { lane: LaneTold; at: number; make(): Moment }[] = [];
	const told = new Set<string>();

	function isPlaced({ agentId }: LaneTold, at: number): boolean {
		if (agentId === undefined) return true;
		const agent = stores.agents.get(agentId);
		return agent !== undefined && isLifePlaced({ agent, n: lifeAt(agent, at) });
	}

	function isLifePlaced(life: Life): boolean {
		return life.agent.handedOn.has(life.n) || places.isParentKnown(life, false);
	}

	return {
		note(fact, uid) {
			if (told.has(uid)) return;
			told.add(uid);
			if (told.size > REMEMBERED_IDS_MAX) told.delete(told.values().next().value as string);
			const lane = laneOf(fact);
			pending.push({ lane, at: fact.at, make: () => handOn.momentOf(fact, lane, uid) });
		},
		noteCrossings(fact, id, model) {
			if (fact.agentId !== undefined) return;
			const { sessionId, at, usage } = fact;
			for (const crossing of watchContext({ sessionId, at, model, usage })) {
				const uid = `context.threshold:${id}:${crossing.threshold}`;
				const lane = laneOf(fact);
				const make = (): Moment => ({
					...handOn.placeOf(lane, at),
					at,
					uid,
					kind: "context.threshold",
					...crossing,
				});
				pending.push({ lane, at, make });
			}
		},
		tell(all) {
			for (let index = 0; index < pending.length; index++) {
				const { lane, at, make } = pending[index] as (typeof pending)[number];
				if (!all && !isPlaced(lane, at)) continue;
				output.moment(make());
				pending.splice(index--, 1);
			}
		},
		size: () => pending.length,
	};
}
