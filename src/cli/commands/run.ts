// The main job: claude's arguments → claude in this terminal, its hooks and transcript in our pipeline, and how it
// ended. What claude's start does not need is loaded when it has been started; nothing here ends claude or outlives it.
import { randomBytes, randomUUID } from "node:crypto";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { systemClock } from "../../clock.ts";
import { isSampled } from "../../config/sampled.ts";
import type { Config } from "../../config.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import { previewArgs } from "../../launch/args-preview.ts";
import { envForRun, envWithoutRun } from "../../launch/child-env.ts";
import { type ClaudeArgs, readClaudeArgs } from "../../launch/claude-args.ts";
import { findClaude } from "../../launch/find-claude.ts";
import type { Release } from "../../launch/signals.ts";
import { type ClaudeEnd, type ClaudeProcess, spawnClaude } from "../../launch/spawn-claude.ts";
import { startUserCommand } from "../../launch/user-command.ts";
import { makeFolder } from "../../make-folder.ts";
import type { ContextCrossing, Pipeline, PipelineOptions } from "../../pipeline.ts";
import { sessionTraceparent } from "../../signals/ids.ts";
import { openDoors } from "../open-doors.ts";
import { cliMistakes, missingHooks } from "../sentences.ts";

export interface RunContext {
	config: Config;
	diagnostics: Diagnostics;
	env: NodeJS.ProcessEnv;
	cwd: string;
	/** Where our own files lie. */
	packageRoot: string;
	/** In a program of somebody else's: the process is not ours to change. */
	embedded?: boolean;
	stdoutIsTerminal: boolean;
	stderrIsTerminal: boolean;
	/** To standard error, once claude has left the terminal. */
	writeAfter(line: string): void;
}

/** The pipeline keeps to CLAUDE_OTEL_EXIT_GRACE_MS; this beyond it is for the case that it does not. */
export const FINISH_MARGIN_MS = 5_000;
export const TOKEN_BYTES = 24;
const DIGEST_KEY_BYTES = 32;

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
	await checkRedaction(config);
	return runTraced(command, claudeArgs, context);
}

/** A bad pattern is told before claude is started; who has none pays nothing. */
export async function checkRedaction(config: Config): Promise<void> {
	if (config.redactPatterns.length + config.redactAllowlist.length === 0 && config.redactConfig === undefined) return;
	const { createRunPrivacy } = await import("../../run-privacy.ts");
	createRunPrivacy(config, []);
}

async function runTraced(command: string, claudeArgs: ClaudeArgs, context: RunContext): Promise<ClaudeEnd> {
	const { config, diagnostics, env, cwd } = context;
	const runId = randomUUID();
	const token = randomBytes(TOKEN_BYTES).toString("base64url");
	const pipeline = Promise.withResolvers<Pipeline>();
	const doors = await openDoors({
		claudeArgs,
		config,
		diagnostics,
		env,
		cwd,
		packageRoot: context.packageRoot,
		runId,
		token,
		// Hooks that come before the pipeline is loaded wait for it, in their order.
		onHook: (body) => void pipeline.promise.then((ready) => ready.hook(body)).catch(tellBug(diagnostics)),
		onOtlp: (request) => void pipeline.promise.then((ready) => ready.otlp(request)).catch(tellBug(diagnostics)),
	});
	const traceparent = config.propagate ? traceparentOf(runId, config) : undefined;
	const names = { runId, token, socketPath: doors.socketPath, traceparent };
	const childEnv = envForRun(env, { ...names, native: doors.native?.processEnv });
	const startedAt = systemClock();
	let started: Started;
	try {
		started = await startHooked(
			command,
			{ args: doors.args, env: childEnv },
			{ args: claudeArgs.args, env: envForRun(env, names) },
			diagnostics,
		);
	} catch (error) {
		await doors.close(false);
		throw error;
	}
	// From here on a mistake of ours costs the trace, never the session.
	const onBug = tellBug(diagnostics);
	process.on("uncaughtException", onBug).on("unhandledRejection", onBug);
	const { claude, release } = started;
	try {
		const native = doors.native?.destinations;
		pipeline.resolve(loadPipeline({ claudeArgs, runId, token, native, startedAt, claudePid: claude.pid }, context));
		doors.tidy();
		const end = await claude.ended;
		await doors.close(claudeArgs.interactive && claudeArgs.sessionPersistence);
		const { undelivered } = await finishInTime(await pipeline.promise, end, config.exitGraceMs + FINISH_MARGIN_MS);
		if (undelivered !== undefined && context.stderrIsTerminal) context.writeAfter(`${undelivered}\n`);
		return end;
	} catch (error) {
		onBug(error);
		const end = await claude.ended;
		if (context.stderrIsTerminal) context.writeAfter(missingHooks.bug(error));
		return end;
	} finally {
		release();
		process.off("uncaughtException", onBug).off("unhandledRejection", onBug);
	}
}

