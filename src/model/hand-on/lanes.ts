// Everything that lies in a lane (a turn's main loop, a life of an agent) → its episodes.
import { lifeAt } from "../agents.ts";
import type { Fact, FactOf } from "../fact.ts";
import type { Life } from "../places.ts";
import { startOfTool } from "../places.ts";
import type { ChatState, LaneTold, RequestState, ToolState, TurnState } from "../state.ts";
import type { ChatSteps } from "./chats.ts";
import type { CompactionSteps } from "./compactions.ts";
import type { HandOnFailure } from "./failures.ts";
import type { Handover } from "./handover.ts";
import type { HandOnTools } from "./tools.ts";

export type IsHere = (lane: LaneTold, at: number) => boolean;

export interface Lanes {
	/** @param over when the lane was over, for what nobody told the end of */
	handOn(isHere: IsHere, over?: number): void;
	/** All that is left, for which no further witness will come. */
	handOnRest(): void;
	/** Only what has not changed since then. */
	handOnUntouched(isHere: IsHere, untouchedSince: number): void;
	/** Complete calls and the answers before them, oldest first, until so many calls are left. */
	relieve(target: number): void;
}

export function inTurn(turn: TurnState): IsHere {
	return (lane) => lane.agentId === undefined && lane.promptId?.value === turn.promptId;
}

export function inLife({ agent, n }: Life): IsHere {
	return (lane, at) => lane.agentId === agent.agentId && lifeAt(agent, at) === n;
}

export function createLanes(
	{ stores }: Handover,
	chats: ChatSteps,
	handOnFailure: HandOnFailure,
	handOnTools: HandOnTools,
	compactions: CompactionSteps,
): Lanes {
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
		const here = chatsIn(isHere);
		const failures = [...stores.failures.values()].filter((failure) => isHere(failure, failure.fact.at));
		chats.assignStumps(here, failures);
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
	}

	/** No message will tell of it. Those of compactions go with their compaction, or else at the end. */
	function isShownNowhereElse({ sessionId, fact }: RequestState): boolean {
		return fact.querySource === "auxiliary" || (fact.querySource !== "compact" && !hasTranscript(sessionId));
	}

	function hasTranscript(sessionId: string): boolean {
		return stores.sessions.get(sessionId)?.transcriptSeen === true;
	}

	function relieve(target: number): void {
		const complete = [...stores.tools.values()].filter((tool) => tool.hookEnd && tool.transcriptEnd);
		complete.sort((a, b) => startOfTool(a) - startOfTool(b));
		const gone = complete.slice(0, Math.max(0, stores.tools.size - target));
		const until = gone.at(-1);
		handOnTools(gone);
		if (!until) return;
		// A lane whose cut attempts are still to be assigned keeps its answers.
		const stumps = new Set([...stores.chats.values()].filter((chat) => chat.partial).map(laneKey));
		for (const chat of chatsIn((lane, at) => at < startOfTool(until) && !stumps.has(laneKey(lane)))) chats.chat(chat);
	}

	return {
		handOn: (isHere, over) => handOn(isHere, over),
		handOnRest: () => handOn(() => true, undefined, undefined, true),
		handOnUntouched: (isHere, untouchedSince) => handOn(isHere, undefined, (touchedAt) => touchedAt < untouchedSince),
		relieve,
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
