// The tree of the run that the table of sources is held against, and what is left of it where a row says that less is told.
// In: the cells of a row, or spans. Out: a printed tree.

import { outline, tree } from "./oracle.ts";
import type { Span } from "./otlp-plain.ts";

/** Sorted, because calls of one message overlap. */
const WHOLE = tree(`
	claude.session
		invoke_agent claude-code turn.status=ok
			chat claude-opus-5-5 query_source=main
			chat claude-opus-5-5 query_source=main
			chat claude-opus-5-5 query_source=main
			chat claude-opus-5-5 query_source=main
			chat claude-opus-5-5 query_source=main
			chat claude-opus-5-5 query_source=main
			chat claude-opus-5-5 query_source=main
			claude.compaction
				chat claude-opus-5-5 query_source=compact
			execute_tool Agent [ERROR tool_error] tool.status=error
				invoke_agent general-purpose agent.status=error
					chat claude-opus-5-5 [ERROR invalid_request] query_source=subagent
			execute_tool Agent tool.status=ok
				invoke_agent general-purpose agent.status=ok
					chat claude-haiku-5-5 query_source=subagent
					chat claude-haiku-5-5 query_source=subagent
					claude.compaction
						chat claude-haiku-5-5 query_source=compact
					execute_tool Bash tool.status=ok
			execute_tool Agent tool.status=ok
				invoke_agent general-purpose agent.status=ok
					chat claude-opus-5-5 query_source=subagent
					chat claude-opus-5-5 query_source=subagent
					execute_tool Bash tool.status=ok
			execute_tool Bash [ERROR command_failed] tool.status=error
			execute_tool Bash tool.status=denied
			execute_tool Bash tool.status=ok
			execute_tool NoSuchTool [ERROR unknown_tool] tool.status=error
			execute_tool Read [ERROR tool_error] tool.status=error
`);

/** The whole tree without what the row says that it lacks. */
export function expectedTree({ requests, compactions, calls }: Record<string, string>): string {
	const lines = WHOLE.split("\n").filter((line) => {
		if (requests === "none" && line.includes("chat ")) return false;
		if (compactions === "none" && line.includes("claude.compaction")) return false;
		return calls === "all" || !line.includes("NoSuchTool");
	});
	const told = lines.join("\n");
	if (calls === "all") return told;
	// Claude Code's own telemetry knows neither why a call failed nor the type of an agent that did not end well.
	return told
		.replaceAll("command_failed", "tool_error")
		.replace("general-purpose agent.status=error", "unknown agent.status=error");
}

export function printedTree(spans: Span[]): string {
	const attributes = ["tool.status", "turn.status", "agent.status", "query_source"];
	return outline(spans, { sorted: true, attributes });
}

export function linesOf(printed: string): string[] {
	return printed
		.split("\n")
		.map((line) => line.trim())
		.toSorted();
}
