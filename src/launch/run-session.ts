// A session that nobody sits before: command, arguments and a whole environment → what it wrote and how it ended.
// Nothing of our own environment goes along. A signal that is meant for us ends it, so that whoever waits can tidy up.
import { execa } from "execa";

export interface SessionOptions {
	command: string;
	args: readonly string[];
	env: Record<string, string>;
	cwd: string;
	limitMs: number;
}

export interface SessionEnd {
	exitCode: number | undefined;
	stdout: string;
	stderr: string;
	timedOut: boolean;
	/** Ours: Ctrl-C, say. */
	interrupted: boolean;
}

const ENDING: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

export async function runSession({ command, args, env, cwd, limitMs }: SessionOptions): Promise<SessionEnd> {
	const stop = new AbortController();
	const onSignal = () => stop.abort();
	for (const signal of ENDING) process.on(signal, onSignal);
	try {
		const end = await execa(command, args, {
			env,
			cwd,
			extendEnv: false,
			stdin: "ignore",
			reject: false,
			timeout: limitMs,
			cancelSignal: stop.signal,
		});
		const { stdout, stderr, timedOut } = end;
		return { exitCode: end.exitCode, stdout, stderr, timedOut, interrupted: stop.signal.aborted };
	} finally {
		for (const signal of ENDING) process.off(signal, onSignal);
	}
}
