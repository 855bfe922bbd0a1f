// The process → its arguments split, its configuration read, and the one command that was meant. The way to claude
// loads nothing but itself; commander comes only with words of ours.
import { isatty } from "node:tty";
import { systemClock } from "../clock.ts";
import { type Loaded, loadConfig } from "../config.ts";
import { createDiagnostics } from "../diagnostics.ts";
import { readClaudeArgs } from "../launch/claude-args.ts";
import { type RunContext, runClaude } from "./commands/run.ts";
import { type SplitArgs, splitArgs } from "./split-args.ts";

export interface Ending {
	exitCode?: number;
	signal?: NodeJS.Signals;
}

export async function runCommandLine(process: NodeJS.Process, packageRoot: string): Promise<Ending> {
	const split = splitArgs(process.argv.slice(2));
	const loaded = needsNoSettings(split) ? loadForgiving(process, split.debug) : load(process.env, process, split.debug);
	if (split.kind === "own") {
		const { runOwnCommand } = await import("./program.ts");
		// A write to a reader that has gone fails later, as an event.
		const broken = Promise.withResolvers<never>();
		process.stdout.once("error", broken.reject);
		return { exitCode: await Promise.race([runOwnCommand(split, { process, packageRoot, loaded }), broken.promise]) };
	}
	const { config, problems } = loaded;
	const diagnostics = createDiagnostics({ target: config.debug, level: config.otel.logLevel, clock: systemClock });
	for (const problem of problems) diagnostics.say("warn", problem);

	const after: string[] = [];
	const context: RunContext = {
		config,
		diagnostics,
		env: process.env,
		cwd: process.cwd(),
		packageRoot,
		stdoutIsTerminal: isatty(1),
		stderrIsTerminal: isatty(2),
		writeAfter: (line) => void after.push(line),
	};
	const end = split.useSdk
		? await (await import("./commands/run-sdk.ts")).runWithSdk(split.args, context, process)
		: await runClaude(split.args, context);
	const write = writerOf(process);
	diagnostics.release(write);
	for (const line of after) write(line.endsWith("\n") ? line : `${line}\n`);
	diagnostics.close();
	return end;
}

function load(env: NodeJS.ProcessEnv, { platform }: NodeJS.Process, debug: true | string | undefined): Loaded {
	return loadConfig(env, platform, { debug });
}

/** What exports nothing must work with any settings. */
function needsNoSettings(split: SplitArgs): boolean {
	if (split.kind === "own") return split.command === "help" || split.command === "version";
	return readClaudeArgs(split.args, isatty(1)).bare !== undefined;
}

/** With a setting that cannot be read, as if none of ours and OpenTelemetry's were set. */
function loadForgiving(process: NodeJS.Process, debug: true | string | undefined): Loaded {
	try {
		return load(process.env, process, debug);
	} catch {
		const others = Object.entries(process.env).filter(([name]) => !/^(?:CLAUDE_OTEL_|OTEL_)/.test(name));
		return load(Object.fromEntries(others), process, debug);
	}
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
