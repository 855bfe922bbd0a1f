// Tool calls → tool episodes, and the waits for a human's permission inside them.
import { keyOfAsk, matchAsks } from "../asks.ts";
import type { FactOf } from "../fact.ts";
import { TOOL_NAMES_MAX } from "../limits.ts";
import { isFollowed, linkOfTool, startOfTool } from "../places.ts";
import { hasLeft, wasStopped } from "../run-end.ts";
import type { ToolState, TurnState } from "../state.ts";
import { isMcpTool, outcomeOf } from "../tool-outcome.ts";
import { type Handover, placeOnly } from "./handover.ts";

/** @param over when what they lie in was over, for calls of which nobody told the end */
export type HandOnTools = (tools: readonly ToolState[], over?: number) => void;

export function createToolSteps(handover: Handover): HandOnTools {
	const { stores, places, links, options, output, sums, finish } = handover;

	function handOnTools(tools: readonly ToolState[], over?: number): void {
		// Among all that are open, so that it does not matter which of them goes first.
		const asks = stores.asks.size === 0 ? new Map() : matchAsks([...stores.tools.values()], [...stores.asks.values()]);
		for (const tool of tools) handOnTool(tool, asks.get(tool.toolUseId) ?? [], over);
	}

	function handOnTool(tool: ToolState, asks: FactOf<"permission.asked">[], over: number | undefined): void {
		stores.tools.delete(tool.toolUseId);
		finish(`tool:${tool.toolUseId}`);
		// A call of an earlier run, that was killed with it: when its session goes on, claude writes an end to it.
		if (tool.toolName === undefined) return;
		const link = linkOfTool(tool, options.isExcluded);
		if (mayStartAgents(tool)) links.set(tool.toolUseId, link);
		const place = places.locate(tool, link.at);
		const runOver = over ?? stores.runEnd?.at ?? place.turn?.lastAt ?? link.at;
		const interruptedAt =
			tool.agentId === undefined ? place.turn?.interruptedAt : stores.agents.get(tool.agentId)?.interruptedAt;
		const outcome = outcomeOf(tool, {
			interruptedAt,
			stopped: wasStopped(stores.runEnd) || wasLeft(tool, place.turn),
			over: runOver,
		});
		const { hookEnd, transcriptEnd } = tool;
		const toolName = tool.toolName.value;
		// A question about it came after its begin.
		const start = Math.min(startOfTool(tool), ...asks.map(({ at }) => at));
		const end = Math.max(start, outcome.end);
		const excluded = link.excluded;
		const known = hookEnd?.source === "native" ? (transcriptEnd ?? hookEnd) : (hookEnd ?? transcriptEnd);
		const ran = outcome.status === "ok" || outcome.status === "error";
		const background = hookEnd?.background ?? transcriptEnd?.background ?? false;
		const exitCode = known?.exitCode ?? (toolName === "Bash" && outcome.status === "ok" && !background ? 0 : undefined);
		const ref = { kind: "tool" as const, sessionId: tool.sessionId, toolUseId: tool.toolUseId };
		for (const sum of sums.above(place)) sum.toolsUsed++;
		const names = sums.ofSession(place.session).toolNames;
		if (names.size < TOOL_NAMES_MAX) names.add(toolName);
		output.episode({
			...placeOnly(place),
			kind: "tool",
			ref,
			start,
			end,
			toolUseId: tool.toolUseId,
			toolName,
			mcpServer: tool.mcpServer?.value ?? mcpServerOf(toolName),
			status: outcome.status,
			errorType: outcome.status === "error" ? mcpError(outcome.errorType ?? "tool_error", toolName) : undefined,
			durationMs: hookEnd?.durationMs ?? (ran && !hookEnd ? end - start : undefined),
			exitCode: ran ? exitCode : undefined,
			timeout: (hookEnd?.timeout ?? transcriptEnd?.timeout) === true,
			stdoutBytes: known?.stdoutBytes ?? transcriptEnd?.stdoutBytes,
			stderrBytes: known?.stderrBytes ?? transcriptEnd?.stderrBytes,
			decision:
				tool.decided?.value.decision ?? transcriptEnd?.decision ?? (outcome.status === "denied" ? "reject" : undefined),
			decisionSource: tool.decided?.value.source ?? transcriptEnd?.decisionSource,
			asked: asks.length > 0,
			contents: {
				input: tool.contents.input?.value,
				response: tool.contents.response?.value,
				error: tool.contents.error?.value,
			},
			excluded,
		});
		for (const [n, ask] of asks.entries()) {
			stores.asks.delete(keyOfAsk(ask));
			if (excluded) continue;
			const answeredAt = hookEnd ? hookEnd.at - (hookEnd.durationMs ?? 0) : end;
			output.episode({
				...placeOnly(place),
				kind: "wait",
				ref: { kind: "wait", sessionId: tool.sessionId, toolUseId: tool.toolUseId, n },
				parent: ref,
				start: ask.at,
				end: Math.max(ask.at, answeredAt),
				toolName,
			});
		}
	}

	/** claude left by itself while what the call lies in was still at work. */
	function wasLeft(tool: ToolState, turn: TurnState | undefined): boolean {
		if (!hasLeft(stores.runEnd)) return false;
		const agent = tool.agentId === undefined ? undefined : stores.agents.get(tool.agentId);
		if (agent) return agent.hookStarts.size > 0 && ![...agent.stops].some((stop) => stop >= startOfTool(tool));
		if (turn === undefined || turn.lastStop !== undefined) return false;
		return turn.hookPrompts.size > 0 || (turn.transcriptStop === undefined && !isFollowed(stores, turn));
	}

	return handOnTools;
}

function mayStartAgents(tool: ToolState): boolean {
	const name = tool.toolName?.value;
	return name === "Agent" || name === "Task" || name === "SendMessage" || name === "Skill" || name === "Workflow";
}

function mcpServerOf(toolName: string): string | undefined {
	return /^mcp__(.+?)__/.exec(toolName)?.[1];
}

function mcpError(errorType: string, toolName: string): string {
	return errorType === "tool_error" && isMcpTool(toolName) ? "mcp_error" : errorType;
}