export function traceparentOf(runId: string, { inbound, otel }: Config): string {
	return sessionTraceparent(runId, inbound.traceparent, (traceId, sampled) =>
		isSampled(otel.sampler, traceId, sampled),
	);
}

interface Started {
	claude: ClaudeProcess;
	release: Release;
}

interface Start {
	args: readonly string[];
	env: NodeJS.ProcessEnv;
}

/** Where the system refuses so long a list of arguments, ours go before claude does. */
async function startHooked(command: string, ours: Start, without: Start, diagnostics: Diagnostics): Promise<Started> {
	try {
		return await spawnClaude(command, ours.args, ours.env);
	} catch (error) {
		if (codeOf(error) !== "E2BIG") throw startMistake(command, error);
		diagnostics.say("warn", missingHooks.argumentsTooLong());
		return start(command, without.args, without.env);
	}
}

async function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Started> {
	try {
		return await spawnClaude(command, args, env);
	} catch (error) {
		throw startMistake(command, error);
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

export type PipelineStart = { claudeArgs: ClaudeArgs } & Pick<
	PipelineOptions,
	"runId" | "token" | "native" | "startedAt" | "claudePid" | "onFact" | "onEpisode" | "destination" | "keepHistory"
>;

export async function loadPipeline({ claudeArgs, ...run }: PipelineStart, context: RunContext): Promise<Pipeline> {
	// Compiling the pipeline is half of loading it: from the second run on it is read from there. Where it cannot be
	// written, Node goes on without.
	if (!context.embedded) keepCompiled(context.config);
	const { startPipeline } = await import("../../pipeline.ts");
	return startPipeline({
		...run,
		config: context.config,
		sessionSource: claudeArgs.sessionSource,
		interactive: claudeArgs.interactive,
		argsCount: claudeArgs.args.length,
		argsPreview: previewArgs(claudeArgs.parsed),
		digestKey: randomBytes(DIGEST_KEY_BYTES),
		cwd: context.cwd,
		sessionPersistence: claudeArgs.sessionPersistence && context.config.sources.includes("transcript"),
		knownSessionId: claudeArgs.knownSessionId,
		onContextThreshold: contextCommand(context),
		diagnostics: context.diagnostics,
		writeAfter: context.writeAfter,
	});
}

function contextCommand({ config, diagnostics, env, cwd }: RunContext) {
	const command = config.onContextThreshold;
	if (command === undefined) return undefined;
	return ({ sessionId, usedRatio, threshold, transcriptPath }: ContextCrossing) => {
		const variables = {
			CLAUDE_OTEL_SESSION_ID: sessionId,
			CLAUDE_OTEL_CONTEXT_USED_RATIO: usedRatio.toFixed(4),
			CLAUDE_OTEL_CONTEXT_THRESHOLD: String(threshold),
			...(transcriptPath === undefined ? {} : { CLAUDE_OTEL_TRANSCRIPT_PATH: transcriptPath }),
		};
		startUserCommand(command, variables, env, cwd, tellBug(diagnostics));
	};
}

export function keepCompiled({ dataDir }: Config): void {
	const folder = join(dataDir, "compile-cache");
	try {
		makeFolder(folder, 0o700);
		enableCompileCache(folder);
	} catch {
		// A home that cannot be written costs a few milliseconds.
	}
}

export async function finishInTime(
	pipeline: Pipeline,
	end: ClaudeEnd,
	limitMs: number,
): Promise<{ undelivered?: string }> {
	let timer: NodeJS.Timeout | undefined;
	const limit = new Promise<{ undelivered?: string }>((resolve) => {
		timer = setTimeout(() => resolve({}), limitMs);
	});
	return Promise.race([pipeline.finish(end), limit]).finally(() => clearTimeout(timer));
}

export function locateClaude({ config, cwd, packageRoot }: RunContext): string {
	const found = findClaude({ ...config, cwd, packageRoot, platform: process.platform });
	if ("path" in found) return found.path;
	if ("notExecutable" in found) throw cliMistakes.claudeNotExecutable(found.notExecutable);
	throw cliMistakes.claudeMissing(config.claudeBin, found.passedOver);
}

export function tellBug(diagnostics: Diagnostics): (error: unknown) => void {
	return (error) => diagnostics.say("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
}
