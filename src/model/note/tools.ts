// Facts of calls → what is known of them, and of the agents that they start.
import type { CleanContent, Contents, Fact, FactOf } from "../fact.ts";
import type { ToolState } from "../state.ts";
import type { Stores } from "../stores.ts";
import { HOOK_FIRST, NATIVE_LAST, prefer, smallest, type Told } from "../told.ts";
import { merge, noteLane } from "./merge.ts";
import { markActive } from "./turns.ts";

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
