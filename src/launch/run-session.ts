// A session that nobody sits before: command, arguments and a whole environment → what it wrote and how it ended.
// Nothing of our own environment goes along.
import { execa } from "execa";

export interface SessionOptions {
	command: string;
	args: readonly string[];
	env: Record<string, string>;
	cwd: string;
	limitMs: number;
	/** Ends it before its time. */
	cancel: AbortSignal;
}

export interface SessionEnd {
	exitCode: number | undefined;
	stdout: string;
	stderr: string;
	timedOut: boolean;
}

export async function runSession({ command, args, env, cwd, limitMs, cancel }: SessionOptions): Promise<SessionEnd> {
	const end = await execa(command, args, {
		env,
		cwd,
		extendEnv: false,
		stdin: "ignore",
		reject: false,
		timeout: limitMs,
		cancelSignal: cancel,
	});
	return { exitCode: end.exitCode, stdout: end.stdout, stderr: end.stderr, timedOut: end.timedOut };
}

const ENDING: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Instead of ending us, a signal aborts: whoever has something to tidy up comes to it. */
export function abortOnSignal(): { signal: AbortSignal; release(): void } {
	const stop = new AbortController();
	const onSignal = () => stop.abort();
	for (const name of ENDING) process.on(name, onSignal);
	return {
		signal: stop.signal,
		release() {
			for (const name of ENDING) process.off(name, onSignal);
		},
	};
}
