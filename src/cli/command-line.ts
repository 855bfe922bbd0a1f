// The process → its arguments split, its configuration read, and the one command that was meant. The way to claude
// loads nothing but itself; commander comes only with words of ours.
import { isatty } from "node:tty";
import { getSystemErrorMessage } from "node:util";
import { systemClock } from "../clock.ts";
import { type Loaded, loadConfig } from "../config.ts";
import { createDiagnostics } from "../diagnostics.ts";
import { UserMistake } from "../errors.ts";
import { readClaudeArgs } from "../launch/claude-args.ts";
import { colorLevelOf } from "./color-level.ts";
import { runClaude } from "./commands/run.ts";
import type { RunContext } from "./run-context.ts";
import { cliMistakes } from "./sentences.ts";
import { type SplitArgs, splitArgs } from "./split-args.ts";
import { leaveRemoved, workingDirectoryOf } from "./working-directory.ts";

export interface Ending {
	exitCode?: number;
	signal?: NodeJS.Signals;
}

export async function runCommandLine(process: NodeJS.Process, packageRoot: string): Promise<Ending> {
	const split = splitArgs(process.argv.slice(2));
	const { mistake, ...loaded } = needsNoSettings(split)
		? loadForgiving(process, split)
		: load(process.env, process, split);
	const cwd = workingDirectoryOf(process, loaded.config.pwd);
	if (split.kind === "own") {
		leaveRemoved(process, cwd);
		const { runOwnCommand } = await import("./program.ts");
		// A write that fails is told later, as an event.
		const broken = Promise.withResolvers<never>();
		process.stdout.on("error", (error) => broken.reject(outputMistake(error)));
		const ran = runOwnCommand(split, { process, env: process.env, cwd, packageRoot, loaded, mistake });
		const exitCode = await Promise.race([ran, broken.promise]);
		await Promise.race([writeOut(process.stdout), broken.promise]);
		return { exitCode };
	}
	const { config, problems } = loaded;
	const diagnostics = createDiagnostics({ target: config.debug, level: config.otel.logLevel, clock: systemClock });
	for (const problem of problems) diagnostics.say("warn", problem);

	const after: string[] = [];
	const context: RunContext = {
		config,
		diagnostics,
		env: process.env,
		cwd: cwd.path,
		packageRoot,
		stdoutIsTerminal: isatty(1),
		stderrIsTerminal: isatty(2),
		stderrColorLevel: () => colorLevelOf(process.stderr),
		stderrColumns: () => process.stderr.columns,
		writeAfter: (line) => void after.push(line),
	};
	// In a folder that was removed claude says so itself, and there is no session that the SDK could begin.
	const end =
		split.useSdk && !cwd.removed
			? await (await import("./commands/run-sdk.ts")).runWithSdk(split.args, context, process, split.emoji ?? true)
			: await runClaude(split.args, context);
	const write = writerOf(process);
	diagnostics.release(write);
	for (const line of after) write(line.endsWith("\n") ? line : `${line}\n`);
	diagnostics.close();
	return end;
}

/** `mistake`: why it was read without ours. */
type Read = Loaded & { mistake?: string };

function load(env: NodeJS.ProcessEnv, { platform }: NodeJS.Process, { debug, summary }: SplitArgs): Read {
	return loadConfig(env, platform, { debug, summary });
}

/** What exports nothing must work with any settings, and `check` tells what is wrong with them. */
function needsNoSettings(split: SplitArgs): boolean {
	if (split.kind === "own") return ["help", "version", "check"].includes(split.command);
	return readClaudeArgs(split.args, isatty(1)).bare !== undefined;
}

/** With a setting that cannot be read, as if none of ours and OpenTelemetry's were set. */
function loadForgiving(process: NodeJS.Process, split: SplitArgs): Read {
	try {
		return load(process.env, process, split);
	} catch (error) {
		if (!(error instanceof UserMistake)) throw error;
		const others = Object.entries(process.env).filter(([name]) => !/^(?:CLAUDE_OTEL_|OTEL_)/.test(name));
		return { ...load(Object.fromEntries(others), process, split), mistake: error.message };
	}
}

/**
 * To a socket, which is what some programs give us as a pipe, Node writes as it is read, and an exit does not wait for that;
 * and of the last write it has not said yet whether it failed.
 */
async function writeOut(stdout: NodeJS.WriteStream): Promise<void> {
	if (stdout.writableLength > 0) await new Promise<void>((resolve) => stdout.write("", () => resolve()));
	await new Promise((resolve) => setImmediate(resolve));
}

/** A reader that has gone is no mistake: that error stays as it is. */
function outputMistake(error: NodeJS.ErrnoException): Error {
	if (error.code === "EPIPE") return error;
	const reason = error.errno === undefined ? error.message : getSystemErrorMessage(error.errno);
	return cliMistakes.outputFailed(reason);
}

/** To standard error, which is not so much as touched before there is something to say. */
function writerOf(process: NodeJS.Process): (text: string) => void {
	let ready = false;
	return (text) => {
		// The terminal may have gone with claude.
		if (!ready) process.stderr.on("error", () => {});
		ready = true;
		process.stderr.write(text);
	};
}
