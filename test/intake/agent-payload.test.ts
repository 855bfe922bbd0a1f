import { expect, test } from "vitest";
import { createAgentReader } from "../../src/intake/agent-payload.ts";
import type { Json, RawFact } from "../../src/model/fact.ts";

const AT = 1_000;
const SESSION = { session_id: "s" };
const USAGE = {
	input_tokens: 11,
	cache_read_input_tokens: 1000,
	cache_creation_input_tokens: 7,
	cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 5 },
	output_tokens: 1,
};

const start = (id: string): Json => ({
	...SESSION,
	type: "stream_event",
	parent_tool_use_id: null,
	event: { type: "message_start", message: { id, model: "claude-opus-5-5", usage: USAGE } },
});
const delta = (output: number): Json => ({
	...SESSION,
	type: "stream_event",
	parent_tool_use_id: null,
	event: { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: output } },
});
const block = (id: string, content: Json, more: Record<string, Json> = {}): Json => ({
	...SESSION,
	type: "assistant",
	parent_tool_use_id: null,
	request_id: `req_${id}`,
	message: { id, model: "claude-opus-5-5", content: [content], stop_reason: null, usage: USAGE },
	...more,
});
const text = (words: string): Json => ({ type: "text", text: words });
const call = (id: string): Json => ({ type: "tool_use", id, name: "Bash", input: { command: "ls" } });

function readAll(transcript: boolean, messages: Json[]): RawFact[] {
	const reader = createAgentReader({ transcript });
	reader.see({ source: "hook", at: 1, sessionId: "s", promptId: "p", kind: "session.seen" });
	return messages.flatMap((message) => reader.read(message, AT));
}

test("with a transcript an answer is told once, with what it has used when it is whole", () => {
	const facts = readAll(true, [start("m"), block("m", text("hello")), block("m", call("t")), delta(29)]);
	expect(facts).toEqual([
		expect.objectContaining({
			kind: "message.seen",
			source: "agent",
			at: AT,
			promptId: "p",
			messageId: "m",
			stopReason: "tool_use",
			usage: { input: 11, output: 29, cacheRead: 1000, cacheCreation5m: 2, cacheCreation1h: 5 },
		}),
	]);
	expect(facts[0]).not.toHaveProperty("content");
});

test("without one its blocks are told too, with their texts and calls", () => {
	const facts = readAll(false, [start("m"), block("m", text("hello")), block("m", call("t")), delta(29)]);
	expect(facts.map(({ kind }) => kind)).toEqual(["message.seen", "message.seen", "tool.requested", "message.seen"]);
	expect(facts[0]).toMatchObject({ requestId: "req_m", blockIndex: 0, content: { answer: { value: "hello" } } });
	expect(facts[1]).toMatchObject({ blockIndex: 1 });
	expect(facts[2]).toMatchObject({ toolUseId: "t", toolName: "Bash", messageId: "m" });
});

test.each([true, false])("of an answer that was cut nothing is told (transcript: %s)", (transcript) => {
	const facts = readAll(transcript, [start("cut"), block("cut", text("hel")), start("whole"), delta(5)]);
	expect(facts.map((fact) => "messageId" in fact && fact.messageId)).toEqual(["whole"]);
});

test("an agent's blocks, of which no pieces come, are told at once and belong to the agent", () => {
	const inAgent = { parent_tool_use_id: "t", agent_id: "a1" };
	const facts = readAll(false, [start("m"), block("x", text("from the agent"), inAgent), delta(29)]);
	expect(facts[0]).toMatchObject({ kind: "message.seen", messageId: "x", agentId: "a1" });
	expect(facts[0]).not.toHaveProperty("promptId");
	expect(facts[1]).toMatchObject({ messageId: "m", promptId: "p" });
});

test("a result is the client's ledger so far, and each ranks higher than the one before and below the transcript's", () => {
	const result = (costUSD: number): Json => ({
		...SESSION,
		type: "result",
		total_cost_usd: costUSD,
		modelUsage: {
			"claude-opus-5-5": {
				inputTokens: 1,
				outputTokens: 2,
				cacheReadInputTokens: 3,
				cacheCreationInputTokens: 9,
				cacheCreationEphemeral5mInputTokens: 4,
				cacheCreationEphemeral1hInputTokens: 5,
				costUSD,
			},
		},
	});
	const facts = readAll(true, [result(1), result(2)]);
	expect(facts[0]).toMatchObject({
		kind: "cost.state",
		totalCostUsd: 1,
		baseline: false,
		models: {
			"claude-opus-5-5": { input: 1, output: 2, cacheRead: 3, cacheCreation5m: 4, cacheCreation1h: 5, costUsd: 1 },
		},
	});
	const indexes = facts.map((fact) => (fact.kind === "cost.state" ? fact.index : Number.NaN));
	expect(indexes[0]).toBeLessThan(indexes[1] ?? 0);
	expect(indexes[1]).toBeLessThan(1);
});

