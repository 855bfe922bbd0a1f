// A command and its arguments → claude, started; or the sentence of why not.
import { findClaude } from "../launch/find-claude.ts";
import type { Release } from "../launch/signals.ts";
import { type ClaudeProcess, spawnClaude } from "../launch/spawn-claude.ts";
import { claudeMistake } from "./claude-mistake.ts";
import type { RunContext } from "./run-context.ts";
import { cliMistakes } from "./sentences.ts";

export interface Started {
	claude: ClaudeProcess;
	release: Release;
}

export interface Start {
	args: readonly string[];
	env: NodeJS.ProcessEnv;
}

export function locateClaude({ config, cwd, packageRoot }: RunContext): string {
	const found = findClaude({ ...config, cwd, packageRoot, platform: process.platform });
	if ("path" in found) return found.path;
	throw claudeMistake(found, config.claudeBin);
}

export async function startClaude(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Started> {
	try {
		return await spawnClaude(command, args, env);
	} catch (error) {
		throw startMistake(command, error);
	}
}

/** Where the system refuses so long a list of arguments, ours go before claude does. */
export async function startHooked(command: string, ours: Start, without: Start, tell: () => void): Promise<Started> {
	try {
		return await spawnClaude(command, ours.args, ours.env);
	} catch (error) {
		if (codeOf(error) !== "E2BIG") throw startMistake(command, error);
		tell();
		return startClaude(command, without.args, without.env);
	}
}

export function startMistake(command: string, error: unknown): unknown {
	const code = codeOf(error);
	if (code === undefined) return error;
	return code === "E2BIG" ? cliMistakes.claudeNotStartedTooLong() : cliMistakes.claudeNotStarted(command, code);
}

function codeOf(error: unknown): string | undefined {
	return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
