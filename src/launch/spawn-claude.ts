// A command with its arguments and environment → the running claude, in our terminal and our process group, and how it
// ends.
import { spawn } from "node:child_process";
import { holdSignals, type Release } from "./signals.ts";

export interface ClaudeEnd {
	exitCode?: number;
	/** The signal that it died by. */
	signal?: NodeJS.Signals;
}

export interface ClaudeProcess {
	pid: number;
	ended: Promise<ClaudeEnd>;
}

/** Throws where the system cannot start it: NodeJS.ErrnoException. */
export async function spawnClaude(
	command: string,
	args: readonly string[],
	env: NodeJS.ProcessEnv,
): Promise<{ claude: ClaudeProcess; release: Release }> {
	const signals = holdSignals();
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
		signals.handTo((signal) => void child.kill(signal));
		return { claude: { pid: child.pid as number, ended }, release: signals.release };
	} catch (error) {
		signals.release();
		throw error;
	}
}
