// The main job: claude's arguments → claude in this terminal, its hooks and transcript in our pipeline, and how it
// ended. What claude's start does not need is loaded when it has been started; nothing here ends claude or outlives it.
import { randomBytes, randomUUID } from "node:crypto";
import { systemClock } from "../../clock.ts";
import type { Config } from "../../config.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import { type ClaudeArgs, readClaudeArgs } from "../../launch/claude-args.ts";
import { previewArgs } from "../../launch/args-preview.ts";
import { envForRun, envWithoutRun } from "../../launch/child-env.ts";
import { findClaude } from "../../launch/find-claude.ts";
import { type ClaudeEnd, type ClaudeProcess, spawnClaude } from "../../launch/spawn-claude.ts";
import type { Pipeline } from "../../pipeline.ts";
import { sessionTraceparent } from "../../signals/ids.ts";
import { cliMistakes, missingHooks } from "../sentences.ts";
import { openDoors } from "../open-doors.ts";

export interface RunContext {
	config: Config;
	diagnostics: Diagnostics;
	env: NodeJS.ProcessEnv;
	cwd: string;
	/** Where our own files lie. */
	packageRoot: string;
	stdoutIsTerminal: boolean;
	/** To standard error, once claude has left the terminal. */
	writeAfter(line: string): void;
}

/** The pipeline keeps to the user's own limit; this one is for the case that it does not. */
export const FINISH_LIMIT_MS = 90_000;

export async function runClaude(args: readonly string[], context: RunContext): Promise<ClaudeEnd> {
	const { config, diagnostics, env } = context;
	const claudeArgs = readClaudeArgs(args, context.stdoutIsTerminal);
	const command = locateClaude(context);
	if (claudeArgs.bare === "detached") diagnostics.say("info", missingHooks.detached());
	if (claudeArgs.bare !== undefined || config.level === "off" || config.otel.disabled) {
		const bareEnv = claudeArgs.bare === "detached" ? envWithoutRun(env) : env;
		const { claude, release } = await start(command, args, bareEnv);
		return claude.ended.finally(release);
	}
	return runTraced(command, claudeArgs, context);
}

async function runTraced(command: string, claudeArgs: ClaudeArgs, context: RunContext): Promise<ClaudeEnd> {
	const { config, diagnostics, env } = context;
	const runId = randomUUID();
	const token = randomBytes(24).toString("base64url");
	const doors = await openDoors({ claudeArgs, runId, token, ...context });
	const traceparent = config.propagate ? sessionTraceparent(runId, config.inbound) : undefined;
	const childEnv = envForRun(env, { runId, token, socketPath: doors.socketPath, traceparent });
	const startedAt = systemClock();
	const { claude, release } = await startWith(command, doors.args, claudeArgs, childEnv, diagnostics).catch((error) => {
		doors.remove();
		throw error;
	});
	try {
		const pipeline = loadPipeline({ claudeArgs, runId, token, startedAt, claude }, context);
		// A pipeline that cannot start is our bug: told when claude has gone, and claude goes on.
		pipeline.catch(() => {});
		doors.onHook((body) => void pipeline.then((ready) => ready.hook(body)).catch(() => {}));
		await doors.warm();
		const end = await claude.ended;
		await doors.close();
		const { undelivered } = await finishInTime(await pipeline, end);
		if (undelivered !== undefined) context.writeAfter(`${undelivered}\n`);
		return end;
	} finally {
		release();
		doors.remove();
	}
}
