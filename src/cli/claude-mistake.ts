// Where no claude was found → the mistake that says so, with its cure.
import type { UserMistake } from "../errors.ts";
import type { FoundClaude } from "../launch/find-claude.ts";
import { cliMistakes } from "./sentences.ts";

export function claudeMistake(
	found: Exclude<FoundClaude, { path: string }>,
	claudeBin: string | undefined,
): UserMistake {
	return "notExecutable" in found
		? cliMistakes.claudeNotExecutable(found.notExecutable)
		: cliMistakes.claudeMissing(claudeBin, found.passedOver);
}
