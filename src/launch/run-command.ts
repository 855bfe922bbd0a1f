// A command that nobody sits before → what it wrote and how it ended, within its time in any case. A script may leave
// others behind that hold its pipes: so all that it starts is one group, which is ended as one, and the pipes of what has
// gone are not waited for.
import { type ChildProcess, type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";

export interface CommandOptions {
	command: string;
	args: readonly string[];
	/** All of its environment; undefined: ours. */
	env?: NodeJS.ProcessEnv;
	cwd?: string;
	limitMs: number;
	/** Ends it before its time. */
	cancel?: AbortSignal;
}

export interface CommandEnd {
	/** Undefined: it was not started, or died by a signal. */
	exitCode: number | undefined;
	stdout: string;
	stderr: string;
	timedOut: boolean;
}

/** What was written is read in a moment, when its writer has gone. */
const PIPES_LIMIT_MS = 1_000;
/** From the signal that asks it to end to the one that ends it. */
const KILL_AFTER_MS = 5_000;
/** Of each output; the rest is read and dropped. */
const OUTPUT_MAX_CHARS = 4 * 1024 * 1024;
const ENDING: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const HAS_GROUPS = process.platform !== "win32";

export async function runCommand(options: CommandOptions): Promise<CommandEnd> {
	const { limitMs, cancel } = options;
	const limit = AbortSignal.timeout(limitMs);
	const ourEnd = abortBeforeWeEnd();
	try {
		const child = start(options);
		if (child === undefined) return { exitCode: undefined, stdout: "", stderr: "", timedOut: false };
		const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
		await isOver(child, AbortSignal.any([limit, ourEnd.signal, ...(cancel === undefined ? [] : [cancel])]));
		const exitCode = child.pid === undefined ? undefined : (child.exitCode ?? undefined);
		return { exitCode, stdout: stdout(), stderr: stderr(), timedOut: limit.aborted };
	} finally {
		ourEnd.release();
	}
}

type Child = ChildProcessByStdio<null, Readable, Readable>;

/** Undefined: the system does not start it. That may be an event too. */
function start({ command, args, env, cwd }: CommandOptions): Child | undefined {
	const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
	try {
		return spawn(command, args, { env, cwd, stdio, detached: HAS_GROUPS, windowsHide: true });
	} catch {
		return undefined;
	}
}

async function isOver(child: Child, stop: AbortSignal): Promise<void> {
	const over = Promise.withResolvers<void>();
	const timers: NodeJS.Timeout[] = [];
	let closed = false;
	const end = () => {
		signalGroup(child, "SIGTERM");
		timers.push(setTimeout(() => signalGroup(child, "SIGKILL"), KILL_AFTER_MS));
	};
	if (stop.aborted) end();
	else stop.addEventListener("abort", end, { once: true });
	child.once("exit", () => timers.push(setTimeout(over.resolve, PIPES_LIMIT_MS)));
	child.once("close", () => {
		closed = true;
		over.resolve();
	});
	child.once("error", () => over.resolve());
	await over.promise;
	for (const timer of timers) clearTimeout(timer);
	stop.removeEventListener("abort", end);
	// Whoever holds its pipes yet has not heard that it was to end.
	if (!closed && stop.aborted) signalGroup(child, "SIGKILL");
	child.stdout.destroy();
	child.stderr.destroy();
}

/** In a group of its own it hears of no Ctrl-C: what ends us ends it. The signal is still ours, unless somebody else listens. */
function abortBeforeWeEnd(): { signal: AbortSignal; release(): void } {
	const stop = new AbortController();
	const onExit = () => stop.abort();
	const onSignal = (signal: NodeJS.Signals) => {
		stop.abort();
		release();
		if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
	};
	const release = () => {
		for (const name of ENDING) process.off(name, onSignal);
		process.off("exit", onExit);
	};
	for (const name of ENDING) process.on(name, onSignal);
	process.on("exit", onExit);
	return { signal: stop.signal, release };
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
	if (child.pid === undefined) return;
	try {
		if (HAS_GROUPS) process.kill(-child.pid, signal);
		else child.kill(signal);
	} catch {
		// It has gone.
	}
}

function collect(output: Readable): () => string {
	let text = "";
	output.setEncoding("utf8").on("data", (more: string) => {
		if (text.length < OUTPUT_MAX_CHARS) text += more.slice(0, OUTPUT_MAX_CHARS - text.length);
	});
	return () => text;
}
