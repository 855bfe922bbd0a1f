// Prompts, as they are sent → one stream of messages for the SDK, which ends when all of them are answered: with its end
// the SDK closes claude's stdin, and over that go the answers to hooks and permission questions too.
import { randomUUID } from "node:crypto";
import type { SDKResultMessage, SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";

export interface PromptQueue {
	messages: AsyncIterable<SDKUserMessage>;
	push(message: SDKUserMessage): void;
	/** A turn has ended. */
	answered(result: SDKResultMessage): void;
	/** No further prompt: the stream ends when those that were sent are answered. */
	close(): void;
	/** At once: claude has gone. */
	end(): void;
}

export function createPromptQueue(): PromptQueue {
	const waiting: SDKUserMessage[] = [];
	const unanswered = new Set<string>();
	let closing = false;
	let ended = false;
	let wake = () => {};

	async function* read(): AsyncGenerator<SDKUserMessage, void> {
		for (;;) {
			const next = waiting.shift();
			if (ended || (next === undefined && closing && unanswered.size === 0)) return;
			if (next !== undefined) yield next;
			else {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
		}
	}

	return {
		messages: read(),
		push(message) {
			const uuid = message.uuid ?? randomUUID();
			unanswered.add(uuid);
			waiting.push({ ...message, uuid });
			wake();
		},
		answered({ user_message_uuids: uuids, queued_turn_count: queued }) {
			for (const uuid of uuids ?? []) unanswered.delete(uuid);
			// A turn that does not say whose it was: then what claude has still to do is all that there is.
			if (uuids === undefined && (queued ?? 0) === 0 && waiting.length === 0) unanswered.clear();
			wake();
		},
		close() {
			closing = true;
			wake();
		},
		end() {
			ended = true;
			wake();
		},
	};
}

export function promptMessage(text: string): SDKUserMessage {
	return { type: "user", message: { role: "user", content: text }, parent_tool_use_id: null };
}
