// Everything that is open in a run, and how each fact changes it. Nothing is decided here.
import type { CleanContent, Contents, Fact, FactOf } from "./fact.ts";
import { HELD_SIZES_MAX } from "./limits.ts";
import type {
	AgentState,
	ChatState,
	FailureState,
	LaneTold,
	RequestState,
	SessionState,
	ToolState,
	TurnState,
	Where,
} from "./state.ts";
import {
	HOOK_FIRST,
	largest,
	NATIVE_LAST,
	prefer,
	preferLatest,
	smallest,
	type Told,
	TRANSCRIPT_FIRST,
} from "./told.ts";
import { maxUsage } from "./usage.ts";

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

/** Notes what the fact says of its session, and of the turn that it names. */
export function noteSurroundings(stores: Stores, fact: Fact): void {
	if (fact.sessionId === "") return;
	const session = sessionOf(stores, fact);
	const timeless = fact.kind === "cost.state" || fact.kind === "agent.described";
	// Before it takes up an earlier session, claude tells of its start under an id that comes to nothing.
	const vague = fact.source === "native" && fact.promptId === undefined;
	// Told at an agent's end, in whatever session is current then.
	const before = fact.source === "native" && fact.kind === "agent.started";
	if (!timeless && !vague && !before) {
		session.firstAt = Math.min(session.firstAt, fact.at);
		session.lastAt = Math.max(session.lastAt, fact.at);
	}
	if (fact.source === "hook") session.hookSeen = true;
	if (fact.source === "transcript") session.transcriptSeen = true;
	if (fact.source === "native" && !vague) session.nativeSeen = true;
	if (fact.source === "agent") session.agentSeen = true;
	session.claudeVersion = merge(session.claudeVersion, fact, fact.claudeVersion, HOOK_FIRST);
	if (fact.agentId !== undefined) {
		const agent = agentOf(stores, fact, fact.agentId);
		if (fact.source !== "native") return;
		agent.nativeParent ??= fact.parentAgentId;
		agent.nativePrompt = merge(agent.nativePrompt, fact, fact.promptId, NATIVE_LAST);
		return;
	}
	session.where = merge(session.where, fact, whereOf(fact), HOOK_FIRST);
	session.permissionMode = merge(session.permissionMode, fact, fact.permissionMode, HOOK_FIRST);
	if (fact.promptId === undefined || timeless) return;
	const turn = turnOf(stores, fact, fact.promptId);
	turn.lastAt = Math.max(turn.lastAt, fact.at);
	turn.permissionMode = merge(turn.permissionMode, fact, fact.permissionMode, HOOK_FIRST);
	turn.where = merge(turn.where, fact, whereOf(fact), HOOK_FIRST);
}

/** At level minimal the directory is not told, only what is checked out there. */
function whereOf({ cwd, branch, revision }: Fact): Where | undefined {
	return cwd === undefined && branch === undefined && revision === undefined ? undefined : { cwd, branch, revision };
}

