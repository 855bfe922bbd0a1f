// A message as the stream of server-sent events that the Messages API writes.
// In: a message. Out: its events, grouped as start, one group per content block, end.

import { type Message, type MessageBlock, wireUsage } from "./message.ts";
import type { ScriptUsage } from "./script.ts";

export type SseEvent = { type: string; [field: string]: unknown };

export function formatEvent(event: SseEvent): string {
	return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

export function startEvents(message: Message, usage: ScriptUsage): SseEvent[] {
	return [
		{
			type: "message_start",
			message: { ...message, content: [], stop_reason: null, stop_details: undefined, usage: wireUsage(usage) },
		},
		{ type: "ping" },
	];
}

export function blockEvents(block: MessageBlock, index: number): SseEvent[] {
	return [
		{ type: "content_block_start", index, content_block: emptyBlock(block) },
		...blockDeltas(block).map((delta) => ({ type: "content_block_delta", index, delta })),
		{ type: "content_block_stop", index },
	];
}

export function endEvents(message: Message): SseEvent[] {
	const { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens } = message.usage;
	return [
		{
			type: "message_delta",
			delta: { stop_reason: message.stop_reason, stop_sequence: null, stop_details: message.stop_details },
			usage: { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens },
		},
		{ type: "message_stop" },
	];
}

function emptyBlock(block: MessageBlock): MessageBlock {
	switch (block.type) {
		case "text":
			return { ...block, text: "" };
		case "thinking":
			return { ...block, thinking: "", signature: "" };
		case "tool_use":
			return { ...block, input: {} };
		default:
			return block satisfies never;
	}
}

function blockDeltas(block: MessageBlock): object[] {
	switch (block.type) {
		case "text":
			return pieces(block.text).map((text) => ({ type: "text_delta", text }));
		case "thinking":
			return [
				...pieces(block.thinking).map((thinking) => ({ type: "thinking_delta", thinking })),
				{ type: "signature_delta", signature: block.signature },
			];
		case "tool_use":
			return ["", ...pieces(JSON.stringify(block.input))].map((partial_json) => ({
				type: "input_json_delta",
				partial_json,
			}));
		default:
			return block satisfies never;
	}
}

const PIECES_PER_BLOCK = 3;

/** Cuts a string into a few pieces, never inside a code point. */
function pieces(text: string): string[] {
	const codePoints = [...text];
	const length = Math.max(1, Math.ceil(codePoints.length / PIECES_PER_BLOCK));
	const result: string[] = [];
	for (let i = 0; i < codePoints.length; i += length) result.push(codePoints.slice(i, i + length).join(""));
	return result;
}
