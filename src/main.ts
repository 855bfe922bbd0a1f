// The process → what it was asked to do, and how it ends. The only place that decides exit codes: a mistake of the user
// is one line, a mistake of ours its stack, a reader that has gone is no mistake, and a claude that died by a signal
// takes us with it.
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { type Ending, runCommandLine } from "./cli/command-line.ts";
import type { UserMistake } from "./errors.ts";

const EXIT_BUG = 70;
/** To this shells add the signal's number; for one that we cannot die by ourselves. */
const EXIT_SIGNAL = 128;
const DEATH_LIMIT_MS = 100;

export async function main(process: NodeJS.Process): Promise<void> {
	const ending = await endingOf(process);
	if (ending.signal !== undefined) await dieBy(process, ending.signal);
	process.exit(ending.exitCode ?? EXIT_SIGNAL + (constants.signals[ending.signal ?? "SIGTERM"] ?? 0));
}

async function endingOf(process: NodeJS.Process): Promise<Ending> {
	try {
		return await runCommandLine(process, fileURLToPath(new URL("..", import.meta.url)));
	} catch (error) {
		if (isBrokenPipe(error)) return { exitCode: 0 };
		const mistake = isMistake(error);
		const told = mistake ? `claude-otel: ${error.message}` : error instanceof Error ? error.stack : String(error);
		process.stderr.write(`${told}\n`);
		return { exitCode: mistake ? error.exitCode : EXIT_BUG };
	}
}

/** By name: the parts that are loaded later bring a class of their own along. */
function isMistake(error: unknown): error is UserMistake {
	return error instanceof Error && error.name === ("UserMistake" satisfies UserMistake["name"]);
}

/** Whoever read our output has had enough. */
function isBrokenPipe(error: unknown): boolean {
	return error instanceof Error && "code" in error && error.code === "EPIPE";
}

async function dieBy(process: NodeJS.Process, signal: NodeJS.Signals): Promise<void> {
	// Node ignores SIGPIPE and opens its debugger on SIGUSR1; a listener that comes and goes leaves what the system does.
	if (signal !== "SIGKILL" && signal !== "SIGSTOP") {
		const listener = () => {};
		process.on(signal, listener).off(signal, listener);
	}
	process.kill(process.pid, signal);
	// It takes a moment to arrive; one that is ignored by whoever started us never does.
	await new Promise((resolve) => setTimeout(resolve, DEATH_LIMIT_MS));
}
