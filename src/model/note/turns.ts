// Facts of prompts, stops and interrupts → what is known of their turns.
import type { Fact, FactOf } from "../fact.ts";
import type { TurnState } from "../state.ts";
import type { Stores } from "../stores.ts";
import { HOOK_FIRST, largest, preferLatest, smallest, type Told, TRANSCRIPT_FIRST } from "../told.ts";
import { agentOf } from "./agents.ts";
import { merge } from "./merge.ts";
import { sessionOf } from "./sessions.ts";

/** What is known under a prompt id. It is a turn once somebody tells of its prompt (`isTurn`). */
export function turnOf(stores: Stores, fact: Fact, promptId: string): TurnState {
	let turn = stores.turns.get(promptId);
	if (!turn) {
		turn = {
			sessionId: fact.sessionId,
			promptId,
			hookPrompts: new Set(),
			prompts: new Map(),
			together: new Set(),
			waits: false,
			lastAt: fact.at,
			handedOn: false,
		};
		stores.turns.set(promptId, turn);
	}
	return turn;
}

export function notePrompt(stores: Stores, fact: FactOf<"prompt.submitted">): void {
	const turn = turnOf(stores, fact, fact.promptId);
	if (!turn.handedOn) turn.prompts.set(`${fact.source}:${fact.at}`, fact);
	if (fact.source === "hook") {
		turn.hookPrompts.add(fact.at);
		sessionOf(stores, fact).promptTimes.add(fact.at);
	} else if (fact.joined !== true) turn.transcriptPrompt = smallest(turn.transcriptPrompt, fact.at);
	if (fact.joined !== true) turn.synthetic = merge(turn.synthetic, fact, fact.synthetic, TRANSCRIPT_FIRST);
	turn.waits ||= fact.waits === true;
	if (fact.together === undefined) return;
	const before = turnOf(stores, fact, fact.together);
	if (before.handedOn) return;
	before.answeredIn = turn;
	turn.together.add(before);
}

export function noteTurn(
	stores: Stores,
	fact: FactOf<"turn.stopped" | "turn.interrupted" | "turn.read" | "turn.active">,
): void {
	if (fact.agentId !== undefined) {
		const agent = agentOf(stores, fact, fact.agentId);
		if (fact.kind === "turn.interrupted") agent.interruptedAt = largest(agent.interruptedAt, fact.at);
		else if (fact.kind === "turn.active") agent.actives.add(fact.at);
		// A fatal API error in an agent fires StopFailure in its name, and no SubagentStop.
		else if (fact.kind === "turn.stopped" && fact.errorType !== undefined) {
			agent.stops.add(fact.at);
			agent.failures.add(fact.at);
		}
		return;
	}
	if (fact.promptId === undefined) return;
	const turn = turnOf(stores, fact, fact.promptId);
	if (fact.kind === "turn.interrupted") turn.interruptedAt = largest(turn.interruptedAt, fact.at);
	else if (fact.kind === "turn.read") turn.readAt = largest(turn.readAt, fact.at);
	else if (fact.kind === "turn.active") turn.activeAt = largest(turn.activeAt, fact.at);
	else {
		const told: Told<string | undefined> = { value: fact.errorType, source: fact.source, at: fact.at };
		if (fact.source === "hook") turn.lastStop = preferLatest(turn.lastStop, told, HOOK_FIRST);
		else turn.transcriptStop = preferLatest(turn.transcriptStop, told, TRANSCRIPT_FIRST);
	}
}

/** The main loop went on: a stop before this was not the last one. */
export function markActive(stores: Stores, fact: Fact): void {
	if (fact.agentId !== undefined || fact.promptId === undefined || fact.source !== "transcript") return;
	const turn = turnOf(stores, fact, fact.promptId);
	turn.activeAt = largest(turn.activeAt, fact.at);
}
