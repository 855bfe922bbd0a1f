// Everything that lies in a lane (a turn's main loop, a life of an agent) → its episodes.
import { lifeAt } from "../agents.ts";
import type { Fact, FactOf } from "../fact.ts";
import type { Life } from "../places.ts";
import { startOfTool } from "../places.ts";
import type { ChatState, LaneTold, RequestState, ToolState, TurnState } from "../state.ts";
import { areMessagesTold } from "../stores.ts";
import type { ChatSteps } from "./chats.ts";
import type { CompactionSteps } from "./compactions.ts";
import { dropRefused, type HandOnFailure } from "./failures.ts";
import type { Handover } from "./handover.ts";
import type { RefusalSteps } from "./refusals.ts";
import { assignCutRequests, assignStumps } from "./stumps.ts";
import type { HandOnTools } from "./tools.ts";

export type IsHere = (lane: LaneTold, at: number) => boolean;

export interface Lanes {
	/** @param over when the lane was over, for what nobody told the end of */
	handOn(isHere: IsHere, over?: number): void;
	/** All that is left, for which no further witness will come. */
	handOnRest(): void;
	/** Only what has not changed since then. */
	handOnUntouched(isHere: IsHere, untouchedSince: number): void;
	/**
	 * Calls and the answers before them, oldest first, until so many calls are left: complete ones, then those of which
	 * one witness told the end; the others only where there are more of them than the limit.
	 */
	relieve(target: number, limit: number): void;
	/** The oldest of what waits for another witness, where there are more of a kind than so many. */
	relieveOthers(limit: number): void;
}

export function inTurn(turn: TurnState): IsHere {
	return (lane) => lane.agentId === undefined && lane.promptId?.value === turn.promptId;
}

export function inLife({ agent, n }: Life): IsHere {
	return (lane, at) => lane.agentId === agent.agentId && lifeAt(agent, at) === n;
}

