// The main job: claude's arguments → claude in this terminal, its hooks and transcript in our pipeline, and how it
// ended. What claude's start does not need is loaded when it has been started; nothing here ends claude or outlives it.
import { randomUUID } from "node:crypto";
import { systemClock } from "../../clock.ts";
import { envForRun, envWithoutRun } from "../../launch/child-env.ts";
import { type ClaudeArgs, readClaudeArgs } from "../../launch/claude-args.ts";
import type { ClaudeEnd } from "../../launch/spawn-claude.ts";
import type { Pipeline } from "../../pipeline.ts";
import { keepWarnings } from "../keep-warnings.ts";
import { inOrder, loadPipeline } from "../load-pipeline.ts";
import { checkRedaction, newToken, traceparentOf } from "../new-run.ts";
import { noteRun } from "../note-run.ts";
import { openDoors, witnessesWithoutDoors } from "../open-doors.ts";
import { type RunContext, tellBug } from "../run-context.ts";
import { missingHooks, untraced } from "../sentences.ts";
import { locateClaude, type Started, startClaude, startHooked } from "../start-claude.ts";
import { finishInTime, loadSummary, tellEnd } from "../tell-end.ts";

export async function runClaude(args: readonly string[], context: RunContext): Promise<ClaudeEnd> {
	const { config, diagnostics, env } = context;
	const claudeArgs = readClaudeArgs(args, context.stdoutIsTerminal);
	const command = locateClaude(context);
	const isOff = config.level === "off" || config.otel.disabled;
	if (claudeArgs.bare !== undefined || isOff) {
		diagnostics.say("info", untraced[claudeArgs.bare ?? "off"]());
		const bareEnv = claudeArgs.bare === "detached" ? envWithoutRun(env) : env;
		const { claude, release } = await startClaude(command, args, bareEnv);
		return claude.ended.finally(release);
	}
	await checkRedaction(config);
	return runTraced(command, claudeArgs, context);
}

async function runTraced(command: string, claudeArgs: ClaudeArgs, context: RunContext): Promise<ClaudeEnd> {
	const { config, diagnostics, env, cwd } = context;
	const runId = randomUUID();
	const token = newToken();
	const pipeline = Promise.withResolvers<Pipeline>();
	const whenReady = inOrder(pipeline.promise, tellBug(diagnostics));
	const doors = await openDoors({
		claudeArgs,
		config,
		diagnostics,
		env,
		cwd,
		packageRoot: context.packageRoot,
		runId,
		token,
		onHook: (body) => whenReady((ready) => ready.hook(body)),
		onOtlp: (request) => void whenReady((ready) => ready.otlp(request)),
		onDropped: (source) => void whenReady((ready) => ready.dropped(source)),
	});
	const traceparent = config.propagate ? traceparentOf(runId, config) : undefined;
	const names = { runId, token, socketPath: doors.socketPath, traceparent };
	const childEnv = envForRun(env, { ...names, native: doors.native?.processEnv });
	const native = doors.native?.destinations;
	const noted = noteRun({ claudeArgs, runId, native, startedAt: systemClock() }, context);
	let started: Started;
	try {
		started = await startHooked(
			command,
			{ args: doors.args, env: childEnv },
			{ args: claudeArgs.args, env: envForRun(env, names) },
			() => diagnostics.say("warn", missingHooks.argumentsTooLong(witnessesWithoutDoors({ claudeArgs, config }))),
		);
		noted.started(started.claude.pid);
	} catch (error) {
		noted.forget();
		await doors.close(false);
		throw error;
	}
	// From here on a mistake of ours costs the trace, never the session.
	const onBug = tellBug(diagnostics);
	process.on("uncaughtException", onBug).on("unhandledRejection", onBug);
	const showWarnings = keepWarnings(process, diagnostics);
	const { claude, release } = started;
	try {
		const summary = await loadSummary(config);
		const onEpisode = summary?.episode;
		const { hooked, guard } = doors;
		const run = { runId, context: noted.context, token, hooked, native, claudePid: claude.pid, onEpisode, guard };
		pipeline.resolve(loadPipeline(run, context));
		doors.tidy();
		const end = await claude.ended;
		await doors.close(claudeArgs.interactive && claudeArgs.sessionPersistence);
		const finished = await finishInTime(await pipeline.promise, end, config.exitGraceMs);
		if (finished !== undefined) tellEnd(finished, summary, context);
		return end;
	} catch (error) {
		onBug(error);
		const end = await claude.ended;
		if (context.stderrIsTerminal) context.writeAfter(missingHooks.bug(error));
		return end;
	} finally {
		release();
		process.off("uncaughtException", onBug).off("unhandledRejection", onBug);
		showWarnings();
	}
}
