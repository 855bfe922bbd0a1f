// Everything that is open in a run. How each fact changes it is in note/; nothing is decided here.
import type { FactOf } from "./fact.ts";
import type {
	AgentState,
	ChatState,
	FailureState,
	RefusalState,
	RequestState,
	SessionState,
	ToolState,
	TurnState,
} from "./state.ts";
import type { Told } from "./told.ts";

export interface Stores {
	run?: FactOf<"run.started">;
	runEnd?: FactOf<"run.ended">;
	sessions: Map<string, SessionState>;
	turns: Map<string, TurnState>;
	tools: Map<string, ToolState>;
	chats: Map<string, ChatState>;
	failures: Map<string, FailureState>;
	/** What native telemetry tells of answered requests, by request id, until their answer is handed on. */
	requests: Map<string, RequestState>;
	/** Refused requests by request id, until they are handed on. */
	refusals: Map<string, RefusalState>;
	/** How long the parts of answers are, by request id, as long as their request is not handed on. */
	sizes: Map<string, Map<string, number>>;
	agents: Map<string, AgentState>;
	/** Those with a life that is not handed on. */
	openAgents: Set<AgentState>;
	asks: Map<string, FactOf<"permission.asked">>;
	compactions: Map<string, FactOf<"compacted">>;
	/** Which call started an agent, and which ones revived it, by agent id. */
	startedBy: Map<string, Told<string>>;
	revivedBy: Map<string, Map<string, number>>;
	background: Set<string>;
}

export function createStores(): Stores {
	return {
		sessions: new Map(),
		turns: new Map(),
		tools: new Map(),
		chats: new Map(),
		failures: new Map(),
		requests: new Map(),
		refusals: new Map(),
		sizes: new Map(),
		agents: new Map(),
		openAgents: new Set(),
		asks: new Map(),
		compactions: new Map(),
		startedBy: new Map(),
		revivedBy: new Map(),
		background: new Set(),
	};
}

/** Whether anybody tells of model requests: the hooks do not. */
export function areRequestsTold(stores: Stores, sessionId: string): boolean {
	const session = stores.sessions.get(sessionId);
	return session?.transcriptSeen === true || session?.nativeSeen === true || session?.agentSeen === true;
}

/** A message tells of each answer of this session; where none does, native telemetry is the only witness. */
export function areMessagesTold(stores: Stores, sessionId: string): boolean {
	const session = stores.sessions.get(sessionId);
	return session?.transcriptSeen === true || session?.agentSeen === true;
}

/** Nobody but native telemetry tells of this session: it knows no stops. */
export function isToldByNativeAlone(stores: Stores, sessionId: string): boolean {
	const session = stores.sessions.get(sessionId);
	return session?.nativeSeen === true && !session.transcriptSeen && !session.hookSeen;
}

/** Whether hooks tell when turns of this session begin and stop; where they do not, the transcript does. */
export function hasTurnHooks(stores: Stores, sessionId: string): boolean {
	return (stores.sessions.get(sessionId)?.promptTimes.size ?? 0) > 0;
}