test("a retry is told where no transcript tells it", () => {
	const retry: Json = {
		...SESSION,
		type: "system",
		subtype: "api_retry",
		uuid: "u",
		attempt: 1,
		max_retries: 10,
		retry_delay_ms: 553,
		error_status: 529,
	};
	expect(readAll(true, [retry])).toEqual([]);
	expect(readAll(false, [retry])).toMatchObject([
		{ kind: "request.retried", id: "u", errorType: "overloaded", status: 529, waitMs: 553, maxAttempts: 10 },
	]);
});

test("an answer has the attempts that failed before it, where it is known which lane was tried again", () => {
	const reader = createAgentReader({ transcript: false });
	const retry: Json = { ...SESSION, type: "system", subtype: "api_retry", retry_delay_ms: 500, error_status: 529 };
	const answer = (id: string) => [start(id), delta(1)].flatMap((message) => reader.read(message, AT));
	const told = (facts: RawFact[]) =>
		facts.map((fact) => (fact.kind === "message.seen" ? [fact.failedAttempts, fact.retryMs] : fact.kind));
	const agent = { source: "hook" as const, at: AT, sessionId: "s", agentId: "a", agentType: "Explore" };

	expect(told(answer("msg_1"))).toEqual([[0, 0]]);
	for (const message of [retry, retry]) reader.read(message, AT);
	expect(told(answer("msg_2"))).toEqual([[2, 1000]]);
	reader.see({ ...agent, kind: "agent.started" });
	const ofAgent = (id: string) => reader.read(block(id, text("x"), { parent_tool_use_id: "toolu_1" }), AT);
	expect(told(ofAgent("msg_3"))).toEqual([[0, 0]]);
	reader.read(retry, AT);
	expect(told(ofAgent("msg_4"))).toEqual([[undefined, undefined]]);
	reader.see({ ...agent, kind: "agent.stopped" });
	expect(told(answer("msg_5"))).toEqual([[undefined, undefined]]);
	expect(told(answer("msg_6"))).toEqual([[0, 0]]);
});

test("the first message tells where and how claude runs", () => {
	const init: Json = {
		...SESSION,
		type: "system",
		subtype: "init",
		cwd: "/w",
		permissionMode: "plan",
		claude_code_version: "2.1.330",
	};
	expect(readAll(true, [init])).toMatchObject([
		{ kind: "session.seen", cwd: "/w", permissionMode: "plan", claudeVersion: "2.1.330" },
	]);
});

test.each<[Json]>([
	[null],
	["text"],
	[[]],
	[{}],
	[{ type: "assistant" }],
	[{ ...SESSION, type: "of tomorrow" }],
	[{ ...SESSION, type: "assistant", message: null }],
	[{ ...SESSION, type: "stream_event", event: 7 }],
	[{ ...SESSION, type: "result", modelUsage: "none" }],
])("%j tells nothing and breaks nothing", (message) => {
	expect(readAll(false, [message])).toEqual([]);
});

test("how much of a limit is used is told by its window, and nothing else of the subscription", () => {
	const limit = (info: Record<string, Json>): Json => ({ ...SESSION, type: "rate_limit_event", rate_limit_info: info });
	const facts = readAll(true, [
		limit({ status: "allowed_warning", rateLimitType: "seven_day_opus", utilization: 0.83, resetsAt: 1 }),
		limit({ status: "allowed", rateLimitType: "a new one", utilization: 0.1 }),
		limit({ status: "allowed", rateLimitType: "five_hour" }),
	]);
	expect(facts.flatMap((fact) => (fact.kind === "limit.told" ? [[fact.window, fact.usedRatio]] : []))).toEqual([
		["seven_day_opus", 0.83],
	]);
});

test.each([
	[{ subtype: "success" }, [undefined]],
	[{ subtype: "error_max_turns", is_error: true }, ["max_turns"]],
	[{ subtype: "error_max_budget_usd", is_error: true }, ["max_budget_usd"]],
	[{ subtype: "success", is_error: true }, []],
	[{ subtype: "error_during_execution", is_error: true }, []],
])("a result %j says how claude itself ended the turn", (result, stops) => {
	const facts = createAgentReader({ transcript: false }).read({ type: "result", session_id: "s", ...result }, 1);
	expect(facts.flatMap((fact) => (fact.kind === "turn.stopped" ? [fact.errorType] : []))).toEqual(stops);
});
