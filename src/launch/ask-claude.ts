// One question to claude whose answer we show ourselves: its version, its help. In: the command and arguments. Out: what
// it printed, or why there is nothing.
import { runCommand } from "./run-command.ts";

export type Silence = { silent: "failed" } | { silent: "late"; afterSeconds: number };

/** `claude --version` takes 15 ms; a claude that hangs is not waited for. */
const ANSWER_LIMIT_MS = 10_000;

export async function askClaude(command: string, args: readonly string[]): Promise<{ text: string } | Silence> {
	const { exitCode, stdout, timedOut } = await runCommand({ command, args, limitMs: ANSWER_LIMIT_MS });
	if (timedOut) return { silent: "late", afterSeconds: ANSWER_LIMIT_MS / 1000 };
	return exitCode !== 0 && stdout === "" ? { silent: "failed" } : { text: stdout.replace(/\r?\n$/, "") };
}
