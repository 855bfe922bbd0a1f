// A command that nobody sits before → what it wrote and how it ended, within its time in any case. A script may leave
// others behind that hold its pipes: so all that it starts is one group, which is ended as one, and the pipes of what has
// gone are not waited for.
import { execa, type ResultPromise } from "execa";

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
const ENDING: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
const HAS_GROUPS = process.platform !== "win32";

export async function runCommand({ command, args, env, cwd, limitMs, cancel }: CommandOptions): Promise<CommandEnd> {
	const limit = AbortSignal.timeout(limitMs);
	const ourEnd = abortBeforeWeEnd();
	const stop = AbortSignal.any([limit, ourEnd.signal, ...(cancel === undefined ? [] : [cancel])]);
	try {
		const child = execa(command, args, { ...OPTIONS, env, extendEnv: env === undefined, cwd });
		const release = endInTime(child, stop);
		const { exitCode, stdout, stderr } = await child;
		release();
		return { exitCode, stdout, stderr, timedOut: limit.aborted };
	} finally {
		ourEnd.release();
	}
}

const OPTIONS = {
	stdin: "ignore",
	detached: HAS_GROUPS,
	windowsHide: true,
	reject: false,
	stripFinalNewline: false,
} as const;

type Child = ResultPromise<typeof OPTIONS>;

/** Gives back what ends the watch, when all of it is over. */
function endInTime(child: Child, stop: AbortSignal): () => void {
	const timers: NodeJS.Timeout[] = [];
	const end = () => {
		signalGroup(child, "SIGTERM");
		timers.push(setTimeout(signalGroup, KILL_AFTER_MS, child, "SIGKILL"));
	};
	if (stop.aborted) end();
	else stop.addEventListener("abort", end, { once: true });
	child.nodeChildProcess.once("exit", () => timers.push(setTimeout(leavePipes, PIPES_LIMIT_MS)));
	return () => {
		for (const timer of timers) clearTimeout(timer);
		stop.removeEventListener("abort", end);
	};

	function leavePipes(): void {
		// Whoever holds them yet has not heard that it was to end.
		if (stop.aborted) signalGroup(child, "SIGKILL");
		child.stdout.destroy();
		child.stderr.destroy();
	}
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

function signalGroup(child: Child, signal: NodeJS.Signals): void {
	if (child.pid === undefined) return;
	try {
		if (HAS_GROUPS) process.kill(-child.pid, signal);
		else child.kill(signal);
	} catch {
		// It has gone.
	}
}
