// Facts of subagents → what is known of their lives.
import type { Fact, FactOf } from "../fact.ts";
import type { AgentState } from "../state.ts";
import type { Stores } from "../stores.ts";
import { HOOK_FIRST } from "../told.ts";
import { merge } from "./merge.ts";

export function noteAgent(
	stores: Stores,
	fact: FactOf<"agent.started" | "agent.stopped" | "agent.read" | "agent.described">,
): void {
	const agent = agentOf(stores, fact, fact.agentId);
	if (fact.kind === "agent.described") {
		agent.meta = fact;
		agent.type = merge(agent.type, fact, fact.agentType || undefined, HOOK_FIRST);
		return;
	}
	if (fact.kind === "agent.read") agent.reads.add(fact.at);
	else {
		agent.type = merge(agent.type, fact, fact.agentType || undefined, HOOK_FIRST);
		if (fact.kind === "agent.stopped") (fact.source === "native" ? agent.nativeStops : agent.stops).add(fact.at);
		else {
			if (fact.source === "native") agent.nativeStarts.add(fact.at);
			else if (fact.source === "hook") agent.hookStarts.set(fact.at, fact.promptId);
			else agent.transcriptStarts.add(fact.at);
			stores.openAgents.add(agent);
		}
	}
}

export function agentOf(stores: Stores, fact: Fact, agentId: string): AgentState {
	let agent = stores.agents.get(agentId);
	if (!agent) {
		agent = {
			sessionId: fact.sessionId,
			agentId,
			hookStarts: new Map(),
			transcriptStarts: new Set(),
			stops: new Set(),
			nativeStarts: new Set(),
			nativeStops: new Set(),
			reads: new Set(),
			actives: new Set(),
			failures: new Set(),
			failedSummaries: new Set(),
			firstAt: Number.POSITIVE_INFINITY,
			lastAt: Number.NEGATIVE_INFINITY,
			handedOn: new Set(),
		};
		stores.agents.set(agentId, agent);
		stores.openAgents.add(agent);
	}
	if (fact.kind !== "agent.described") {
		agent.firstAt = Math.min(agent.firstAt, fact.at);
		agent.lastAt = Math.max(agent.lastAt, fact.at);
	}
	return agent;
}