export function createLanes(
	handover: Handover,
	chats: ChatSteps,
	handOnFailure: HandOnFailure,
	handOnTools: HandOnTools,
	compactions: CompactionSteps,
	refusals: RefusalSteps,
): Lanes {
	const { stores } = handover;

	function chatsIn(isHere: IsHere): ChatState[] {
		const here = [...stores.chats.values()].filter((chat) => isHere(chat, chat.firstAt));
		return here.toSorted((a, b) => a.firstAt - b.firstAt || (a.messageId < b.messageId ? -1 : 1));
	}

	function handOn(
		isHere: IsHere,
		over?: number,
		isDue: (touchedAt: number) => boolean = () => true,
		last = false,
	): void {
		dropRefused(stores);
		const here = chatsIn(isHere);
		const failures = [...stores.failures.values()]
			.filter((failure) => isHere(failure, failure.fact.at))
			// What the transcript tells goes first: native telemetry may tell the same without an id.
			.toSorted((a, b) => Number(a.fact.source === "native") - Number(b.fact.source === "native"));
		assignStumps(handover, here, failures);
		const alone = [...stores.requests.values()].filter(
			(request) => !areMessagesTold(stores, request.sessionId) && isHere(request, request.fact.at),
		);
		assignCutRequests(handover, alone, failures);
		for (const chat of here) if (isDue(chat.lastAt)) chats.chat(chat);
		for (const failure of failures) {
			// What native telemetry alone tells of a failure waits for the transcript's word.
			if (failure.fact.source === "native" && !last && hasTranscript(failure.sessionId)) continue;
			if (isDue(failure.fact.at)) handOnFailure(failure);
		}
		const tools = [...stores.tools.values()].filter((tool) => isDue(closedAt(tool)) && isHere(tool, startOfTool(tool)));
		handOnTools(tools, over);
		const boundaries = [...stores.compactions.values()].toSorted((a, b) => rankOf(a) - rankOf(b) || a.at - b.at);
		for (const compaction of boundaries) {
			if (!stores.compactions.has(compaction.id)) continue;
			if (compaction.source === "native" && !last && hasTranscript(compaction.sessionId)) continue;
			if (isDue(compaction.at) && isHere(laneOf(compaction), compaction.at)) compactions.compaction(compaction);
		}
		for (const request of stores.requests.values()) {
			if (!isDue(request.fact.at) || !isHere(request, request.fact.at)) continue;
			if (last || isShownNowhereElse(request)) chats.request(request);
		}
		if (!last) return;
		for (const refusal of stores.refusals.values()) if (isHere(refusal, refusal.at)) refusals.refusal(refusal);
	}

	/** No message will tell of it. Those of compactions go with their compaction, or else at the end. */
	function isShownNowhereElse({ sessionId, fact }: RequestState): boolean {
		return fact.querySource === "auxiliary" || (fact.querySource !== "compact" && !hasTranscript(sessionId));
	}

	function hasTranscript(sessionId: string): boolean {
		return stores.sessions.get(sessionId)?.transcriptSeen === true;
	}

	function relieve(target: number, limit: number): void {
		const open = [...stores.tools.values()].toSorted((a, b) => startOfTool(a) - startOfTool(b));
		const ranks = open.map((tool) =>
			tool.hookEnd && tool.transcriptEnd ? 0 : closedAt(tool) < Number.POSITIVE_INFINITY ? 1 : 2,
		);
		const surplus = (left: number, gone: readonly ToolState[]) => Math.max(0, open.length - gone.length - left);
		const ofRank = (rank: number) => open.filter((_tool, index) => ranks[index] === rank);
		const gone = ofRank(0).slice(0, surplus(target, []));
		for (const rank of [1, 2]) if (surplus(limit, gone) > 0) gone.push(...ofRank(rank).slice(0, surplus(target, gone)));
		const until = gone.reduce<ToolState | undefined>(
			(last, tool) => (last && startOfTool(last) >= startOfTool(tool) ? last : tool),
			undefined,
		);
		handOnTools(gone);
		if (!until) return;
		// A lane whose cut attempts are still to be assigned keeps its answers.
		const stumps = new Set([...stores.chats.values()].filter((chat) => chat.partial).map(laneKey));
		for (const chat of chatsIn((lane, at) => at < startOfTool(until) && !stumps.has(laneKey(lane)))) chats.chat(chat);
	}

	function relieveOthers(limit: number): void {
		const oldest = <T>(all: Iterable<T>, at: (one: T) => number) => {
			const list = [...all];
			// Half of them at once: to sort them at every look would cost more than all the rest.
			return list.length <= limit ? [] : list.toSorted((a, b) => at(a) - at(b)).slice(0, list.length - limit / 2);
		};
		const answers = oldest(stores.chats.values(), ({ firstAt }) => firstAt);
		const failures = oldest(stores.failures.values(), ({ fact }) => fact.at);
		assignStumps(handover, answers, failures);
		for (const chat of answers) chats.chat(chat);
		for (const failure of failures) handOnFailure(failure);
		for (const compaction of oldest(stores.compactions.values(), ({ at }) => at)) {
			if (stores.compactions.has(compaction.id)) compactions.compaction(compaction);
		}
		for (const request of oldest(stores.requests.values(), ({ fact }) => fact.at)) {
			if (stores.requests.has(request.fact.requestId)) chats.request(request);
		}
		for (const refusal of oldest(stores.refusals.values(), ({ at }) => at)) refusals.refusal(refusal);
		for (const [key] of oldest(stores.asks, ([, { at }]) => at)) stores.asks.delete(key);
	}

	return {
		handOn: (isHere, over) => handOn(isHere, over),
		handOnRest: () => handOn(() => true, undefined, undefined, true),
		handOnUntouched: (isHere, untouchedSince) => handOn(isHere, undefined, (touchedAt) => touchedAt < untouchedSince),
		relieve,
		relieveOthers,
	};
}

/** When the last of it was told; never, while nobody has told its end. */
function closedAt(tool: ToolState): number {
	return tool.hookEnd?.at ?? tool.transcriptEnd?.at ?? tool.batchAt ?? tool.deniedAt ?? Number.POSITIVE_INFINITY;
}

/** The transcript's first: they take what native telemetry tells of the same compaction along. */
function rankOf({ source }: FactOf<"compacted">): number {
	return source === "native" ? 1 : 0;
}

function laneKey({ agentId, promptId }: LaneTold): string {
	return agentId ?? promptId?.value ?? "";
}

export function laneOf(fact: Fact): LaneTold {
	const { sessionId, agentId, promptId, source, at } = fact;
	return { sessionId, agentId, promptId: promptId === undefined ? undefined : { value: promptId, source, at } };
}
