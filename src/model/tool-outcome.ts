// What became of a tool call, from everything that was told of it.
import type { Status } from "./episode.ts";
import type { ToolState } from "./state.ts";

export interface ToolOutcome {
	status: Status;
	errorType?: string;
	end: number;
}

export interface Surroundings {
	/** The human stopped the turn or the agent at this time. */
	interruptedAt?: number;
	/** The run ended by SIGINT, SIGTERM or SIGHUP. */
	stopped: boolean;
	/** When the run, or else the turn, was over. */
	over: number;
}

/**
 * Hooks tell first; the transcript closes what no hook closed. A call that was started and closed by the
 * batch alone was denied; one that never started is unknown or had input that does not fit its schema.
 */
export function outcomeOf(tool: ToolState, around: Surroundings): ToolOutcome {
	const { hookEnd, transcriptEnd, batchAt, deniedAt } = tool;
	// Native telemetry tells that a call ended, but neither why it failed nor that it was stopped.
	const full = hookEnd?.source === "native" ? transcriptEnd : undefined;
	if (hookEnd) {
		const { outcome, errorType } = full ?? hookEnd;
		return { status: outcome, errorType, end: hookEnd.at };
	}
	if (deniedAt !== undefined) return { status: "denied", end: smallestOf(batchAt, transcriptEnd?.at, deniedAt) };
	if (transcriptEnd) return readTranscriptEnd(tool, transcriptEnd, around);
	if (tool.decided?.value.decision === "reject") return { status: "denied", end: tool.decided.at };
	if (batchAt !== undefined) {
		if (tool.startedAt !== undefined) return { status: "denied", end: batchAt };
		const name = tool.toolName?.value ?? "";
		const known = isMcpTool(name) || isBuiltInTool(name);
		return { status: "error", errorType: known ? "invalid_input" : "unknown_tool", end: batchAt };
	}
	const interrupted = around.stopped || around.interruptedAt !== undefined;
	return { status: interrupted ? "interrupted" : "lost", end: around.interruptedAt ?? around.over };
}

function readTranscriptEnd(
	tool: ToolState,
	end: NonNullable<ToolState["transcriptEnd"]>,
	around: Surroundings,
): ToolOutcome {
	if (end.outcome === "denied") return { status: "denied", end: tool.batchAt ?? end.at };
	// A call that was running when claude was told to go is recorded as failed, and no hook tells of its end.
	const cutOff = around.stopped && tool.startedAt !== undefined && tool.batchAt === undefined;
	if (end.outcome === "error" && cutOff) return { status: "interrupted", end: end.at };
	return { status: end.outcome, errorType: end.errorType, end: end.at };
}

function smallestOf(...times: (number | undefined)[]): number {
	return Math.min(...times.filter((time) => time !== undefined));
}

/** Where names of servers are not told, all their tools are called `mcp_tool`. */
export function isMcpTool(name: string): boolean {
	return name.startsWith("mcp__") || name === "mcp_tool";
}

/** Names of Claude Code's own tools (2.1.330), to tell an unknown tool from a call that did not fit its schema. */
export function isBuiltInTool(name: string): boolean {
	return BUILT_IN_TOOLS.has(name);
}

const BUILT_IN_TOOLS = new Set(
	(
		"Agent AskUserQuestion Bash BashOutput CronCreate CronDelete CronList Edit EnterPlanMode EnterWorktree ExitPlanMode " +
		"ExitWorktree Glob Grep KillBash KillShell ListAgents ListMcpResourcesTool LSP Monitor MultiEdit NotebookEdit " +
		"NotebookRead PowerShell Read ReadMcpResourceTool ReportFindings ScheduleWakeup SendMessage Skill SlashCommand " +
		"StructuredOutput Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TeamCreate TeamDelete TodoRead " +
		"TodoWrite ToolSearch WebFetch WebSearch Workflow Write"
	).split(" "),
);
