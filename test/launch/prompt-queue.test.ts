import type { SDKResultMessage } from "@anthropic-ai/claude-agent-sdk";
import { expect, test } from "vitest";
import { createPromptQueue, promptMessage } from "../../src/launch/prompt-queue.ts";

const result = (told: { user_message_uuids?: string[]; queued_turn_count?: number }) =>
	({ type: "result", ...told }) as unknown as SDKResultMessage;

/** Reads until the queue ends; `read` grows meanwhile. */
function reading(queue: ReturnType<typeof createPromptQueue>) {
	const read: string[] = [];
	let ended = false;
	const uuids: string[] = [];
	const done = (async () => {
		for await (const { message, uuid } of queue.messages) {
			read.push(String(message.content));
			uuids.push(uuid ?? "");
		}
		ended = true;
	})();
	return { read, uuids, done, isEnded: () => ended };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

test("prompts come in their order, and the stream ends when the last is answered", async () => {
	const queue = createPromptQueue();
	const reader = reading(queue);
	queue.push(promptMessage("one"));
	await settle();
	queue.push(promptMessage("two"));
	queue.close();
	await settle();
	expect(reader.read).toEqual(["one", "two"]);
	queue.answered(result({ user_message_uuids: [reader.uuids[0] ?? ""], queued_turn_count: 1 }));
	await settle();
	expect(reader.isEnded()).toBe(false);
	queue.answered(result({ user_message_uuids: [reader.uuids[1] ?? ""], queued_turn_count: 0 }));
	await reader.done;
});

test("a claude that does not say whose turn it was is done when nothing is queued", async () => {
	const queue = createPromptQueue();
	const reader = reading(queue);
	for (const text of ["one", "two"]) queue.push(promptMessage(text));
	queue.close();
	await settle();
	queue.answered(result({ queued_turn_count: 1 }));
	await settle();
	expect(reader.isEnded()).toBe(false);
	queue.answered(result({ queued_turn_count: 0 }));
	await reader.done;
	expect(reader.read).toEqual(["one", "two"]);
});

test("when claude has gone the stream ends, whatever waits", async () => {
	const queue = createPromptQueue();
	const reader = reading(queue);
	queue.push(promptMessage("one"));
	await settle();
	queue.end();
	await reader.done;
	expect(reader.read).toEqual(["one"]);
});
