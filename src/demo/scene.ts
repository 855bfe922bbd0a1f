// What a scripted session consists of: the files that claude works on, its arguments, and what the model answers.
import type { Script, ScriptBlock, ScriptStep, ScriptUsage } from "../testing/scripted-model.ts";

export interface Scene {
	/** For folders and sentences. */
	name: "demo" | "self-test";
	files: Readonly<Record<string, string>>;
	/** For claude. */
	args: readonly string[];
	/** @param folder in which claude works */
	script(folder: string): Script;
}

/** A model that answers at once would leave nothing to see in the durations. */
const THINKING_MS = 250;

export function step(usage: Partial<ScriptUsage>, ...blocks: ScriptBlock[]): ScriptStep {
	return { blocks, usage: { input: 4, ...usage }, delayMs: THINKING_MS };
}

export function say(text: string): ScriptBlock {
	return { type: "text", text };
}

export function use(name: string, input: object): ScriptBlock {
	return { type: "tool_use", name, input };
}
