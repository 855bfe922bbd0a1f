// Facts in, episodes and moments out: the session model. Facts may come in any order and more than once.
// `advance` hands on what is complete, `settle` closes everything that is left. Pure: time arrives as an argument.
import { livesOf } from "./agents.ts";
import { keyOfAsk } from "./asks.ts";
import type { ModelOutput } from "./episode.ts";
import type { Fact } from "./fact.ts";
import { createFlights } from "./flights.ts";
import { createHandOn } from "./hand-on/hand-on.ts";
import type { HandoverOptions } from "./hand-on/handover.ts";
import { isLate, isRepetition } from "./late.ts";
import { HELD_CALLS_MAX, HELD_CALLS_TARGET, HELD_OTHERS_MAX, SESSION_QUIET_MS, TURN_QUIET_MS } from "./limits.ts";
import { noteAgent } from "./note/agents.ts";
import { noteFailure, noteMessage, noteRefusal, noteRequest, noteSize } from "./note/requests.ts";
import { noteSession } from "./note/sessions.ts";
import { noteSurroundings } from "./note/surroundings.ts";
import { noteBatch, noteTool } from "./note/tools.ts";
import { notePrompt, noteTurn } from "./note/turns.ts";
import { createPendingMoments } from "./pending-moments.ts";
import { createPlaces, isTurn, type Link, linkOfTool } from "./places.ts";
import { createReadiness } from "./readiness.ts";
import type { TurnState } from "./state.ts";
import { areMessagesTold, createStores, type Stores } from "./stores.ts";

export type ModelOptions = HandoverOptions;

export interface Model {
	apply(fact: Fact): void;
	/**
	 * Hands on what is complete at this time (milliseconds since the epoch). Says whether it looked for what is late, which it
	 * does not at every look; `late` decides it, where a run is told again.
	 */
	advance(now: number, late?: boolean): boolean;
	/** Closes and hands on everything. No fact counts after it. */
	settle(): void;
	/** How many things are known and not yet handed on: what a long session must keep small. */
	held(): number;
}

