// Steps for the scripted model, written briefly. Every step bills other tokens and every tool call has its own id, so
// that a test can say of each span which step it must come from.

import type { ScriptBlock, ScriptStep, ScriptUsage } from "../../src/testing/scripted-model.ts";

export type ToolBlock = Extract<ScriptBlock, { type: "tool_use" }> & { id: string };

let steps = 0;
let calls = 0;

export function step(...blocks: ScriptBlock[]): ScriptStep {
	return { blocks, usage: nextUsage() };
}

export function text(content: string): ScriptBlock {
	return { type: "text", text: content };
}

export function tool(name: string, input: unknown): ToolBlock {
	calls += 1;
	return { type: "tool_use", name, input, id: `toolu_e2e${String(calls).padStart(6, "0")}` };
}

export function bash(command: string, more: object = {}): ToolBlock {
	return tool("Bash", { command, description: "a command", ...more });
}

export function read(path: string): ToolBlock {
	return tool("Read", { file_path: path });
}

/** A subagent that its caller waits for; its lane in the script is found by the prompt. */
export function agent(prompt: string, more: object = {}): ToolBlock {
	return tool("Agent", {
		description: `about ${prompt}`,
		prompt,
		subagent_type: "general-purpose",
		run_in_background: false,
		...more,
	});
}

/** Numbers that no other step of this process has, in each of the five classes. */
export function nextUsage(): ScriptUsage {
	steps += 1;
	return {
		input: 10 + steps,
		output: 20 + 3 * steps,
		cacheRead: 1000 + 7 * steps,
		cacheWrite5m: 2 * steps,
		cacheWrite1h: 5 * steps,
	};
}
