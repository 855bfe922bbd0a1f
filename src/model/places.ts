// Where things belong: from a lane (main loop or subagent) to the episode above it, its turn and its session.
import { lifeAt, livesOf } from "./agents.ts";
import type { Place, Ref } from "./episode.ts";
import { REVIVAL_SKEW_MS } from "./limits.ts";
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
	const begun = [...turn.together].filter(({ waits }) => !waits);
	const first = Math.min(...told, ...begun.map(startOfTurn));
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
	/** Whether the call that started it is known, and so on up to the main loop; `isLate`: no call that revived it is to come. */
	isParentKnown(life: Life, isLate: boolean): boolean;
	segments(): Segment[];
	/** The session in whose ledger the client counts what ends at this time: of an agent that outlives /clear, the next. */
	countedIn(sessionId: string, at: number): string;
}

export function isTurn(turn: TurnState | undefined): turn is TurnState {
	if (turn === undefined || turn.waits || turn.answeredIn !== undefined) return false;
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

	/**
	 * Who revived it, else who started it (the file beside its transcript, else the answer of that call): an agent is woken by
	 * the end of what it left at work, too.
	 */
	function parentCall(life: Life): Link | undefined {
		const { agent } = life;
		const toolUseId = agent.meta?.toolUseId ?? stores.startedBy.get(agent.agentId)?.value;
		return revivalOf(life) ?? (toolUseId === undefined ? undefined : linkOf(toolUseId));
	}

	/** The call that revived it: while that was at work, or by a hook's delay beside it, this life began. */
	function revivalOf({ agent, n }: Life): Link | undefined {
		const start = livesOf(agent)[n];
		if (n === 0 || start === undefined) return undefined;
		const calls = [...(stores.revivedBy.get(agent.agentId) ?? [])].map(([toolUseId, end]) => ({
			link: linkOf(toolUseId),
			toolUseId,
			end,
		}));
		const around = calls.filter(
			({ link, end }) => start >= (link?.at ?? end) - REVIVAL_SKEW_MS && start <= end + REVIVAL_SKEW_MS,
		);
		const apart = ({ link, end }: (typeof calls)[number]) => Math.max((link?.at ?? end) - start, start - end, 0);
		return around.toSorted((a, b) => apart(a) - apart(b) || (a.toolUseId < b.toolUseId ? -1 : 1))[0]?.link;
	}

	function isParentKnown(life: Life, isLate: boolean, depth = 0): boolean {
		if (life.n > 0 && !isLate && revivalOf(life) === undefined) return false;
		const call = parentCall(life);
		if (call?.agentId === undefined || depth >= DEPTH_MAX) return call !== undefined;
		const above = stores.agents.get(call.agentId);
		return above !== undefined && isParentKnown({ agent: above, n: lifeAt(above, call.at) }, isLate, depth + 1);
	}

	return {
		locate: (lane, at) => locate(lane, at),
		locateLife: (life) => locateLife(life),
		isParentKnown: (life, isLate) => isParentKnown(life, isLate),
		segments,
		countedIn: (sessionId, at) => currentSegment(cache ?? segments(), at)?.sessionId ?? sessionId,
	};
}

/** The prompt that was current when the life began, where a hook told. */
function promptAtStart({ agent, n }: Life, start: number): string | undefined {
	const told = [...agent.hookStarts].toSorted(([a], [b]) => a - b)[n]?.[1];
	return told ?? [...agent.hookStarts].find(([at]) => at === start)?.[1];
}
