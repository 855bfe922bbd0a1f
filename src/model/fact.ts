// One thing that one witness saw. Intake makes facts from bytes, privacy takes the secrets out of
// them, the session model merges them by id. A fact never depends on the facts before it: applied
// in any order, or twice, the same set gives the same session.

/** Which door the fact came through. */
export type Source = "launch" | "hook" | "transcript" | "native" | "agent";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What somebody wrote or a tool returned, as intake hands it over: not yet fit to keep. */
export interface RawContent {
	/** UTF-8 size of the whole text, or of the JSON of a structured value, before any cut. */
	bytes: number;
	/** The text or structure; long ones may be cut by intake (then `cut` is true). */
	value: Json;
	cut?: boolean;
}

/** The same after privacy: only what the level allows, redacted, then truncated. */
export interface CleanContent {
	bytes: number;
	/** One line for a person: the command, the path, the first line of an error. Absent where the level forbids it. */
	summary?: string;
	/** `summary` was truncated. */
	summaryTruncated?: boolean;
	/** Level full: the whole text (prompt, response, error), or each top-level key of a structure, flattened. */
	text?: string;
	fields?: Record<string, string | number | boolean>;
	/** `text` or one of `fields` was truncated. */
	truncated?: boolean;
}

/** The pieces of content that a fact can carry; privacy treats each by its role. */
export interface Contents<C> {
	prompt?: C;
	/** What the model answered (text blocks only). */
	answer?: C;
	input?: C;
	response?: C;
	error?: C;
}

/** Numbers of tokens of one model request. `input` is the uncached part. */
export interface Usage {
	input: number;
	output: number;
	cacheRead: number;
	/** Written to the 5-minute cache. */
	cacheCreation5m: number;
	/** Written to the 1-hour cache. */
	cacheCreation1h: number;
}

interface Seen<C> {
	source: Source;
	/** When it happened: milliseconds since the epoch, wall clock. For hooks the arrival, for transcripts the record's own timestamp. */
	at: number;
	/** Empty only for facts of the run itself, made before claude has told its session id. */
	sessionId: string;
	/** Current prompt, where the witness tells it. */
	promptId?: string;
	/** The subagent in which it happened; absent in the main loop. */
	agentId?: string;
	/** The subagent that started this one, where the witness tells it with everything; absent below the main loop. */
	parentAgentId?: string;
	content?: Contents<C>;
	/** Working directory, permission mode, Claude Code's version, git branch: of the moment, where told. */
	cwd?: string;
	permissionMode?: string;
	claudeVersion?: string;
	branch?: string;
	revision?: string;
}

/** Who asks the model: the main loop, a subagent, a compaction, or Claude Code for itself. */
export type QuerySource = "main" | "subagent" | "compact" | "auxiliary";

export type SessionSource = "startup" | "resume" | "clear" | "fork" | "compact";

/** Before claude is started. */
export interface RunStarted {
	kind: "run.started";
	runId: string;
	/** By the arguments: `resume` for --resume and --continue, `fork` with --fork-session, else `startup`. */
	sessionSource: SessionSource;
	interactive: boolean;
	argsCount: number;
	argsPreview: string;
	/** claude's own telemetry is expected: what it tells of a request comes up to some seconds later. */
	native?: boolean;
}
/** claude has exited. */
export interface RunEnded {
	kind: "run.ended";
	exitCode?: number;
	/** Signal name, where it died by one. */
	signal?: string;
}
/** Hook SessionEnd: a session of this process ends, by /clear, /resume or exit. */
export interface SessionEnded {
	kind: "session.ended";
	reason: string;
}
/** Anything that proves the session is alive and says nothing more. */
export interface SessionSeen {
	kind: "session.seen";
	/** Hook SessionStart, where it is registered (installed hooks); in a transcript, what follows the copies of a fork. */
	sessionSource?: SessionSource;
}

/** UserPromptSubmit, or the transcript's user record of a prompt. */
export interface PromptSubmitted {
	kind: "prompt.submitted";
	promptId: string;
	/** Not typed by a human and not given by a program: a task notification, a wake-up. */
	synthetic: boolean;
	/** It was taken into the turn that was at work. */
	joined?: boolean;
	/** It begins no turn: the prompt that comes next answers it. */
	waits?: boolean;
	/** The id of the prompt before it that claude answers together with it, in this turn. */
	together?: string;
}
/** A hook of the user refused a prompt; nobody says which, and no other record is made of it. */
export interface PromptRefused {
	kind: "prompt.refused";
}
/** Stop or StopFailure; in a transcript, the record after a stop. */
export interface TurnStopped {
	kind: "turn.stopped";
	/** What ended it where no answer did: the class of an API error (StopFailure), or claude's own limit. */
	errorType?: string;
}
/** The transcript's `[Request interrupted …]`. */
export interface TurnInterrupted {
	kind: "turn.interrupted";
}
/** The transcript has been read past the last record of this turn. */
export interface TurnRead {
	kind: "turn.read";
	promptId: string;
}
/** A record that shows the turn, or the agent in which it stands, going on (a Stop hook blocked, an answer was cut). */
export interface TurnActive {
	kind: "turn.active";
	promptId: string;
}

