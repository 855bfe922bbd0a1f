// Where things belong: from a lane (main loop or subagent) to the episode above it, its turn and its session.
import { lifeAt, livesOf } from "./agents.ts";
import type { Place, Ref } from "./episode.ts";
import { currentSegment, type Segment, segmentAt, segmentsOf } from "./segments.ts";
import type { AgentState, LaneTold, ToolState, TurnState } from "./state.ts";
import type { Stores } from "./stores.ts";

/** Agents within agents that are followed upward; deeper ones hang under their session. */
const DEPTH_MAX = 64;

/** What stays known of a call that started or revived an agent, after it has been handed on. */
export interface Link extends LaneTold {
	toolUseId: string;
	at: number;
	excluded: boolean;
}

export function linkOfTool(tool: ToolState, isExcluded: (toolName: string) => boolean): Link {
	const { sessionId, agentId, promptId, toolUseId } = tool;
	return {
		sessionId,
		agentId,
		promptId,
		toolUseId,
		at: startOfTool(tool),
		excluded: isExcluded(tool.toolName?.value ?? ""),
	};
}

export function startOfTool(tool: ToolState): number {
	const { startedAt, requestedAt, hookEnd } = tool;
	if (startedAt !== undefined || hookEnd?.durationMs === undefined) return startedAt ?? requestedAt ?? tool.firstAt;
	// Its begin was not hooked: what its end tells of it, but nothing begins before it was written.
	return Math.min(Math.max(hookEnd.at - hookEnd.durationMs, requestedAt ?? Number.NEGATIVE_INFINITY), hookEnd.at);
}

/** A hook is heard of after what it tells, on a busy machine by seconds. */
export function startOfTurn(turn: TurnState): number {
	const told = [...turn.hookPrompts, turn.transcriptPrompt ?? Number.POSITIVE_INFINITY];
	const first = Math.min(...told, ...[...turn.together].map(startOfTurn));
	return first === Number.POSITIVE_INFINITY ? turn.lastAt : first;
}

/** A life of an agent: the agent and which of its lives. */
export interface Life {
	agent: AgentState;
	n: number;
}

export interface Located extends Place {
	/** Agent lives from the innermost to the outermost, whose totals this adds to. */
	lives: Life[];
	turn?: TurnState;
}

export interface Places {
	/** Of a thing that happened in this lane at this time. */
	locate(lane: LaneTold, at: number): Located;
	/** Of a life of an agent itself. */
	locateLife(life: Life): Located;
	/** Whether the call that started it is known, and so on up to the main loop. */
	isParentKnown(life: Life): boolean;
	segments(): Segment[];
	/** The session in whose ledger the client counts what ends at this time: of an agent that outlives /clear, the next. */
	countedIn(sessionId: string, at: number): string;
}

export function isTurn(turn: TurnState | undefined): turn is TurnState {
	if (turn === undefined || turn.answeredIn !== undefined) return false;
	return turn.hookPrompts.size > 0 || turn.transcriptPrompt !== undefined;
}

/** The turn in which a prompt is answered. */
function turnUnder(stores: Stores, promptId: string): TurnState | undefined {
	let turn = stores.turns.get(promptId);
	while (turn?.answeredIn !== undefined) turn = turn.answeredIn;
	return turn;
}

/** Whether another prompt came after it. */
export function isFollowed(stores: Stores, turn: TurnState): boolean {
	const start = startOfTurn(turn);
	return [...stores.turns.values()].some(
		(other) => other.sessionId === turn.sessionId && isTurn(other) && startOfTurn(other) > start,
	);
}

/** @param linkOf what is known of a call that may have started an agent, open or handed on */
export function createPlaces(stores: Stores, linkOf: (toolUseId: string) => Link | undefined): Places {
	let cache: Segment[] | undefined;
	const segments = () => {
		cache = segmentsOf(stores);
		return cache;
	};

	function locate(lane: LaneTold, at: number, depth = 0): Located {
		if (lane.agentId !== undefined && depth < DEPTH_MAX) {
			const agent = stores.agents.get(lane.agentId);
			if (agent) {
				const life = { agent, n: lifeAt(agent, at) };
				const above = locateLife(life, depth + 1);
				const ref: Ref = { kind: "agent", sessionId: agent.sessionId, agentId: agent.agentId, n: life.n };
				return { ...above, parent: ref, agentType: agent.type?.value ?? "unknown", lives: [life, ...above.lives] };
			}
		}
		return locateInMain(lane, at, lane.promptId?.value);
	}

	function locateInMain(lane: LaneTold, at: number, promptId: string | undefined): Located {
		const turn = promptId === undefined ? undefined : turnUnder(stores, promptId);
		const session = segmentAt(cache ?? segments(), lane.sessionId, at)?.n ?? 0;
		const place = { sessionId: lane.sessionId, session, lives: [] };
		if (!isTurn(turn)) return { ...place, parent: { kind: "session", n: session } };
		const parent: Ref = { kind: "turn", sessionId: turn.sessionId, promptId: turn.promptId };
		return { ...place, parent, promptId: turn.promptId, turn };
	}

	function locateLife(life: Life, depth = 0): Located {
		const call = parentCall(life);
		const start = livesOf(life.agent)[life.n] ?? life.agent.firstAt;
		if (call === undefined) {
			const { nativeParent, nativePrompt } = life.agent;
			if (nativeParent !== undefined)
				return locate({ sessionId: life.agent.sessionId, agentId: nativeParent }, start, depth);
			const promptId = promptAtStart(life, start) ?? nativePrompt?.value;
			return locateInMain({ sessionId: life.agent.sessionId }, start, promptId);
		}
		const place = locate(call, call.at, depth);
		if (call.excluded) return place;
		return { ...place, parent: { kind: "tool", sessionId: call.sessionId, toolUseId: call.toolUseId } };
	}

	/** Life 0: the file beside its transcript, else the answer of the call that started it. Later lives: who revived it, in order. */
	function parentCall({ agent, n }: Life): Link | undefined {
		if (n === 0) {
			const toolUseId = agent.meta?.toolUseId ?? stores.startedBy.get(agent.agentId)?.value;
			return toolUseId === undefined ? undefined : linkOf(toolUseId);
		}
		const revivals = [...(stores.revivedBy.get(agent.agentId) ?? [])].toSorted(
			([idA, a], [idB, b]) => a - b || (idA < idB ? -1 : 1),
		);
		const toolUseId = revivals[n - 1]?.[0];
		return toolUseId === undefined ? undefined : linkOf(toolUseId);
	}

	function isParentKnown(life: Life, depth = 0): boolean {
		const call = parentCall(life);
		if (call?.agentId === undefined || depth >= DEPTH_MAX) return call !== undefined;
		const above = stores.agents.get(call.agentId);
		return above !== undefined && isParentKnown({ agent: above, n: lifeAt(above, call.at) }, depth + 1);
	}

	return {
		locate: (lane, at) => locate(lane, at),
		locateLife: (life) => locateLife(life),
		isParentKnown: (life) => isParentKnown(life),
		segments,
		countedIn: (sessionId, at) => currentSegment(cache ?? segments(), at)?.sessionId ?? sessionId,
	};
}

/** The prompt that was current when the life began, where a hook told. */
function promptAtStart({ agent, n }: Life, start: number): string | undefined {
	const told = [...agent.hookStarts].toSorted(([a], [b]) => a - b)[n]?.[1];
	return told ?? [...agent.hookStarts].find(([at]) => at === start)?.[1];
}
