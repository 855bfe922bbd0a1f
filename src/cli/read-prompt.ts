// Standard input → the prompt, or messages that come one after the other. As with `claude -p`, what is piped in goes
// behind the prompt of the arguments.
import { createInterface } from "node:readline";
import type { SDKUserMessage } from "../launch/agent-runner.ts";
import { cliMistakes } from "./sentences.ts";

/** With a prompt in the arguments, a pipe that nobody writes to is not waited for. */
const FIRST_BYTE_LIMIT_MS = 3_000;

export async function readPrompt(written: string | undefined, stdin: NodeJS.ReadStream): Promise<string> {
	const piped = stdin.isTTY ? "" : await readAll(stdin, written === undefined ? undefined : FIRST_BYTE_LIMIT_MS);
	return [written ?? "", piped].filter((part) => part !== "").join("\n");
}

async function readAll(stdin: NodeJS.ReadStream, firstByteLimitMs: number | undefined): Promise<string> {
	let text = "";
	const { promise, resolve } = Promise.withResolvers<void>();
	const timer = firstByteLimitMs === undefined ? undefined : setTimeout(resolve, firstByteLimitMs);
	stdin.setEncoding("utf8");
	stdin.on("data", (piece: string) => {
		clearTimeout(timer);
		text += piece;
	});
	// An input that cannot be read is an empty one.
	stdin.once("end", resolve).once("error", () => resolve());
	await promise;
	clearTimeout(timer);
	stdin.removeAllListeners("data").pause();
	return text;
}

/** One message in JSON a line; resolves when there are no more. */
export async function readInputMessages(
	stdin: NodeJS.ReadStream,
	send: (message: SDKUserMessage) => void,
): Promise<void> {
	let line = 0;
	for await (const text of createInterface({ input: stdin })) {
		line++;
		if (text.trim() === "") continue;
		send(messageIn(text, line));
	}
}

function messageIn(text: string, line: number): SDKUserMessage {
	try {
		const message: SDKUserMessage = JSON.parse(text);
		if (message?.type === "user") return message;
	} catch {
		// Told below, with the others that are none.
	}
	throw cliMistakes.badInputLine(line);
}