/** What was tried before an answer: failed attempts, and the sum of the waits between them where that is known. */
export interface Tried {
	failedAttempts: number;
	retryMs?: number;
}

/** One record of an answered model request; a message has one per content block. */
export interface MessageSeen {
	kind: "message.seen";
	messageId: string;
	requestId?: string;
	/** The model that was asked for, and the one that answered. */
	requestedModel: string;
	responseModel: string;
	/** Same in every record of the message, or growing: the model keeps the largest per field. */
	usage: Usage;
	stopReason?: string;
	/** The latest thing in this lane that can have started the request: prompt, tool result, failed attempt, agent start. */
	after?: number;
	/** Failed attempts before this answer, and the sum of the waits between them; absent where the witness does not tell. */
	failedAttempts?: number;
	retryMs?: number;
	/** The same without attempts that native telemetry tells as requests of their own: answered without content, refused, or too long. */
	anew?: Tried;
	/** UTF-8 bytes of this record's text, and the place of its block in the message. */
	textBytes: number;
	blockIndex: number;
	/** The stream was cut before its end: tokens of it are lost, not counted. */
	partial?: boolean;
	/** And nobody asked again in its place: the user had interrupted it. */
	givenUp?: boolean;
	/** Whether this record says why the answer stopped: one in the midst of which claude was ended has no reason. */
	whole?: boolean;
	/** What costs beside its tokens: searches by the server, and fast mode, whose tokens have another price. */
	webSearches?: number;
	fast?: boolean;
}
/** Native `api_request`: an answered request, with what only the client knows of it. `at` is its end. */
export interface RequestAnswered {
	kind: "request.answered";
	requestId: string;
	/** The model that was asked for. */
	model: string;
	usage: Usage;
	/** What the client counts, attempts that were cut included: integer pico-USD (1e-12). */
	picoUsd?: number;
	/** Of the answered attempt alone. */
	durationMs?: number;
	firstChunkMs?: number;
	querySource: QuerySource;
	/** Of the WebSearch tool: it costs what was searched, too, and nobody says how often that was. */
	searchesWeb?: boolean;
}
/** How long a part of an answer is, by native telemetry: its text, or a call by its id. */
export interface AnswerSized {
	kind: "answer.sized";
	requestId: string;
	part: string;
	/** Of a call: of its tool's name and its input. */
	chars: number;
}
/** The model's safeguards declined: native `api_refusal`, and in a transcript what claude did then. */
export interface RequestRefused {
	kind: "request.refused";
	requestId?: string;
	model?: string;
	/** claude gave up there: what that ended, a turn or an agent, ended with this. */
	errorType?: string;
	after?: number;
	/** Absent where the witness does not tell. */
	failedAttempts?: number;
	retryMs?: number;
	anew?: Tried;
	querySource?: QuerySource;
}
/** A request that failed and will be tried again. */
export interface RequestRetried {
	kind: "request.retried";
	/** Key: the record's own id. */
	id: string;
	errorType: string;
	status?: number;
	requestId?: string;
	attempt: number;
	maxAttempts: number;
	waitMs: number;
	model?: string;
}
/** A request that failed for good. */
export interface RequestFailed {
	kind: "request.failed";
	/** Request id, or the record's own id where the answer had none. */
	id: string;
	requestId?: string;
	errorType: string;
	status?: number;
	requestedModel?: string;
	after?: number;
	failedAttempts: number;
	retryMs?: number;
	anew?: Tried;
	/** Of the last attempt. */
	durationMs?: number;
	querySource?: QuerySource;
	/** Another model was asked in its place: it ended nothing. */
	fallback?: boolean;
	/** claude gave up before it asked (a full context that could not be compacted): it ends a turn, and is no request. */
	unsent?: boolean;
}

