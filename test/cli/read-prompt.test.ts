import { PassThrough } from "node:stream";
import { expect, test, vi } from "vitest";
import { readInputMessages, readPrompt } from "../../src/cli/read-prompt.ts";
import type { SDKUserMessage } from "../../src/launch/agent-runner.ts";

function input(text: string | undefined, isTTY = false): NodeJS.ReadStream {
	const stream = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.ReadStream & PassThrough;
	if (text !== undefined) stream.end(text);
	return stream;
}

test.each([
	["go", "", "go"],
	[undefined, "piped\n", "piped\n"],
	["go", "piped\n", "go\npiped\n"],
	[undefined, "", ""],
])("%j with %j on standard input is the prompt %j", async (written, piped, prompt) => {
	expect(await readPrompt(written, input(piped))).toBe(prompt);
});

test("a terminal is not read", async () => {
	expect(await readPrompt("go", input(undefined, true))).toBe("go");
});

test("a pipe that nobody writes to is waited for three seconds where there is a prompt", async () => {
	vi.useFakeTimers();
	try {
		const prompt = readPrompt("go", input(undefined));
		await vi.advanceTimersByTimeAsync(3_000);
		expect(await prompt).toBe("go");
	} finally {
		vi.useRealTimers();
	}
});

test("each line is a message, empty ones are none, and one that is no message is named", async () => {
	const sent: SDKUserMessage[] = [];
	const line = JSON.stringify({ type: "user", message: { role: "user", content: "hi" }, parent_tool_use_id: null });
	await readInputMessages(input(`${line}\n\n${line}\n`), (message) => void sent.push(message));
	expect(sent.map(({ message }) => message.content)).toEqual(["hi", "hi"]);
	for (const bad of ["no json", "null", '{"type":"assistant"}']) {
		await expect(readInputMessages(input(`${line}\n${bad}\n`), () => {})).rejects.toThrow(
			"Line 2 of standard input is no message",
		);
	}
});
