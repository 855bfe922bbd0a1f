// Facts in, episodes and moments out: the session model. Facts may come in any order and more than once.
// `advance` hands on what is complete, `settle` closes everything that is left. Pure: time arrives as an argument.
import { brokenOffAt, endOfLife, lifeAt, livesOf, readOfLife } from "./agents.ts";
import { createContextWatch } from "./context-window.ts";
import type { ModelOutput, Moment } from "./episode.ts";
import type { Fact, FactOf } from "./fact.ts";
import { createHandOn, type HandOn } from "./hand-on/hand-on.ts";
import type { HandoverOptions } from "./hand-on/handover.ts";
import { laneOf } from "./hand-on/lanes.ts";
import {
	HELD_CALLS_MAX,
	HELD_CALLS_TARGET,
	HELD_OTHERS_MAX,
	REMEMBERED_IDS_MAX,
	SESSION_QUIET_MS,
	STAMP_SKEW_MS,
	TURN_QUIET_MS,
} from "./limits.ts";
import { noteAgent } from "./note/agents.ts";
import { noteFailure, noteMessage, noteRefusal, noteRequest, noteSize } from "./note/requests.ts";
import { noteSession } from "./note/sessions.ts";
import { noteSurroundings } from "./note/surroundings.ts";
import { noteBatch, noteTool } from "./note/tools.ts";
import { notePrompt, noteTurn } from "./note/turns.ts";
import { createPlaces, isFollowed, isTurn, type Life, type Link, linkOfTool } from "./places.ts";
import type { LaneTold, TurnState } from "./state.ts";
import { areMessagesTold, createStores, hasTurnHooks, type Stores } from "./stores.ts";

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
	const flying = new Map<string, string>();
	const openTurns = new Set<TurnState>();
	const watchContext = createContextWatch(options.context);
	const pending: { lane: LaneTold; at: number; make(): Moment }[] = [];
	const toldMoments = new Set<string>();
	let stragglersAt = Number.NEGATIVE_INFINITY;

	function apply(fact: Fact): void {
		if (isLate(fact, handOn, stores)) {
			if (!isRepetition(fact)) output.late(fact.source);
			if (fact.kind === "tool.ended" && fact.source === "hook") land(fact.toolUseId);
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
				if (fact.partial !== true) tellCrossings(fact, fact.messageId, fact.requestedModel);
				break;
			case "request.failed":
				noteFailure(stores, fact);
				break;
			case "request.answered":
				noteRequest(stores, fact);
				if (fact.querySource === "main" && !areMessagesTold(stores, fact.sessionId))
					tellCrossings(fact, fact.requestId, fact.model);
				break;
			case "answer.sized":
				if (!handOn.isDone(`request:${fact.requestId}`)) noteSize(stores, fact);
				break;
			case "request.retried":
				tellMoment(fact, `retry:${fact.id}`);
				break;
			case "request.refused":
				noteRefusal(stores, fact, fact.requestId !== undefined && handOn.isDone(`request:${fact.requestId}`));
				if (fact.source === "native") tellMoment(fact, `refusal:${fact.requestId ?? fact.at}`);
				break;
			case "tool.requested":
			case "tool.started":
			case "tool.ended":
			case "tool.decided":
			case "permission.denied":
				noteTool(stores, fact);
				noteFlight(fact);
				break;
			case "tool.batch":
				noteBatch(stores, fact, (id) => handOn.isDone(`tool:${id}`));
				for (const { toolUseId } of fact.calls) land(toolUseId);
				break;
			case "permission.asked":
				stores.asks.set(`${fact.at}:${fact.inputDigest}`, fact);
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
				tellMoment(fact, `switch:${fact.at}:${fact.from}:${fact.to}`);
				break;
			case "notified":
				tellMoment(fact, `notification:${fact.at}:${fact.notificationType}`);
				break;
			case "mode.changed":
				tellMoment(fact, `mode:${fact.at}:${fact.to}`);
				break;
			case "mcp.connection":
				tellMoment(fact, `mcp:${fact.at}:${fact.mcpServer ?? ""}:${fact.status}`);
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

	/** A record that is told as soon as its place is known. */
	function tellMoment(fact: Fact, uid: string): void {
		if (toldMoments.has(uid)) return;
		toldMoments.add(uid);
		if (toldMoments.size > REMEMBERED_IDS_MAX) toldMoments.delete(toldMoments.values().next().value as string);
		const lane = laneOf(fact);
		pending.push({ lane, at: fact.at, make: () => handOn.momentOf(fact, lane, uid) });
	}

	function tellCrossings(fact: FactOf<"message.seen" | "request.answered">, id: string, model: string): void {
		if (fact.agentId !== undefined) return;
		const { sessionId, at, usage } = fact;
		for (const crossing of watchContext({ sessionId, at, model, usage })) {
			const uid = `context.threshold:${id}:${crossing.threshold}`;
			const lane = laneOf(fact);
			const make = (): Moment => ({
				...handOn.placeOf(lane, fact.at),
				at: fact.at,
				uid,
				kind: "context.threshold",
				...crossing,
			});
			pending.push({ lane, at: fact.at, make });
		}
	}

	function tellPending(all: boolean): void {
		for (let index = 0; index < pending.length; index++) {
			const { lane, at, make } = pending[index] as (typeof pending)[number];
			const agent = lane.agentId === undefined ? undefined : stores.agents.get(lane.agentId);
			if (!all && lane.agentId !== undefined && !(agent && isPlaced({ agent, n: lifeAt(agent, at) }))) continue;
			output.moment(make());
			pending.splice(index--, 1);
		}
	}

	function isPlaced(life: Life): boolean {
		return life.agent.handedOn.has(life.n) || places.isParentKnown(life, false);
	}

	function noteFlight(fact: Fact): void {
		if (fact.source !== "hook") return;
		if (fact.kind === "tool.started" && !flying.has(fact.toolUseId)) {
			flying.set(fact.toolUseId, fact.toolName);
			output.inFlight(fact.toolName, 1);
		} else if (fact.kind === "tool.ended" || fact.kind === "permission.denied") land(fact.toolUseId);
	}

	function land(toolUseId: string): void {
		const toolName = flying.get(toolUseId);
		if (toolName === undefined) return;
		flying.delete(toolUseId);
		output.inFlight(toolName, -1);
	}

	function advance(now: number, late = now >= stragglersAt + TURN_QUIET_MS / 2): boolean {
		places.segments();
		handOn.openSessions();
		tellPending(false);
		// An agent's sums hold those of the agents that it started: these go first.
		while (handOnReadyLives(now)) {}
		for (const turn of openTurns) {
			if (turn.handedOn || turn.answeredIn !== undefined) openTurns.delete(turn);
			else if (isTurnReady(turn, now)) handOn.turn(turn, isTold(turn));
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
		if (pending.length > HELD_OTHERS_MAX) tellPending(true);
		if (flying.size > HELD_CALLS_MAX) {
			for (const toolUseId of flying.keys()) if (handOn.isDone(`tool:${toolUseId}`)) land(toolUseId);
		}
		if (openTurns.size <= HELD_OTHERS_MAX) return;
		// Ids of prompts that nobody told of.
		for (const turn of openTurns) if (!isTurn(turn)) openTurns.delete(turn);
	}

	function handOnReadyLives(now: number): boolean {
		let progress = false;
		for (const agent of stores.openAgents) {
			for (const n of livesOf(agent).keys()) {
				const life = { agent, n };
				if (agent.handedOn.has(n) || !isLifeReady(life, now)) continue;
				progress = true;
				if (handOn.openChildren(life).every((child) => !isLifeReady(child, now))) handOn.life(life);
			}
		}
		return progress;
	}

	function isLifeReady(life: Life, now: number): boolean {
		const stopped = endOfLife(life.agent, life.n);
		const read = readOfLife(life.agent, life.n);
		const isLate = now >= (stopped ?? read ?? Number.POSITIVE_INFINITY) + TURN_QUIET_MS;
		if (!places.isParentKnown(life, isLate) || life.agent.firstAt === Number.POSITIVE_INFINITY) return false;
		const hooks = stores.sessions.get(life.agent.sessionId)?.hookSeen === true;
		if (stopped !== undefined && now >= stopped + TURN_QUIET_MS) return true;
		// With -p no hook tells that a request of it failed for good, which was its end if nothing came after.
		const failed = brokenOffAt(life.agent, life.n);
		if (failed !== undefined && now >= Math.max(failed, life.agent.lastAt) + TURN_QUIET_MS) return true;
		if (handOn.lifeWaitsForNative(life)) return false;
		if (hooks) {
			return (
				stopped !== undefined &&
				read !== undefined &&
				places.locateLife(life).turn !== undefined &&
				handOn.openChildren(life).length === 0 &&
				!handOn.lifeWaitsForLedger(life)
			);
		}
		return read !== undefined && now >= read + TURN_QUIET_MS;
	}

	/** Ended, read past its end, and none of its agents at work; or two seconds after its end. */
	function isTurnReady(turn: TurnState, now: number): boolean {
		if (!isTurn(turn)) return false;
		const hooks = hasTurnHooks(stores, turn.sessionId);
		const stop = Math.max(
			turn.lastStop?.at ?? Number.NEGATIVE_INFINITY,
			turn.interruptedAt ?? Number.NEGATIVE_INFINITY,
			hooks ? Number.NEGATIVE_INFINITY : (turn.transcriptStop?.at ?? Number.NEGATIVE_INFINITY),
		);
		if (stop === Number.NEGATIVE_INFINITY) return now >= turn.lastAt + TURN_QUIET_MS && isFollowed(stores, turn);
		if (turn.activeAt !== undefined && turn.activeAt > stop) return false;
		if (now >= stop + TURN_QUIET_MS) return true;
		return (
			hooks &&
			isRead(turn, stop) &&
			!handOn.hasOpenAgents(turn) &&
			!handOn.waitsForLedger(turn) &&
			!handOn.waitsForNative(turn)
		);
	}

	/** The record of a stop is written after the hook was answered; after a fatal error there is only the error's. */
	function isRead(turn: TurnState, stop: number): boolean {
		const failed = turn.lastStop?.value !== undefined && turn.failure !== undefined;
		const readTo = failed ? turn.failure?.at : stop - STAMP_SKEW_MS;
		return turn.readAt !== undefined && readTo !== undefined && turn.readAt >= readTo;
	}

	/** All that it asked the model is known: not where its hooks say that it ended, and its transcript is still to be read. */
	function isTold(turn: TurnState): boolean {
		const { lastStop, transcriptStop, activeAt, sessionId } = turn;
		const isWritten = stores.sessions.get(sessionId)?.transcriptSeen === true;
		if (lastStop === undefined || !isWritten || isRead(turn, lastStop.at)) return true;
		return transcriptStop !== undefined && transcriptStop.at >= (activeAt ?? transcriptStop.at);
	}

	function settle(): void {
		places.segments();
		handOn.openSessions();
		tellPending(true);
		for (const toolUseId of flying.keys()) land(toolUseId);
		handOn.everything();
		// Questions whose call nobody told of, and ids of prompts that nobody told of.
		stores.asks.clear();
		openTurns.clear();
	}

	function held(): number {
		const { tools, chats, failures, requests, refusals, asks, compactions, openAgents } = stores;
		const open = [tools, chats, failures, requests, refusals, asks, compactions, openAgents, flying];
		const turns = [...openTurns].filter(({ handedOn }) => !handedOn).length;
		return open.reduce((sum, { size }) => sum + size, turns + pending.length);
	}

	return { apply, advance, settle, held };
}

/** What native telemetry tells of calls comes seconds later, and hooks or transcript have told it before. */
function isRepetition(fact: Fact): boolean {
	return fact.source === "native" && (fact.kind === "tool.ended" || fact.kind === "tool.decided");
}

/** Markers that change nothing of what was handed on are not late. */
function isLate(fact: Fact, handOn: HandOn, stores: Stores): boolean {
	switch (fact.kind) {
		case "message.seen":
			if (handOn.isDone(`chat:${fact.messageId}`)) return true;
			return fact.partial !== true && fact.requestId !== undefined && handOn.isDone(`request:${fact.requestId}`);
		case "request.answered":
			return handOn.isDone(`request:${fact.requestId}`);
		case "request.failed":
			return handOn.isDone(`failure:${fact.id}`);
		case "tool.requested":
		case "tool.started":
		case "tool.ended":
		case "tool.decided":
		case "permission.denied":
			return handOn.isDone(`tool:${fact.toolUseId}`);
		case "compacted":
			return handOn.isDone(`compaction:${fact.id}`);
		case "turn.stopped":
		case "turn.interrupted":
			return (
				fact.source === "hook" && fact.promptId !== undefined && stores.turns.get(fact.promptId)?.handedOn === true
			);
		default:
			return false;
	}
}

function openLink(stores: Stores, toolUseId: string, options: ModelOptions): Link | undefined {
	const tool = stores.tools.get(toolUseId);
	return tool && linkOfTool(tool, options.isExcluded);
}