function sessionOf(stores: Stores, fact: Fact): SessionState {
	let session = stores.sessions.get(fact.sessionId);
	if (!session) {
		session = {
			sessionId: fact.sessionId,
			firstAt: Number.POSITIVE_INFINITY,
			lastAt: Number.NEGATIVE_INFINITY,
			promptTimes: new Set(),
			refusals: new Set(),
			hookSeen: false,
			wholeSeen: false,
			transcriptSeen: false,
			nativeSeen: false,
			agentSeen: false,
			ends: new Map(),
			sources: new Map(),
		};
		stores.sessions.set(fact.sessionId, session);
	}
	return session;
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

export function noteRequest(stores: Stores, fact: FactOf<"request.answered">): void {
	if (stores.requests.has(fact.requestId)) return;
	const request: RequestState = { sessionId: fact.sessionId, fact };
	noteLane(request, fact);
	stores.requests.set(fact.requestId, request);
}

export function noteSize(stores: Stores, { requestId, part, chars }: FactOf<"answer.sized">): void {
	const parts = stores.sizes.get(requestId) ?? new Map<string, number>();
	stores.sizes.set(requestId, parts.set(part, chars));
	if (stores.sizes.size > HELD_SIZES_MAX) stores.sizes.delete(stores.sizes.keys().next().value as string);
}

/** Whether hooks tell when turns of this session begin and stop; where they do not, the transcript does. */
export function hasTurnHooks(stores: Stores, sessionId: string): boolean {
	return (stores.sessions.get(sessionId)?.promptTimes.size ?? 0) > 0;
}

export function noteSession(
	stores: Stores,
	fact: FactOf<"session.ended" | "prompt.refused" | "session.seen" | "cost.state">,
): void {
	const session = sessionOf(stores, fact);
	if (fact.kind === "session.ended") session.ends.set(fact.at, fact.reason);
	else if (fact.kind === "prompt.refused") session.refusals.add(fact.at);
	else if (fact.kind === "session.seen") noteSource(session, fact);
	else if (fact.source === "native") session.nativeLedger = laterLedger(session.nativeLedger, fact);
	else if (fact.baseline) session.baseline = laterLedger(session.baseline, fact);
	else session.ledger = laterLedger(session.ledger, fact);
}

/** A compaction tells of a start, too. */
function noteSource({ sources }: SessionState, { at, sessionSource }: FactOf<"session.seen">): void {
	if (sessionSource !== undefined && sessionSource !== "compact") sources.set(at, sessionSource);
}

function laterLedger(current: FactOf<"cost.state"> | undefined, next: FactOf<"cost.state">) {
	return current === undefined || next.index > current.index ? next : current;
}

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

export function noteMessage(stores: Stores, fact: FactOf<"message.seen">): void {
	markActive(stores, fact);
	const chat = stores.chats.get(fact.messageId);
	const requested: Told<string> = { value: fact.requestedModel, source: fact.source, at: fact.at };
	const answered: Told<string> = { value: fact.responseModel, source: fact.source, at: fact.at };
	const next: ChatState = chat ?? {
		sessionId: fact.sessionId,
		messageId: fact.messageId,
		requestedModel: requested,
		responseModel: answered,
		usage: fact.usage,
		partial: false,
		givenUp: false,
		whole: false,
		webSearches: 0,
		fast: false,
		answers: new Map(),
		firstAt: fact.at,
		lastAt: fact.at,
	};
	noteLane(next, fact);
	next.requestId ??= fact.requestId;
	next.requestedModel = prefer(next.requestedModel, requested, TRANSCRIPT_FIRST);
	next.responseModel = prefer(next.responseModel, answered, TRANSCRIPT_FIRST);
	next.usage = maxUsage(next.usage, fact.usage);
	if (fact.stopReason !== undefined) {
		next.stopReason = preferLatest(
			next.stopReason,
			{ value: fact.stopReason, source: fact.source, at: fact.at },
			TRANSCRIPT_FIRST,
		);
	}
	next.after = smallest(next.after, fact.after);
	next.failedAttempts = largest(next.failedAttempts, fact.failedAttempts);
	next.retryMs = largest(next.retryMs, fact.retryMs);
	next.partial ||= fact.partial === true;
	next.givenUp ||= fact.givenUp === true;
	next.whole ||= fact.whole === true;
	if (next.whole) sessionOf(stores, fact).wholeSeen = true;
	next.webSearches = Math.max(next.webSearches, fact.webSearches ?? 0);
	next.fast ||= fact.fast === true;
	if (fact.content?.answer) next.answers.set(fact.blockIndex, fact.content.answer);
	next.firstAt = Math.min(next.firstAt, fact.at);
	next.lastAt = Math.max(next.lastAt, fact.at);
	stores.chats.set(fact.messageId, next);
}

export function noteFailure(stores: Stores, fact: FactOf<"request.failed">): void {
	markActive(stores, fact);
	const known = stores.failures.get(fact.id);
	const failure: FailureState = known ?? { sessionId: fact.sessionId, fact };
	noteLane(failure, fact);
	if (known !== undefined) {
		const told = { value: fact, source: fact.source, at: fact.at };
		known.fact = prefer(
			{ value: known.fact, source: known.fact.source, at: known.fact.at },
			told,
			TRANSCRIPT_FIRST,
		).value;
	}
	failure.durationMs = smallest(failure.durationMs, fact.durationMs);
	if (fact.unsent !== true) stores.failures.set(fact.id, failure);
	if (fact.agentId !== undefined) {
		const agent = agentOf(stores, fact, fact.agentId);
		agent.failures.add(fact.at);
		if (fact.querySource === "compact") agent.failedSummaries.add(fact.at);
		return;
	}
	if (fact.promptId === undefined) return;
	const turn = turnOf(stores, fact, fact.promptId);
	const told = { value: fact.errorType, source: fact.source, at: fact.at };
	turn.failure = preferLatest(turn.failure, told, TRANSCRIPT_FIRST);
}

/** The main loop went on: a stop before this was not the last one. */
function markActive(stores: Stores, fact: Fact): void {
	if (fact.agentId !== undefined || fact.promptId === undefined || fact.source !== "transcript") return;
	const turn = turnOf(stores, fact, fact.promptId);
	turn.activeAt = largest(turn.activeAt, fact.at);
}

export function noteTool(
	stores: Stores,
	fact: FactOf<"tool.requested" | "tool.started" | "tool.ended" | "tool.decided" | "permission.denied">,
): void {
	const tool = toolOf(stores, fact, fact.toolUseId);
	tool.toolName = merge(tool.toolName, fact, fact.toolName || undefined, NATIVE_LAST);
	noteContents(tool, fact, fact.content);
	switch (fact.kind) {
		case "tool.requested":
			tool.requestedAt = smallest(tool.requestedAt, fact.at);
			break;
		case "tool.decided": {
			const { decision, decisionSource: source } = fact;
			tool.decided = merge(tool.decided, fact, { decision, source }, HOOK_FIRST);
			break;
		}
		case "permission.denied":
			tool.deniedAt = smallest(tool.deniedAt, fact.at);
			break;
		case "tool.started":
			tool.startedAt = smallest(tool.startedAt, fact.at);
			tool.digest ??= fact.inputDigest;
			tool.mcpServer = merge(tool.mcpServer, fact, fact.mcpServer, HOOK_FIRST);
			break;
		case "tool.ended": {
			tool.mcpServer = merge(tool.mcpServer, fact, fact.mcpServer, HOOK_FIRST);
			tool.endDigest ??= fact.inputDigest;
			if (fact.source === "transcript") markActive(stores, fact);
			const told = { value: fact, source: fact.source, at: fact.at };
			const key = fact.source === "transcript" ? "transcriptEnd" : "hookEnd";
			const current = tool[key];
			tool[key] = prefer(current && { value: current, source: current.source, at: current.at }, told, HOOK_FIRST).value;
			noteLinks(stores, fact);
			break;
		}
		default:
			fact satisfies never;
	}
}

function noteLinks(stores: Stores, fact: FactOf<"tool.ended">): void {
	if (fact.startedAgentId !== undefined) {
		const told = { value: fact.toolUseId, source: fact.source, at: fact.at };
		stores.startedBy.set(fact.startedAgentId, prefer(stores.startedBy.get(fact.startedAgentId), told, HOOK_FIRST));
		if (fact.background) stores.background.add(fact.startedAgentId);
	}
	if (fact.revivedAgentId !== undefined) {
		const calls = stores.revivedBy.get(fact.revivedAgentId) ?? new Map<string, number>();
		calls.set(fact.toolUseId, Math.min(calls.get(fact.toolUseId) ?? fact.at, fact.at));
		stores.revivedBy.set(fact.revivedAgentId, calls);
	}
}

export function noteBatch(
	stores: Stores,
	fact: FactOf<"tool.batch">,
	isHandedOn: (toolUseId: string) => boolean,
): void {
	for (const { toolUseId, toolName } of fact.calls) {
		if (isHandedOn(toolUseId)) continue;
		const tool = toolOf(stores, fact, toolUseId);
		tool.toolName = merge(tool.toolName, fact, toolName || undefined, HOOK_FIRST);
		tool.batchAt = smallest(tool.batchAt, fact.at);
	}
}

function toolOf(stores: Stores, fact: Fact, toolUseId: string): ToolState {
	let tool = stores.tools.get(toolUseId);
	if (!tool) {
		tool = { sessionId: fact.sessionId, toolUseId, contents: {}, firstAt: fact.at };
		stores.tools.set(toolUseId, tool);
	}
	tool.firstAt = Math.min(tool.firstAt, fact.at);
	noteLane(tool, fact);
	return tool;
}

/** The input as run is PostToolUse's, then PreToolUse's, then what the model asked for. */
function noteContents(tool: ToolState, fact: Fact, contents: Contents<CleanContent> | undefined): void {
	const rank = fact.kind === "tool.ended" ? 0 : fact.kind === "tool.started" ? 1 : 2;
	for (const role of ["input", "response", "error"] as const) {
		const value = contents?.[role];
		if (value === undefined) continue;
		const told: Told<CleanContent> = { value, source: fact.source, at: role === "input" ? rank : fact.at };
		const current = tool.contents[role];
		tool.contents[role] = prefer(current, told, HOOK_FIRST);
	}
}

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

function noteLane(lane: LaneTold, fact: Fact): void {
	if (fact.agentId !== undefined) lane.agentId = fact.agentId;
	else if (fact.promptId !== undefined) {
		lane.promptId = prefer(lane.promptId, { value: fact.promptId, source: fact.source, at: fact.at }, HOOK_FIRST);
	}
}

function merge<T>(
	current: Told<T> | undefined,
	fact: Fact,
	value: T | undefined,
	ranks: Parameters<typeof prefer>[2],
): Told<T> | undefined {
	return value === undefined ? current : prefer(current, { value, source: fact.source, at: fact.at }, ranks);
}
