// CLAUDE_BIN and PATH → the claude that a run would start, or why there is none.
import { askClaude } from "../../launch/ask-claude.ts";
import { claudeMistake } from "../claude-mistake.ts";
import type { Check } from "./check.ts";
import { findings } from "./findings.ts";

export const checkClaude: Check = async ({ claude, config }) => {
	if (!("path" in claude)) return [findings.noClaude(claudeMistake(claude, config.claudeBin).message)];
	const version = await askClaude(claude.path, ["--version"]);
	return ["text" in version ? findings.claude(claude.path, version.text) : findings.claudeSilent(claude.path, version)];
};
