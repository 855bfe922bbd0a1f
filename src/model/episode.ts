// What the model tells the signals: episodes, which have a start and an end and become spans, and
// moments, which become log records. Both carry values only, already merged from all witnesses.
import type { CleanContent, Contents, Counted, QuerySource, SessionSource, Source, Usage } from "./fact.ts";

/** Names an episode without holding it: enough to compute its span id and to be somebody's parent. */
export type Ref =
	| { kind: "session"; n: number }
	| { kind: "turn"; sessionId: string; promptId: string }
	| { kind: "chat"; sessionId: string; key: string }
	| { kind: "tool"; sessionId: string; toolUseId: string }
	| { kind: "wait"; sessionId: string; toolUseId: string; n: number }
	| { kind: "agent"; sessionId: string; agentId: string; n: number }
	| { kind: "compaction"; sessionId: string; id: string };

/** Where an episode or moment belongs. */
export interface Place {
	parent: Ref;
	sessionId: string;
	/** Which session span of the run. */
	session: number;
	/** The turn at the root of it, main loop or agents; absent for what belongs to the session alone. */
	promptId?: string;
	/** The agent run in whose lane it happened; absent in the main loop. */
	agentType?: string;
}

interface Lasting extends Place {
	ref: Ref;
	/** Milliseconds since the epoch; end is never before start. */
	start: number;
	end: number;
}

export interface Totals {
	/** Undefined where nobody told of model requests. */
	usage: Usage | undefined;
	/** Usage of attempts that were cut after they began. */
	lost: Usage;
	/** Integer pico-USD (1e-12), so that sums do not depend on their order. Undefined where no price is known for some of it. */
	picoUsd: number | undefined;
	toolsUsed: number;
}

export type Status = "ok" | "error" | "denied" | "interrupted" | "lost";

export interface SessionEpisode extends Lasting {
	kind: "session";
	source: SessionSource;
	endReason: string;
	exitCode?: number;
	claudeVersion?: string;
	argsCount: number;
	argsPreview: string;
	cwd?: string;
	branch?: string;
	revision?: string;
	permissionMode?: string;
	turns: number;
	syntheticTurns: number;
	toolNames: string[];
	totals: Totals;
}
export interface TurnEpisode extends Lasting {
	kind: "turn";
	index: number;
	synthetic: boolean;
	/** Prompts submitted under this id: more than one where the user typed while a tool ran. */
	prompts: number;
	status: Status;
	errorType?: string;
	prompt?: CleanContent;
	permissionMode?: string;
	cwd?: string;
	branch?: string;
	revision?: string;
	/** With its agents. */
	totals: Totals;
	/** The main loop alone. */
	own: Totals;
	/** Milliseconds from the end of the turn before; human turns only. */
	latencyMs?: number;
}
export interface ChatEpisode extends Lasting {
	kind: "chat";
	/** Absent when the request failed for good, or was broken off. */
	messageId?: string;
	requestId?: string;
	requestedModel?: string;
	responseModel?: string;
	usage: Usage;
	lost: Usage;
	/** Where the numbers come from: the transcript, claude's own telemetry, the client's ledger, or nobody. */
	tokensSource: "transcript" | "agent" | "native" | "cost-state" | "unknown";
	/** Which witness told when it began and ended. */
	timesSource: Source;
	picoUsd?: number;
	costBasis: "native" | "list" | "unknown";
	/** The price is that of a relative of the model. */
	costEstimated?: boolean;
	/** Absent where nobody tells of attempts before the answer. */
	attempts?: number;
	retryMs?: number;
	/** Milliseconds from the start of the answered attempt to its first byte. */
	firstChunkMs?: number;
	querySource: QuerySource;
	/** Share of the context window that its prompt takes up; main loop only. */
	contextUsedRatio?: number;
	stopReason?: string;
	/** Its stream was broken off, and nobody asked again. */
	broken?: boolean;
	errorType?: string;
	httpStatus?: number;
	answer?: CleanContent;
	error?: CleanContent;
}
export interface ToolEpisode extends Lasting {
	kind: "tool";
	toolUseId: string;
	toolName: string;
	mcpServer?: string;
	status: Status;
	errorType?: string;
	durationMs?: number;
	exitCode?: number;
	timeout: boolean;
	stdoutBytes?: number;
	stderrBytes?: number;
	decision?: string;
	decisionSource?: string;
	/** A human was asked. */
	asked: boolean;
	contents: Contents<CleanContent>;
	/** Counted, but without span or record. */
	excluded: boolean;
}
export interface WaitEpisode extends Lasting {
	kind: "wait";
	toolName: string;
}
export interface AgentEpisode extends Lasting {
	kind: "agent";
	agentId: string;
	type: string;
	/** Absent where nobody tells. */
	background?: boolean;
	depth: number;
	status: Status;
	totals: Totals;
}
export interface CompactionEpisode extends Lasting {
	kind: "compaction";
	trigger: string;
	preTokens?: number;
	postTokens?: number;
	durationMs?: number;
}
export type Episode =
	| SessionEpisode
	| TurnEpisode
	| ChatEpisode
	| ToolEpisode
	| WaitEpisode
	| AgentEpisode
	| CompactionEpisode;

interface Instant extends Place {
	at: number;
	/** Deterministic, and unique within the run, for `log.record.uid`. */
	uid: string;
}
export type Moment =
	| (Instant & { kind: "session.start"; source: SessionSource })
	| (Instant & { kind: "user.prompt"; synthetic: boolean; prompt?: CleanContent })
	| (Instant & {
			kind: "api.retry";
			errorType: string;
			httpStatus?: number;
			requestId?: string;
			attempt: number;
			maxAttempts: number;
			waitMs: number;
			model?: string;
			error?: CleanContent;
	  })
	| (Instant & { kind: "agent.start"; agentId: string; type: string })
	| (Instant & { kind: "model.switch"; from: string; to: string; reason?: string })
	| (Instant & { kind: "notification"; notificationType: string })
	| (Instant & { kind: "api.refusal"; requestId?: string; model?: string })
	| (Instant & { kind: "permission.mode_changed"; from?: string; to: string; reason?: string })
	| (Instant & { kind: "mcp.connection"; status: string; server?: string; transport?: string; durationMs?: number })
	| (Instant & { kind: "context.threshold"; model: string; usedRatio: number; threshold: number })
	| (Instant & {
			kind: "cost.drift";
			model: string;
			/** Tokens at list price. */
			ownPicoUsd: number;
			/** What the client counts. */
			clientPicoUsd: number;
			/** Apart by more than a hundredth. */
			notable: boolean;
	  });

/** What the model hands on, each thing once. */
export interface ModelOutput {
	/** A session begins; its episode comes when it has ended. */
	sessionOpened(session: { n: number; sessionId: string; start: number; source: SessionSource }): void;
	episode(episode: Episode): void;
	moment(moment: Moment): void;
	/** Calls that have begun (+1) or come back (-1), as the hooks tell. */
	inFlight(toolName: string, change: 1 | -1): void;
	/** Hooks of one event have run. */
	hooksRan(hookEvent: string, hooks: number, durationMs: number): void;
	/** How much of a limit of the subscription is used up, from 0 to 1. */
	limitTold(window: string, usedRatio: number): void;
	/** An increment of one of Claude Code's own counters. */
	counted(counter: Counted["counter"], type: string | undefined, value: number): void;
	/** A fact of this door came after its episode had been handed on. */
	late(source: Source): void;
}
