// One question to claude whose answer we show ourselves: its version, its help. In: the command and arguments. Out: what
// it printed, or undefined where it could not say.
import { execa } from "execa";

/** `claude --version` takes 15 ms; a claude that hangs is not waited for. */
const ANSWER_LIMIT_MS = 10_000;

export async function askClaude(command: string, args: readonly string[]): Promise<string | undefined> {
	const answer = await execa(command, args, {
		reject: false,
		stdin: "ignore",
		timeout: ANSWER_LIMIT_MS,
		stripFinalNewline: true,
	});
	return answer.failed && answer.stdout === "" ? undefined : answer.stdout;
}
