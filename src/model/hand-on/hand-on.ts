// Making episodes of what is known and handing them on, each once: what the session model asks for.
import { livesOf } from "../agents.ts";
import type { Moment, Place } from "../episode.ts";
import type { Fact } from "../fact.ts";
import { isTurn, type Life, startOfTurn } from "../places.ts";
import type { ChatState, LaneTold, TurnState } from "../state.ts";
import { createAgentSteps } from "./agents.ts";
import { createChatSteps } from "./chats.ts";
import { createCompactionSteps } from "./compactions.ts";
import { createFailureSteps } from "./failures.ts";
import { createHandover, type Handover, placeOnly } from "./handover.ts";
import { createLanes, type IsHere, inLife, inTurn, laneOf } from "./lanes.ts";
import { momentOf } from "./moments.ts";
import { createRefusalSteps } from "./refusals.ts";
import { createSessionSteps } from "./sessions.ts";
import { createToolSteps } from "./tools.ts";
import { createTurnSteps } from "./turns.ts";

export interface HandOn {
	isDone(id: string): boolean;
	openSessions(): void;
	life(life: Life): void;
	/** @param isTold all that it asked the model is known */
	turn(turn: TurnState, isTold: boolean): void;
	/** Agents below this one that are not handed on yet. */
	openChildren(life: Life): Life[];
	/** Whether agents of this turn are still at work. */
	hasOpenAgents(turn: TurnState): boolean;
	/** Whether an attempt of this turn was cut or its context compacted, so that the client's ledger has more to tell. */
	waitsForLedger(turn: TurnState): boolean;
	/** The same of an agent. */
	lifeWaitsForLedger(life: Life): boolean;
	/** Whether native telemetry will tell more of an answer of this turn, or of this agent. */
	waitsForNative(turn: TurnState): boolean;
	lifeWaitsForNative(life: Life): boolean;
	/** What belongs to turns and agents that were handed on already, or to none, and has not changed since. */
	stragglers(untouchedSince: number): void;
	/** Hands on calls and answers, oldest and complete ones first, until so many calls are left. */
	relieve(target: number, limit: number): void;
	/** The oldest of what waits for another witness, where there are more of a kind than so many. */
	relieveOthers(limit: number): void;
	closedSessions(endedBefore: number): void;
	everything(): void;
	momentOf(fact: Fact, lane: LaneTold, uid: string): Moment;
	placeOf(lane: LaneTold, at: number): Place;
}

export function createHandOn(shared: Pick<Handover, "stores" | "places" | "links" | "options" | "output">): HandOn {
	const handover = createHandover(shared);
	const { stores, places } = handover;
	const chats = createChatSteps(handover);
	const refusals = createRefusalSteps(handover, chats);
	const compactions = createCompactionSteps(handover, chats, refusals);
	const lanes = createLanes(
		handover,
		chats,
		createFailureSteps(handover, chats),
		createToolSteps(handover),
		compactions,
		refusals,
	);
	const agents = createAgentSteps(handover, lanes);
	const turns = createTurnSteps(handover, lanes);
	const sessions = createSessionSteps(handover);

	/** Its turn or agent is handed on, or it has none. */
	function isHomeless(lane: LaneTold, at: number): boolean {
		const place = places.locate(lane, at);
		const life = place.lives[0];
		if (life) return life.agent.handedOn.has(life.n);
		return place.turn === undefined || place.turn.handedOn;
	}

	function isNativeDue(isHere: (chat: ChatState) => boolean): boolean {
		if (stores.run?.native !== true) return false;
		return [...stores.chats.values()].some(
			(chat) => !chat.partial && chat.requestId !== undefined && !stores.requests.has(chat.requestId) && isHere(chat),
		);
	}

	/** Some attempt may have been cut after it had begun. */
	function wasSomethingTried(isHere: IsHere): boolean {
		const { chats: answers, failures } = stores;
		return (
			[...answers.values()].some(
				(chat) => (chat.partial || (chat.failedAttempts ?? 0) > 0) && isHere(chat, chat.firstAt),
			) || [...failures.values()].some((failure) => failure.fact.failedAttempts > 0 && isHere(failure, failure.fact.at))
		);
	}

	/** Requests and calls of all lanes first, then agents and turns, which take the sums of what they hold. */
	function everything(): void {
		const residuals = compactions.readLedgers();
		const lives = [...stores.agents.values()].flatMap((agent) =>
			agent.firstAt === Number.POSITIVE_INFINITY
				? []
				: livesOf(agent).flatMap((_start, n) => (agent.handedOn.has(n) ? [] : [{ agent, n }])),
		);
		const open = [...stores.turns.values()].filter((turn) => isTurn(turn) && !turn.handedOn);
		for (const life of lives) lanes.handOn(inLife(life));
		for (const turn of open) lanes.handOn(inTurn(turn), turns.end(turn));
		lanes.handOnRest();
		compactions.chats(residuals);
		for (const life of lives) agents.life(life);
		open.sort((a, b) => startOfTurn(a) - startOfTurn(b) || (a.promptId < b.promptId ? -1 : 1));
		for (const turn of open) turns.turn(turn, true);
		for (const segment of sessions.all()) {
			sessions.open(segment);
			sessions.close(segment);
		}
	}

	/** What agents of it that are still at work had done until its end counts in its sums. */
	function handOnTurn(turn: TurnState, isTold: boolean): void {
		const end = turns.end(turn);
		for (const life of agents.open()) {
			if (places.locateLife(life).turn === turn) lanes.handOnUntouched(inLife(life), end);
		}
		turns.turn(turn, isTold);
	}

	return {
		isDone: handover.isDone,
		openSessions() {
			for (const segment of places.segments()) sessions.open(segment);
		},
		life: agents.life,
		turn: handOnTurn,
		openChildren: ({ agent, n }) =>
			agents
				.open()
				.filter((life) => places.locateLife(life).lives.some((above) => above.agent === agent && above.n === n)),
		hasOpenAgents: (turn) => agents.open().some((life) => places.locateLife(life).turn === turn),
		waitsForLedger: (turn) =>
			wasSomethingTried(inTurn(turn)) ||
			[...stores.compactions.values()].some((fact) => places.locate(laneOf(fact), fact.at).turn === turn),
		lifeWaitsForLedger: (life) =>
			wasSomethingTried(inLife(life)) ||
			[...stores.compactions.values()].some((fact) => inLife(life)(laneOf(fact), fact.at)),
		waitsForNative: (turn) => isNativeDue((chat) => inTurn(turn)(chat, chat.firstAt)),
		lifeWaitsForNative: (life) => isNativeDue((chat) => inLife(life)(chat, chat.firstAt)),
		stragglers: (untouchedSince) => lanes.handOnUntouched(isHomeless, untouchedSince),
		relieve: lanes.relieve,
		relieveOthers: lanes.relieveOthers,
		closedSessions(endedBefore) {
			for (const segment of places.segments()) {
				if (segment.end === undefined || segment.end >= endedBefore || sessions.isClosed(segment)) continue;
				const busy = [...stores.turns.values()].some(
					(turn) => isTurn(turn) && !turn.handedOn && turn.sessionId === segment.sessionId,
				);
				if (busy) continue;
				compactions.closeSession(segment.sessionId);
				refusals.closeSession(segment.sessionId);
				sessions.close(segment);
			}
		},
		everything,
		momentOf: (fact, lane, uid) => momentOf(places, fact, lane, uid),
		placeOf: (lane, at) => placeOnly(places.locate(lane, at)),
	};
}