export function createModel(options: ModelOptions, output: ModelOutput): Model {
	const stores = createStores();
	const links = new Map<string, Link>();
	const places = createPlaces(stores, (toolUseId) => links.get(toolUseId) ?? openLink(stores, toolUseId, options));
	const handOn = createHandOn({ stores, places, links, options, output });
	const flights = createFlights(output);
	const readiness = createReadiness(stores, places, handOn);
	const { context } = options;
	const moments = createPendingMoments({ stores, places, handOn, context, output });
	const openTurns = new Set<TurnState>();
	let stragglersAt = Number.NEGATIVE_INFINITY;

	function apply(fact: Fact): void {
		if (isLate(fact, handOn, stores)) {
			if (!isRepetition(fact)) output.late(fact.source);
			if (fact.kind === "tool.ended" && fact.source === "hook") flights.land(fact.toolUseId);
			return;
		}
		noteSurroundings(stores, fact);
		switch (fact.kind) {
			case "run.started":
				stores.run = fact;
				break;
			case "run.ended":
				stores.runEnd = fact;
				break;
			case "session.ended":
			case "session.seen":
			case "prompt.refused":
			case "cost.state":
				noteSession(stores, fact);
				break;
			case "prompt.submitted":
				notePrompt(stores, fact);
				break;
			case "turn.stopped":
			case "turn.interrupted":
			case "turn.read":
			case "turn.active":
				noteTurn(stores, fact);
				break;
			case "message.seen":
				noteMessage(stores, fact);
				if (fact.partial !== true) moments.noteCrossings(fact, fact.messageId, fact.requestedModel);
				break;
			case "request.failed":
				noteFailure(stores, fact);
				break;
			case "request.answered":
				noteRequest(stores, fact);
				if (fact.querySource === "main" && !areMessagesTold(stores, fact.sessionId))
					moments.noteCrossings(fact, fact.requestId, fact.model);
				break;
			case "answer.sized":
				if (!handOn.isDone(`request:${fact.requestId}`)) noteSize(stores, fact);
				break;
			case "request.retried":
				moments.note(fact, `retry:${fact.id}`);
				break;
			case "request.refused":
				noteRefusal(stores, fact, fact.requestId !== undefined && handOn.isDone(`request:${fact.requestId}`));
				if (fact.source === "native") moments.note(fact, `refusal:${fact.requestId ?? fact.at}`);
				break;
			case "tool.requested":
			case "tool.started":
			case "tool.ended":
			case "tool.decided":
			case "permission.denied":
				noteTool(stores, fact);
				flights.note(fact);
				break;
			case "tool.batch":
				noteBatch(stores, fact, (id) => handOn.isDone(`tool:${id}`));
				for (const { toolUseId } of fact.calls) flights.land(toolUseId);
				break;
			case "permission.asked":
				stores.asks.set(keyOfAsk(fact), fact);
				break;
			case "agent.started":
			case "agent.stopped":
			case "agent.read":
			case "agent.described":
				noteAgent(stores, fact);
				break;
			case "compacted":
				stores.compactions.set(fact.id, fact);
				break;
			case "model.switched":
				moments.note(fact, `switch:${fact.at}:${fact.from}:${fact.to}`);
				break;
			case "notified":
				moments.note(fact, `notification:${fact.at}:${fact.notificationType}`);
				break;
			case "mode.changed":
				moments.note(fact, `mode:${fact.at}:${fact.to}`);
				break;
			case "mcp.connection":
				moments.note(fact, `mcp:${fact.at}:${fact.mcpServer ?? ""}:${fact.status}`);
				break;
			case "hooks.ran":
				output.hooksRan(fact.hookEvent, fact.hooks, fact.durationMs);
				break;
			case "limit.told":
				output.limitTold(fact.window, fact.usedRatio);
				break;
			case "counted":
				output.counted(fact.counter, fact.type, fact.value);
				break;
			default:
				fact satisfies never;
		}
		const turn = fact.promptId === undefined ? undefined : stores.turns.get(fact.promptId);
		if (turn && !turn.handedOn) openTurns.add(turn);
	}

	function advance(now: number, late = now >= stragglersAt + TURN_QUIET_MS / 2): boolean {
		places.segments();
		handOn.openSessions();
		moments.tell(false);
		// An agent's sums hold those of the agents that it started: these go first.
		while (handOnReadyLives(now)) {}
		for (const turn of openTurns) {
			if (turn.handedOn || turn.answeredIn !== undefined) openTurns.delete(turn);
			else if (readiness.isTurnReady(turn, now)) handOn.turn(turn, readiness.isTold(turn));
		}
		// What is late has waited for seconds: to look for it at every tick would cost more than all the rest.
		if (late) {
			stragglersAt = now;
			handOn.stragglers(now - TURN_QUIET_MS);
		}
		relieve();
		handOn.closedSessions(now - SESSION_QUIET_MS);
		return late;
	}

	/** A run that tells of no ends must not grow for ever. */
	function relieve(): void {
		if (stores.tools.size > HELD_CALLS_MAX) handOn.relieve(HELD_CALLS_TARGET, HELD_CALLS_MAX);
		handOn.relieveOthers(HELD_OTHERS_MAX);
		if (moments.size() > HELD_OTHERS_MAX) moments.tell(true);
		if (flights.size() > HELD_CALLS_MAX) flights.landAll((toolUseId) => handOn.isDone(`tool:${toolUseId}`));
		if (openTurns.size <= HELD_OTHERS_MAX) return;
		// Ids of prompts that nobody told of.
		for (const turn of openTurns) if (!isTurn(turn)) openTurns.delete(turn);
	}

	function handOnReadyLives(now: number): boolean {
		let progress = false;
		for (const agent of stores.openAgents) {
			for (const n of livesOf(agent).keys()) {
				const life = { agent, n };
				if (agent.handedOn.has(n) || !readiness.isLifeReady(life, now)) continue;
				progress = true;
				if (handOn.openChildren(life).every((child) => !readiness.isLifeReady(child, now))) handOn.life(life);
			}
		}
		return progress;
	}

	function settle(): void {
		places.segments();
		handOn.openSessions();
		moments.tell(true);
		flights.landAll();
		handOn.everything();
		// Questions whose call nobody told of, and ids of prompts that nobody told of.
		stores.asks.clear();
		openTurns.clear();
	}

	function held(): number {
		const { tools, chats, failures, requests, refusals, asks, compactions, openAgents } = stores;
		const open = [tools, chats, failures, requests, refusals, asks, compactions, openAgents];
		const turns = [...openTurns].filter(({ handedOn }) => !handedOn).length;
		return open.reduce((sum, { size }) => sum + size, turns + moments.size() + flights.size());
	}

	return { apply, advance, settle, held };
}

function openLink(stores: Stores, toolUseId: string, options: ModelOptions): Link | undefined {
	const tool = stores.tools.get(toolUseId);
	return tool && linkOfTool(tool, options.isExcluded);
}