/** A tool_use block of a message. */
export interface ToolRequested {
	kind: "tool.requested";
	toolUseId: string;
	toolName: string;
	messageId: string;
}
/** PreToolUse. */
export interface ToolStarted {
	kind: "tool.started";
	toolUseId: string;
	toolName: string;
	mcpServer?: string;
	/** HMAC of name and input, to match a PermissionRequest. */
	inputDigest: string;
}
/** PostToolUse, PostToolUseFailure, or the transcript's tool_result. */
export interface ToolEnded {
	kind: "tool.ended";
	toolUseId: string;
	toolName?: string;
	mcpServer?: string;
	/** As of ToolStarted, where a hook tells the end: it may be the only hook of the call. */
	inputDigest?: string;
	outcome: "ok" | "error" | "denied" | "interrupted";
	errorType?: string;
	/** The tool alone: no hooks, no permission wait. */
	durationMs?: number;
	exitCode?: number;
	timeout?: boolean;
	stdoutBytes?: number;
	stderrBytes?: number;
	/** The agent that this call started (Agent) or revived (SendMessage). */
	startedAgentId?: string;
	revivedAgentId?: string;
	background?: boolean;
	decision?: string;
	decisionSource?: string;
}
/** Native `tool_decision`: a rule, a mode, a hook or a human said yes or no. */
export interface ToolDecided {
	kind: "tool.decided";
	toolUseId: string;
	toolName: string;
	decision: "accept" | "reject";
	decisionSource?: string;
}
/** PostToolBatch: every call of the message is closed, denied and unknown ones too. */
export interface ToolBatchClosed {
	kind: "tool.batch";
	calls: { toolUseId: string; toolName: string }[];
}
/** PermissionRequest: a human is asked (it has no tool_use_id). */
export interface PermissionAsked {
	kind: "permission.asked";
	toolName: string;
	inputDigest: string;
}
/** PermissionDenied: refused by the automatic mode. */
export interface PermissionDenied {
	kind: "permission.denied";
	toolUseId: string;
	toolName: string;
}

export interface AgentStarted {
	kind: "agent.started";
	agentId: string;
	agentType: string;
}
export interface AgentStopped {
	kind: "agent.stopped";
	agentId: string;
	agentType: string;
}
/** `subagents/agent-<id>.meta.json`. */
export interface AgentDescribed {
	kind: "agent.described";
	agentId: string;
	agentType: string;
	toolUseId?: string;
	parentAgentId?: string;
	depth?: number;
	background?: boolean;
}
/** The agent's transcript has been read past its last record. */
export interface AgentRead {
	kind: "agent.read";
	agentId: string;
}

/** The transcript's compact_boundary, or native `compaction`. */
export interface Compacted {
	kind: "compacted";
	/** The record's uuid; of native telemetry a key made of its time. */
	id: string;
	trigger: string;
	/** The model of its lane, which writes the summary. */
	model?: string;
	preTokens?: number;
	postTokens?: number;
	durationMs?: number;
}
/** The client's own ledger, cumulative over the session; by native telemetry, over what this process had of it. */
export interface CostState {
	kind: "cost.state";
	totalCostUsd: number;
	models: Record<string, Usage & { costUsd: number }>;
	/** Read before the first record of this run: what earlier runs had spent. */
	baseline: boolean;
	/** What this run may spend (`--max-budget-usd`). */
	budgetUsd?: number;
	/** Rank among the cost states of this session: the last one counts. */
	index: number;
	/** The time of the record of this run before it: it has none of its own. */
	after?: number;
}
export interface ModelSwitched {
	kind: "model.switched";
	from: string;
	to: string;
	reason?: string;
}
export interface Notified {
	kind: "notified";
	notificationType: string;
}

export interface ModeChanged {
	kind: "mode.changed";
	from?: string;
	to: string;
	reason?: string;
}
export interface McpConnection {
	kind: "mcp.connection";
	status: string;
	mcpServer?: string;
	transport?: string;
	durationMs?: number;
}
/** Native `hook_execution_complete`: all hooks of one event, the user's too. */
export interface HooksRan {
	kind: "hooks.ran";
	hookEvent: string;
	hooks: number;
	durationMs: number;
}
/** An increment of a counter of Claude Code's own. */
export interface Counted {
	kind: "counted";
	counter: "lines_of_code" | "commits" | "pull_requests" | "active_time";
	type?: string;
	/** Lines, commits, requests, seconds. */
	value: number;
}

/** How much of a limit of the subscription is used up. */
export interface LimitTold {
	kind: "limit.told";
	/** `five_hour`, `seven_day` …; a closed list of Claude Code's. */
	window: string;
	/** From 0 to 1, or beyond. */
	usedRatio: number;
}

type Kinds =
	| RunStarted
	| RunEnded
	| SessionEnded
	| SessionSeen
	| PromptSubmitted
	| PromptRefused
	| TurnStopped
	| TurnInterrupted
	| TurnRead
	| TurnActive
	| MessageSeen
	| RequestAnswered
	| AnswerSized
	| RequestRefused
	| RequestRetried
	| RequestFailed
	| ToolRequested
	| ToolStarted
	| ToolEnded
	| ToolDecided
	| ToolBatchClosed
	| PermissionAsked
	| PermissionDenied
	| AgentStarted
	| AgentStopped
	| AgentDescribed
	| AgentRead
	| Compacted
	| CostState
	| ModelSwitched
	| Notified
	| ModeChanged
	| McpConnection
	| HooksRan
	| LimitTold
	| Counted;

/** As intake makes it. */
export type RawFact = Kinds extends infer K ? (K extends Kinds ? K & Seen<RawContent> : never) : never;
/** As everything past privacy sees it. */
export type Fact = Kinds extends infer K ? (K extends Kinds ? K & Seen<CleanContent> : never) : never;
export type FactKind = Kinds["kind"];
export type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>;
export type RawFactOf<K extends FactKind> = Extract<RawFact, { kind: K }>;
