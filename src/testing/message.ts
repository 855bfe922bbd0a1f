// The Messages API's own shapes. In: a step, ids. Out: the message, its usage and error bodies as the API writes them.

import type { ScriptBlock, ScriptStep, ScriptUsage } from "./script.ts";

export type MessageBlock =
	| { type: "text"; text: string }
	| { type: "thinking"; thinking: string; signature: string }
	| { type: "tool_use"; id: string; name: string; input: unknown };

export type Message = {
	id: string;
	type: "message";
	role: "assistant";
	model: string;
	content: MessageBlock[];
	stop_reason: string;
	stop_sequence: null;
	stop_details?: ScriptStep["stopDetails"];
	usage: ReturnType<typeof wireUsage>;
};

const DEFAULT_USAGE: ScriptUsage = { input: 10, output: 5, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
export const NO_USAGE: ScriptUsage = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

export function fullUsage(step: ScriptStep): ScriptUsage {
	return { ...DEFAULT_USAGE, ...step.usage };
}

/** What `message_start` tells: the whole input, and the first output token. */
export function startUsage(step: ScriptStep): ScriptUsage {
	const usage = fullUsage(step);
	return { ...usage, output: Math.min(1, usage.output) };
}

export function wireUsage(usage: ScriptUsage) {
	return {
		input_tokens: usage.input,
		cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
		cache_read_input_tokens: usage.cacheRead,
		cache_creation: {
			ephemeral_5m_input_tokens: usage.cacheWrite5m,
			ephemeral_1h_input_tokens: usage.cacheWrite1h,
		},
		output_tokens: usage.output,
		service_tier: "standard",
	};
}

export function buildMessage(step: ScriptStep, id: string, requestedModel: string, makeId: MakeId): Message {
	const blocks = step.blocks ?? [{ type: "text", text: "Done." }];
	return {
		id,
		type: "message",
		role: "assistant",
		model: step.model ?? requestedModel,
		content: blocks.map((block) => buildBlock(block, makeId)),
		stop_reason: step.stopReason ?? (blocks.some((block) => block.type === "tool_use") ? "tool_use" : "end_turn"),
		stop_sequence: null,
		...(step.stopDetails ? { stop_details: step.stopDetails } : {}),
		usage: wireUsage(fullUsage(step)),
	};
}

function buildBlock(block: ScriptBlock, makeId: MakeId): MessageBlock {
	switch (block.type) {
		case "text":
			return { type: "text", text: block.text };
		case "thinking":
			return { type: "thinking", thinking: block.thinking, signature: makeId("sig_") };
		case "tool_use":
			return { type: "tool_use", id: block.id ?? makeId("toolu_"), name: block.name, input: block.input };
		default:
			return block satisfies never;
	}
}

const ERROR_TYPES: Record<number, [type: string, message: string]> = {
	400: ["invalid_request_error", "The request is not valid."],
	401: ["authentication_error", "invalid x-api-key"],
	403: ["permission_error", "Your API key may not use this resource."],
	404: ["not_found_error", "Not found"],
	413: ["request_too_large", "Request exceeds the maximum size"],
	429: ["rate_limit_error", "This request would exceed your rate limit."],
	500: ["api_error", "Internal server error"],
	529: ["overloaded_error", "Overloaded"],
};

export function errorBody(status: number, requestId: string, type?: string, message?: string) {
	const [defaultType, defaultMessage] = ERROR_TYPES[status] ?? ["api_error", `HTTP ${status}`];
	return {
		type: "error",
		error: { type: type ?? defaultType, message: message ?? defaultMessage },
		request_id: requestId,
	};
}

export type MakeId = (prefix: string) => string;

const ID_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** Ids of the API's length and alphabet; a seeded `random` makes them the same in every run. */
export function idMaker(random: () => number = Math.random): MakeId {
	return (prefix) => {
		let id = `${prefix}01`;
		for (let i = 0; i < 22; i++) id += ID_ALPHABET[Math.floor(random() * ID_ALPHABET.length)];
		return id;
	};
}
