// A command with its arguments and environment → the running claude, in our terminal and our process group, and how it
// ends. While it runs no signal ends us: what is meant for it is handed on, and we go when it has gone.
import { spawn } from "node:child_process";

export interface ClaudeEnd {
	exitCode?: number;
	/** The signal that it died by. */
	signal?: NodeJS.Signals;
}

export interface ClaudeProcess {
	pid: number;
	ended: Promise<ClaudeEnd>;
}

/** From here on these signals mean what they mean without us. */
export type Release = () => void;

/** Handed on. A terminal's Ctrl-C reaches claude by itself as well; it takes several within a moment as one. */
const FORWARDED: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
/** The terminal sends it to claude too. */
const IGNORED: readonly NodeJS.Signals[] = process.platform === "win32" ? [] : ["SIGQUIT"];

/** Throws where the system cannot start it: NodeJS.ErrnoException. */
export async function spawnClaude(
	command: string,
	args: readonly string[],
	env: NodeJS.ProcessEnv,
): Promise<{ claude: ClaudeProcess; release: Release }> {
	let deliver: ((signal: NodeJS.Signals) => void) | undefined;
	const early: NodeJS.Signals[] = [];
	const forward = (signal: NodeJS.Signals) => (deliver === undefined ? early.push(signal) : deliver(signal));
	const ignore = () => {};
	for (const signal of FORWARDED) process.on(signal, forward);
	for (const signal of IGNORED) process.on(signal, ignore);
	const release = () => {
		for (const signal of FORWARDED) process.off(signal, forward);
		for (const signal of IGNORED) process.off(signal, ignore);
	};
	try {
		const child = spawn(command, args, { stdio: "inherit", env, windowsHide: false });
		const ended = new Promise<ClaudeEnd>((resolve) => {
			child.once("exit", (code, signal) => resolve(signal === null ? { exitCode: code ?? 0 } : { signal }));
		});
		await new Promise<void>((resolve, reject) => {
			child.once("error", reject);
			child.once("spawn", () => {
				child.off("error", reject);
				// A signal that can no longer be delivered is an error of the child process object.
				child.on("error", () => {});
				resolve();
			});
		});
		deliver = (signal) => void child.kill(signal);
		for (const signal of early) deliver(signal);
		return { claude: { pid: child.pid as number, ended }, release };
	} catch (error) {
		release();
		throw error;
	}
}
