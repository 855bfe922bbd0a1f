// A life of a subagent → an agent episode.
import { endOfLife, failureOfLife, livesOf, readOfLife } from "../agents.ts";
import type { Status } from "../episode.ts";
import type { Life } from "../places.ts";
import { hasLeft, wasStopped } from "../run-end.ts";
import { areRequestsTold } from "../stores.ts";
import { totalsOf } from "../sums.ts";
import { type Handover, placeOnly } from "./handover.ts";
import { inLife, type Lanes } from "./lanes.ts";

export interface AgentSteps {
	life(life: Life): void;
	/** Lives that are not handed on. */
	open(): Life[];
}

export function createAgentSteps(handover: Handover, lanes: Lanes): AgentSteps {
	const { stores, places, output, sums } = handover;

	function handOnLife(life: Life): void {
		const { agent, n } = life;
		const start = livesOf(agent)[n] ?? agent.firstAt;
		const nextStart = livesOf(agent)[n + 1];
		const lastAt = nextStart === undefined ? agent.lastAt : Math.min(agent.lastAt, nextStart);
		const { status, at } = endingOf(life);
		// Of whose end nobody told was at work until claude left.
		const end = at ?? (nextStart === undefined ? Math.max(lastAt, stores.runEnd?.at ?? lastAt) : lastAt);
		lanes.handOn(inLife(life), end);
		const place = places.locateLife(life);
		const sum = sums.takeLife(life);
		agent.handedOn.add(n);
		if (livesOf(agent).every((_start, other) => agent.handedOn.has(other))) stores.openAgents.delete(agent);
		const type = agent.type?.value ?? "unknown";
		const ref = { kind: "agent" as const, sessionId: agent.sessionId, agentId: agent.agentId, n };
		const parented = { ...placeOnly(place), agentType: type };
		output.moment({
			...parented,
			parent: ref,
			kind: "agent.start",
			at: start,
			uid: `agent.start:${agent.agentId}:${n}`,
			agentId: agent.agentId,
			type,
		});
		output.episode({
			...parented,
			kind: "agent",
			ref,
			start,
			end: Math.max(start, end),
			agentId: agent.agentId,
			type,
			background: n > 0 || (agent.meta?.background ?? isInBackground(agent.agentId)),
			depth: Math.max(place.lives.length + 1, n === 0 ? (agent.meta?.depth ?? 0) : 0),
			status,
			totals: totalsOf(sum, areRequestsTold(stores, agent.sessionId)),
		});
	}

	/** By the answer of the call that started it; unknown where nobody told which that was. */
	function isInBackground(agentId: string): boolean | undefined {
		return stores.startedBy.has(agentId) ? stores.background.has(agentId) : undefined;
	}

	/** How a life ended and when; without a time, nobody told. */
	function endingOf({ agent, n }: Life): { status: Status; at?: number } {
		const stop = endOfLife(agent, n);
		const failure = failureOfLife(agent, n);
		const read = readOfLife(agent, n);
		if (failure !== undefined && failure >= (read ?? failure)) return { status: "error", at: stop ?? failure };
		if (stop === undefined && agent.interruptedAt !== undefined) {
			return { status: "interrupted", at: agent.interruptedAt };
		}
		if (stop !== undefined || read !== undefined) return { status: "ok", at: stop ?? read };
		return { status: hasLeft(stores.runEnd) || wasStopped(stores.runEnd) ? "interrupted" : "lost" };
	}

	function openLives(): Life[] {
		return [...stores.openAgents].flatMap((agent) =>
			agent.firstAt === Number.POSITIVE_INFINITY
				? []
				: livesOf(agent).flatMap((_start, n) => (agent.handedOn.has(n) ? [] : [{ agent, n }])),
		);
	}

	return { life: handOnLife, open: openLives };
}
