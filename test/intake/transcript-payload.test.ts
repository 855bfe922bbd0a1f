// Transcript records, shaped as Claude Code 2.1.330 writes them → facts. Whole sessions are in test/flows.
import { array, assert as assertProperty, constantFrom, dictionary, jsonValue, property, record } from "fast-check";
import { describe, expect, test } from "vitest";
import { createTranscriptReader } from "../../src/intake/transcript-payload.ts";
import type { Json, RawFact } from "../../src/model/fact.ts";
import { seeds } from "../support/seed.ts";

const SEEDS = seeds();
const SESSION = "0616dfe5-3e1d-41d1-a494-58edb36c7c0b";
const START = Date.parse("2026-11-22T02:38:45.000Z");
const PROMPT = "3f9701d5-2eb9-42bc-a76a-da38149cee92";

type Line = Record<string, Json | undefined>;

function at(seconds: number): string {
	return new Date(START + seconds * 1000).toISOString();
}

function read(lines: (Line | string)[], lane: { agentId?: string; since?: number } = {}): RawFact[] {
	const reader = createTranscriptReader({ sessionId: SESSION, since: START, ...lane });
	return lines.flatMap((line) => reader(typeof line === "string" ? line : JSON.stringify(line)));
}

function of<K extends RawFact["kind"]>(facts: RawFact[], kind: K): Extract<RawFact, { kind: K }>[] {
	return facts.filter((fact): fact is Extract<RawFact, { kind: K }> => fact.kind === kind);
}

function prompt(seconds: number, own: Line = {}): Line {
	return {
		type: "user",
		timestamp: at(seconds),
		promptId: PROMPT,
		turnOrigin: "human",
		cwd: "/home/dev/project",
		version: "2.1.330",
		message: { role: "user", content: "go" },
		...own,
	};
}

const USAGE = {
	input_tokens: 11,
	output_tokens: 23,
	cache_read_input_tokens: 1007,
	cache_creation_input_tokens: 7,
	cache_creation: { ephemeral_5m_input_tokens: 2, ephemeral_1h_input_tokens: 5 },
};

function answer(seconds: number, message: Record<string, Json> = {}, own: Line = {}): Line {
	const blocks = [{ type: "text", text: "done" }];
	return {
		type: "assistant",
		timestamp: at(seconds),
		requestId: "req_1",
		requestedModel: "claude-opus-5-5",
		message: {
			id: "msg_1",
			model: "claude-opus-5-5",
			stop_reason: "end_turn",
			stop_details: null,
			usage: USAGE,
			content: blocks,
			...message,
		},
		...own,
	};
}

function result(seconds: number, own: Line = {}, block: Record<string, Json> = {}): Line {
	return {
		type: "user",
		timestamp: at(seconds),
		promptId: PROMPT,
		message: {
			role: "user",
			content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "ok", is_error: false, ...block }],
		},
		...own,
	};
}

describe("an answer", () => {
	test("tells usage with the 5-minute and the 1-hour cache apart", () => {
		const [message] = of(read([prompt(1), answer(2)]), "message.seen");
		expect(message).toMatchObject({
			sessionId: SESSION,
			promptId: PROMPT,
			messageId: "msg_1",
			requestId: "req_1",
			usage: { input: 11, output: 23, cacheRead: 1007, cacheCreation5m: 2, cacheCreation1h: 5 },
			stopReason: "end_turn",
			textBytes: 4,
			after: START + 1000,
		});
	});

	test("without the split counts what was written to the cache as the 5-minute one", () => {
		const usage = { input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 9 };
		const [message] = of(read([answer(1, { usage })]), "message.seen");
		expect(message?.usage).toEqual({ input: 1, output: 1, cacheRead: 0, cacheCreation5m: 9, cacheCreation1h: 0 });
	});

	test("of several blocks waited for the same thing in all its records", () => {
		const blocks = [answer(2, {}, { apiBlockIndex: 0 }), answer(3, {}, { apiBlockIndex: 1 })];
		const messages = of(read([prompt(1), ...blocks]), "message.seen");
		expect(messages.map(({ blockIndex, after }) => [blockIndex, after])).toEqual([
			[0, START + 1000],
			[1, START + 1000],
		]);
	});

	test("began after what its own attempt waited for, and counts the attempts before it", () => {
		const attempt = (seconds: number, id: string) => ({
			type: "api-request",
			timestamp: at(seconds),
			id,
			params: { model: "m" },
		});
		const lines = [prompt(1), attempt(2, "a"), attempt(3, "b"), answer(4, {}, { requestRef: "b" })];
		expect(of(read(lines), "message.seen")[0]).toMatchObject({ after: START + 1000, failedAttempts: 1 });
	});

	test("whose attempt is written down after it is none of the next one's", () => {
		const attempt = (seconds: number, id: string): Line => ({
			type: "api-request",
			timestamp: at(seconds),
			id,
			params: { model: "m" },
		});
		const first = answer(3, {}, { requestRef: "a" });
		const second = answer(7, { id: "msg_2" }, { requestRef: "b" });
		const told = of(read([prompt(1), first, attempt(4, "a"), attempt(6, "b"), second]), "message.seen");
		expect(told.map(({ messageId, failedAttempts }) => [messageId, failedAttempts])).toEqual([
			["msg_1", 0],
			["msg_2", 0],
		]);
	});

	test("counts apart the attempts since claude asked anew: after an answer without content, or a prompt that was too long", () => {
		const attempt = (seconds: number, id: string) => ({
			type: "api-request",
			timestamp: at(seconds),
			id,
			params: { model: "m" },
		});
		const companion: Line = { ...prompt(3), isMeta: true, turnCompanion: true, turnOrigin: undefined };
		const summary: Line = { ...prompt(3), isCompactSummary: true };
		for (const between of [companion, summary]) {
			const lines = [prompt(1), attempt(2, "a"), between, attempt(4, "b"), answer(5, {}, { requestRef: "b" })];
			const [fact] = of(read(lines), "message.seen");
			expect(fact).toMatchObject({ failedAttempts: 1, anew: { failedAttempts: 0, retryMs: 0 } });
		}
	});

	test("that paused ends the turn, for claude asks no more", () => {
		const stops = (stop_reason: string) => of(read([prompt(1), answer(2, { stop_reason })]), "turn.stopped").length;
		expect(["end_turn", "pause_turn", "refusal", "tool_use"].map(stops)).toEqual([1, 1, 1, 0]);
	});

	test("tells each call that it asks for", () => {
		const content = [{ type: "tool_use", id: "toolu_1", name: "Bash", input: { command: "ls" } }];
		const [call] = of(read([prompt(1), answer(2, { content, stop_reason: "tool_use" })]), "tool.requested");
		expect(call).toMatchObject({ toolUseId: "toolu_1", toolName: "Bash", messageId: "msg_1", promptId: PROMPT });
	});

	test("that a fork has copied, or that is older than the run, is none of its facts", () => {
		expect(read([answer(1, {}, { requestSessionId: "another" })])).toEqual([]);
		expect(of(read([answer(1, {}, { requestSessionId: SESSION })]), "message.seen")).toHaveLength(1);
		expect(read([prompt(-2), answer(-1)])).toEqual([]);
	});

	test("is one of the run where it follows a record of it, however old the clock makes it", () => {
		const messages = of(read([answer(-9), prompt(1), answer(-8, { id: "msg_2" })]), "message.seen");
		expect(messages.map(({ messageId, at: time }) => [messageId, time])).toEqual([["msg_2", START - 8000]]);
	});

	test("that a fork has copied is not, though the fork's queue was written before it", () => {
		const queued = { type: "queue-operation", operation: "enqueue", timestamp: prompt(0).timestamp } as Line;
		const facts = read([queued, prompt(-9), answer(-8), prompt(1), answer(2, { id: "msg_2" })]);
		expect(of(facts, "message.seen").map(({ messageId }) => messageId)).toEqual(["msg_2"]);
		expect(of(facts, "prompt.submitted")).toHaveLength(1);
	});

	test("whose stream was cut is told to be partial by what follows it", () => {
		const cut = answer(2, { stop_details: undefined as unknown as Json });
		const resume: Line = { ...prompt(3), isMeta: true, turnCompanion: true, turnOrigin: undefined };
		expect(of(read([prompt(1), cut, resume]), "message.seen").map(({ partial }) => partial)).toEqual([undefined, true]);
		const interrupted = prompt(3, { message: { role: "user", content: "[Request interrupted by user]" } });
		expect(of(read([prompt(1), cut, interrupted]), "message.seen").at(-1)).toMatchObject({
			partial: true,
			givenUp: true,
		});
		expect(of(read([prompt(1), answer(2), interrupted]), "message.seen")).toHaveLength(1);
		const synthetic = answer(
			3,
			{ model: "<synthetic>" },
			{ isApiErrorMessage: true, streamCutCause: "stale_connection", requestId: undefined, error: "server_error" },
		);
		const failed = read([prompt(1), cut, synthetic]);
		expect(of(failed, "message.seen").at(-1)).toMatchObject({ partial: true });
		expect(of(failed, "request.failed")).toMatchObject([{ errorType: "server_error" }]);
		// What was asked for before the break is done, and the turn goes on.
		const call = { type: "tool_use", id: "toolu_1", name: "Read", input: {} };
		const goesOn = read([
			prompt(1),
			answer(2, { stop_details: undefined as unknown as Json, content: [call] }),
			synthetic,
		]);
		expect(of(goesOn, "message.seen").at(-1)).toMatchObject({ partial: true });
		expect(of(goesOn, "request.failed")).toEqual([]);
	});
});

describe("a request that was refused", () => {
	const attempt = (seconds: number, id: string, model: string): Line => {
		return { type: "api-request", timestamp: at(seconds), id, params: { model } };
	};
	const refusal = { type: "system", subtype: "model_refusal_fallback", timestamp: at(4), requestId: "req_r" };
	const instead: Line = { ...refusal, originalModel: "m", fallbackModel: "n" };

	test("without content is told by the model that answers in its place, whose attempts are its own", () => {
		const lines = [prompt(1), attempt(2, "a", "m"), attempt(5, "b", "n"), instead, answer(6, {}, { requestRef: "b" })];
		const facts = read(lines);
		expect(of(facts, "request.refused")).toMatchObject([
			{ requestId: "req_r", model: "m", after: START + 1000, failedAttempts: 0, retryMs: 0 },
		]);
		expect(of(facts, "message.seen")[0]).toMatchObject({ failedAttempts: 0, retryMs: 0 });
	});

	test("and given up there is none that failed, but ended the turn", () => {
		const gaveUp = { isApiErrorMessage: true, requestId: "req_r", error: "invalid_request" };
		const last = answer(3, { model: "<synthetic>", stop_reason: "refusal" }, gaveUp);
		const facts = read([prompt(1), attempt(2, "a", "m"), last]);
		expect(of(facts, "request.failed")).toEqual([]);
		expect(of(facts, "request.refused")).toMatchObject([
			{ requestId: "req_r", model: "m", errorType: "invalid_request", after: START + 1000, failedAttempts: 0 },
		]);
		expect(of(facts, "turn.read")).toHaveLength(1);
	});
});

describe("an answer that was no stream", () => {
	// Claude Code asks so when its streams break: the record has what the API sends, and that needs no stop_details.
	const call = { type: "tool_use", id: "toolu_1", name: "Read", input: {} };
	const asks = answer(2, { stop_details: undefined as unknown as Json, stop_reason: "tool_use", content: [call] });
	const says = answer(2, { stop_details: undefined as unknown as Json });
	const partial = (lines: Line[]) => of(read(lines), "message.seen").filter((fact) => fact.partial);
	const attempt: Line = { type: "api-request", timestamp: at(4), id: "b", params: { model: "m" } };

	test("is whole", () => {
		expect(of(read([prompt(1), asks, result(3), answer(5, { id: "msg_2" })]), "message.seen")).toMatchObject([
			{ messageId: "msg_1", whole: true, stopReason: "tool_use" },
			{ messageId: "msg_2", whole: true },
		]);
		const ended = answer(2, { stop_details: undefined as unknown as Json, stop_reason: null });
		expect(of(read([prompt(1), ended]), "message.seen")).toMatchObject([{ whole: false }]);
	});

	test("is not the one that was cut or interrupted after it", () => {
		const lost = { isApiErrorMessage: true, streamCutCause: "stale_connection", requestId: undefined };
		const synthetic = answer(5, { id: "msg_2", model: "<synthetic>" }, lost);
		expect(partial([prompt(1), asks, result(3), attempt, synthetic])).toEqual([]);
		const interrupted = prompt(5, { message: { role: "user", content: "[Request interrupted by user]" } });
		expect(partial([prompt(1), asks, interrupted])).toEqual([]);
		expect(partial([prompt(1), says, prompt(3, { promptId: "p2" }), { ...interrupted, promptId: "p2" }])).toEqual([]);
	});

	test("is not cut where the next prompt has a companion, or where it was refused", () => {
		const companion: Line = { ...prompt(3), isMeta: true, turnCompanion: true, turnOrigin: undefined };
		expect(partial([prompt(1), says, { ...companion, promptId: "p2" }])).toEqual([]);
		const refused = answer(2, { stop_details: undefined as unknown as Json, stop_reason: "refusal" });
		expect(partial([prompt(1), refused, companion])).toEqual([]);
	});
});

describe("a request", () => {
	const retry = (seconds: number, error: Json): Line => ({
		type: "system",
		subtype: "api_error",
		timestamp: at(seconds),
		uuid: `retry-${seconds}`,
		error,
		retryAttempt: seconds,
		maxRetries: 10,
		retryInMs: 500,
	});

	test("that is tried again tells why, and its answer how often", () => {
		const overloaded = retry(2, { status: 529, requestId: "req_0", connection: null, formatted: "<text>" });
		const broken = retry(3, { connection: { code: "ECONNRESET" } });
		const facts = read([prompt(1), overloaded, broken, answer(4)]);
		expect(of(facts, "request.retried").map(({ errorType, status, waitMs }) => [errorType, status, waitMs])).toEqual([
			["overloaded", 529, 500],
			["connection_error", undefined, 500],
		]);
		expect(of(facts, "message.seen")[0]).toMatchObject({ failedAttempts: 2, retryMs: 1000, after: START + 3000 });
	});

	test("that failed for good has the model of its last attempt", () => {
		const attempt = { type: "api-request", timestamp: at(2), id: "a", params: { model: "claude-opus-5-5" } };
		const failed = answer(
			3,
			{ model: "<synthetic>", content: [{ type: "text", text: "<text>" }] },
			{ isApiErrorMessage: true, apiErrorStatus: 401, apiErrorType: "authentication_error", requestId: "req_9" },
		);
		expect(of(read([prompt(1), attempt, failed]), "request.failed")).toMatchObject([
			{ id: "req_9", errorType: "authentication_failed", status: 401, requestedModel: "claude-opus-5-5" },
		]);
	});

	test("that claude gave up before it asked is told apart: its context was full and could not be compacted", () => {
		const full = answer(
			3,
			{ model: "<synthetic>", content: [{ type: "text", text: "<text>" }] },
			{ isApiErrorMessage: true, error: "invalid_request", requestId: undefined, uuid: "u" },
		);
		const attempt = { type: "api-request", timestamp: at(2), id: "a", params: { model: "claude-opus-5-5" } };
		expect(of(read([prompt(1), full]), "request.failed")).toMatchObject([
			{ id: "u", errorType: "invalid_request", unsent: true },
		]);
		expect(of(read([prompt(1), attempt, full]), "request.failed")[0]).not.toHaveProperty("unsent");
	});

	test("whose model was given up is a final error, and the other model's request begins anew", () => {
		const attempt = (seconds: number, id: string, model: string) => ({
			type: "api-request",
			timestamp: at(seconds),
			id,
			params: { model },
		});
		const fallback = {
			type: "system",
			subtype: "model_fallback",
			timestamp: at(5),
			uuid: "fallback",
			trigger: "overloaded",
			originalModel: "opus",
			fallbackModel: "sonnet",
		};
		const lines = [
			prompt(1),
			attempt(2, "a", "opus"),
			retry(3, { status: 529 }),
			attempt(4, "b", "opus"),
			attempt(6, "c", "sonnet"),
			fallback,
			answer(7, {}, { requestRef: "c" }),
		];
		const facts = read(lines);
		expect(of(facts, "request.failed")).toMatchObject([
			{
				id: "fallback",
				errorType: "overloaded",
				requestedModel: "opus",
				failedAttempts: 1,
				retryMs: 500,
				after: START + 3000,
			},
		]);
		expect(of(facts, "model.switched")).toMatchObject([{ from: "opus", to: "sonnet", reason: "overloaded" }]);
		expect(of(facts, "message.seen")[0]).toMatchObject({ failedAttempts: 0, retryMs: 0, after: START + 3000 });
	});

	test("whose model was given up in an agent shows in the models of its attempts alone", () => {
		const attempt = (seconds: number, id: string, model: string) => ({
			type: "api-request",
			timestamp: at(seconds),
			id,
			params: { model },
		});
		const attempts = [attempt(2, "a", "opus"), attempt(3, "b", "opus"), attempt(4, "c", "haiku")];
		const lines = [prompt(1), ...attempts, answer(5, {}, { requestRef: "c" })];
		const inAgent = read(lines, { agentId: "a" });
		expect(of(inAgent, "request.failed")).toMatchObject([
			{ id: "b", requestedModel: "opus", failedAttempts: 1, at: START + 4000, after: START + 1000, fallback: true },
		]);
		expect(of(inAgent, "message.seen")[0]).toMatchObject({ failedAttempts: 0, after: START + 1000 });
		expect(of(read(lines), "request.failed")).toEqual([]);
	});
});

describe("the result of a call", () => {
	const outcome = (own: Line, block?: Record<string, Json>) => of(read([result(1, own, block)]), "tool.ended")[0];

	test("is ok, or an error of a kind that its text tells", () => {
		expect(outcome({})).toMatchObject({ outcome: "ok" });
		const failed = { is_error: true, content: "Exit code 2\n<text>" };
		expect(outcome({}, failed)).toMatchObject({ outcome: "error", errorType: "command_failed", exitCode: 2 });
		const unknown = { is_error: true, content: "<tool_use_error>No such tool available</tool_use_error>" };
		expect(outcome({}, unknown)).toMatchObject({ errorType: "unknown_tool" });
		const schema = { is_error: true, content: "<tool_use_error>InputValidationError: <text></tool_use_error>" };
		expect(outcome({}, schema)).toMatchObject({ errorType: "invalid_input" });
	});

	test("is a denial where it was refused before it ran, and an interruption where it was stopped", () => {
		const rejected = { toolDenialKind: "user-rejected" };
		expect(outcome({ ...rejected, toolDenialBeforeRun: true })).toMatchObject({
			outcome: "denied",
			decisionSource: "user-rejected",
		});
		expect(outcome({ ...rejected, userFeedback: "<text>" })).toMatchObject({ outcome: "denied" });
		expect(outcome({ permissionDecision: { decision: "reject", source: "config" } })).toMatchObject({
			outcome: "denied",
			decision: "reject",
			decisionSource: "config",
		});
		const stopped = outcome(rejected);
		expect(stopped).toMatchObject({ outcome: "interrupted" });
		expect(stopped).not.toHaveProperty("decisionSource");
	});

	test("names the agent that it started or revived", () => {
		expect(outcome({ toolUseResult: { status: "async_launched", agentId: "a1" } })).toMatchObject({
			startedAgentId: "a1",
			background: true,
		});
		expect(outcome({}, { content: '{"success":true,"resumedAgentId":"a1"}' })).toMatchObject({ revivedAgentId: "a1" });
	});
});

describe("a turn", () => {
	test("is synthetic unless a human or a program began it", () => {
		const synthetic = (turnOrigin: string) => of(read([prompt(1, { turnOrigin })]), "prompt.submitted")[0]?.synthetic;
		expect(synthetic("human")).toBe(false);
		expect(synthetic("sdk")).toBe(false);
		expect(synthetic("task_notification")).toBe(true);
	});

	test("is begun by no notification that only stands in the transcript: the prompt that comes next answers it", () => {
		const notification = prompt(1, {
			promptId: "told",
			turnOrigin: undefined,
			origin: { kind: "task-notification" },
			queueTranscriptOnly: true,
			message: { content: "<task-notification>" },
		});
		const dequeued = { type: "queue-operation", operation: "dequeue", timestamp: at(2) };
		const typed = prompt(3, { turnPosition: { turnIndex: 2 } });
		const later = prompt(5, { promptId: "later", turnPosition: { turnIndex: 3 } });
		const told = of(read([notification, dequeued, typed, answer(4), later]), "prompt.submitted");
		expect(told.map(({ promptId, synthetic, waits, together }) => [promptId, synthetic, waits, together])).toEqual([
			["told", true, true, undefined],
			[PROMPT, false, undefined, "told"],
			["later", false, undefined, undefined],
		]);
	});

	test("of a notification begins no turn where the next one is taken out of the queue before it is answered", () => {
		const own = { turnOrigin: undefined, origin: { kind: "task-notification" } };
		const dequeued = (second: number) => ({ type: "queue-operation", operation: "dequeue", timestamp: at(second) });
		const records = [
			dequeued(1),
			prompt(2, { ...own, promptId: "first" }),
			dequeued(3),
			prompt(4, { ...own, promptId: "second", turnPosition: { turnIndex: 2 } }),
			answer(5),
			dequeued(6),
			prompt(7, { ...own, promptId: "third", turnPosition: { turnIndex: 3 } }),
		];
		const told = of(read(records), "prompt.submitted");
		expect(told.map(({ promptId, together }) => [promptId, together])).toEqual([
			["first", undefined],
			["second", "first"],
			["third", undefined],
		]);
	});

	test("of a notification is synthetic without a turnOrigin too", () => {
		const own = { turnOrigin: undefined, origin: { kind: "task-notification" } };
		expect(of(read([prompt(1, own)]), "prompt.submitted")).toMatchObject([{ synthetic: true }]);
		expect(of(read([prompt(1, { origin: { kind: "human" } })]), "prompt.submitted")).toMatchObject([
			{ synthetic: false },
		]);
	});

	test("is none where a local command ran", () => {
		const command = prompt(1, { turnOrigin: undefined, message: { content: "<command-name>/cost</command-name>" } });
		expect(of(read([command]), "prompt.submitted")).toEqual([]);
	});

	test("is over where it was interrupted, and goes on where a hook says so", () => {
		const content = [{ type: "text", text: "[Request interrupted by user for tool use]" }];
		const stop: Line = { ...prompt(2), turnOrigin: undefined, message: { content } };
		expect(read([prompt(1), stop]).map(({ kind }) => kind)).toEqual([
			"prompt.submitted",
			"turn.interrupted",
			"turn.read",
		]);
		const meta: Line = { ...prompt(2), isMeta: true, turnOrigin: undefined };
		expect(of(read([prompt(1), meta]), "turn.active")).toHaveLength(1);
	});

	test("is read to its end with the record of its stop", () => {
		const summary = { type: "system", subtype: "stop_hook_summary", timestamp: at(3) };
		expect(of(read([prompt(1), answer(2), summary]), "turn.read")).toMatchObject([
			{ promptId: PROMPT, at: START + 3000 },
		]);
	});
});

describe("a compaction", () => {
	test("belongs to the prompt that its summary names, which stands after it", () => {
		const boundary = {
			type: "system",
			subtype: "compact_boundary",
			timestamp: at(2),
			uuid: "c1",
			compactMetadata: { trigger: "manual", preTokens: 100, postTokens: 10, durationMs: 70 },
		};
		const summary = prompt(1.9, { isCompactSummary: true, turnOrigin: undefined });
		const [compacted] = of(read([boundary, summary]), "compacted");
		expect(compacted).toMatchObject({
			id: "c1",
			trigger: "manual",
			preTokens: 100,
			postTokens: 10,
			durationMs: 70,
			promptId: PROMPT,
		});
	});
});

describe("a ledger", () => {
	const ledger = (inputTokens: number) => ({
		type: "cost-state",
		totalCostUSD: 1,
		modelUsage: { m: { inputTokens, outputTokens: 1, cacheReadInputTokens: 2, cacheCreationInputTokens: 9 } },
	});

	test("before the first record of the run is what earlier runs had spent", () => {
		const states = of(read([prompt(-1), ledger(5), prompt(1), ledger(8)]), "cost.state");
		expect(states.map(({ baseline, models }) => [baseline, models.m?.input])).toEqual([
			[true, 5],
			[false, 8],
		]);
	});

	test("is not the run's because the answer of a local command is stamped too late", () => {
		const stdout = prompt(0.05, { turnOrigin: undefined, message: { content: "<local-command-stdout>x" } });
		expect(of(read([prompt(-1), stdout, ledger(5), prompt(1)]), "cost.state")).toMatchObject([{ baseline: true }]);
	});
});

describe("an agent's file", () => {
	test("tells its beginning, its end, and that it was taken up again", () => {
		const task: Line = { ...prompt(1), turnOrigin: undefined };
		const again: Line = { ...prompt(4), turnOrigin: undefined };
		const tool = answer(2, { id: "msg_0", stop_reason: "tool_use" });
		const facts = read([task, tool, result(2.5), answer(3), again, answer(5, { id: "msg_2" })], { agentId: "a1" });
		expect(of(facts, "agent.started").map((fact) => fact.at - START)).toEqual([1000, 4000]);
		expect(of(facts, "agent.read").map((fact) => fact.at - START)).toEqual([3000, 5000]);
		expect(facts.every(({ agentId }) => agentId === "a1")).toBe(true);
		expect(of(facts, "prompt.submitted")).toEqual([]);
	});

	test("whose answer was cut goes on: it is neither over nor begun anew", () => {
		const task = prompt(1, { turnOrigin: undefined });
		const cut = answer(2, { stop_details: undefined as unknown as Json });
		const resume = prompt(3, { turnOrigin: undefined, isMeta: true, turnCompanion: true });
		const facts = read([task, cut, resume, answer(9, { id: "msg_2" })], { agentId: "a1" });
		expect(of(facts, "agent.started")).toHaveLength(1);
		expect(of(facts, "turn.active").map(({ at, agentId }) => [at - START, agentId])).toEqual([[3000, "a1"]]);
	});
});

test("lines that are no record tell nothing", () => {
	const lines = [
		"",
		"{",
		"null",
		"[]",
		"7",
		'"x"',
		'{"type":"user"}',
		'{"type":"attachment","timestamp":"2026-11-22T02:38:46Z"}',
	];
	expect(read(lines)).toEqual([]);
});

test("a record that is nested ten thousand levels deep still tells of its call", () => {
	const deep = `${"[".repeat(10_000)}1${"]".repeat(10_000)}`;
	const line = JSON.stringify(result(1, { toolUseResult: { stdout: "ok", other: "DEEP" } })).replace('"DEEP"', deep);
	const [fact] = of(read([line]), "tool.ended");
	expect(fact).toMatchObject({ toolUseId: "toolu_1", outcome: "ok", stdoutBytes: 2 });
	expect(() => JSON.stringify(fact)).not.toThrow();
});

test("times that no session has make no facts, and names of every object's members mean nothing", () => {
	for (const timestamp of ["+275760-09-13T00:00:00.000Z", "-000001-01-01T00:00:00.000Z", "1969-12-31T00:00:00.000Z"])
		expect(read([prompt(1, { timestamp })], { since: Number.NEGATIVE_INFINITY })).toEqual([]);
	const failed = { isApiErrorMessage: true, apiErrorType: "constructor", apiErrorStatus: 529, uuid: "u" };
	expect(of(read([answer(1, {}, failed)]), "request.failed")).toMatchObject([{ errorType: "overloaded" }]);
});

test("a ledger keeps a model called __proto__ apart, and no amount that cannot be", () => {
	const ledger = '{"type":"cost-state","totalCostUSD":1e300,"modelUsage":{"__proto__":{"inputTokens":5,"costUSD":-1}}}';
	const [fact] = of(read([ledger]), "cost.state");
	expect(fact?.totalCostUsd).toBe(0);
	expect(Object.keys(fact?.models ?? {})).toEqual(["__proto__"]);
	expect(Object.getPrototypeOf(fact?.models)).toBe(Object.prototype);
});

test("whatever JSON the fields hold, nothing throws and every fact has a time and a session", () => {
	const types = ["user", "assistant", "system", "cost-state", "api-request"];
	const keys = [
		"message",
		"subtype",
		"promptId",
		"toolUseResult",
		"error",
		"modelUsage",
		"permissionDecision",
		"isMeta",
	];
	const inner = ["content", "id", "usage", "stop_reason", "model", "type", "text", "tool_use_id"];
	const line = record({
		type: constantFrom(...types),
		timestamp: constantFrom(at(1), at(-1), "never"),
		own: dictionary(constantFrom(...keys), jsonValue()),
		message: dictionary(constantFrom(...inner), jsonValue()),
	});
	assertProperty(
		property(array(line), (lines) => {
			const facts = read(
				lines.map(({ type, timestamp, own, message }) => ({
					type,
					timestamp,
					message: message as Json,
					...(own as Line),
				})),
			);
			for (const fact of facts) expect([Number.isFinite(fact.at), fact.sessionId]).toEqual([true, SESSION]);
		}),
		{ numRuns: SEEDS.length * 40, seed: SEEDS[0] },
	);
});

test("a record is of the prompt to which it answers, though another claude writes its own in between", () => {
	const other = "00000000-0000-4000-8000-000000000000";
	const facts = read([
		prompt(1, { uuid: "a", parentUuid: null }),
		prompt(2, { uuid: "x", parentUuid: null, promptId: other }),
		{ parentUuid: "a", type: "attachment", timestamp: at(3), uuid: "b", attachment: { type: "date" } },
		answer(4, { id: "msg_1" }, { uuid: "c", parentUuid: "b" }),
		answer(5, { id: "msg_2" }, { uuid: "y", parentUuid: "x" }),
	]);
	expect(of(facts, "message.seen").map(({ messageId, promptId }) => [messageId, promptId])).toEqual([
		["msg_1", PROMPT],
		["msg_2", other],
	]);
});

test("the copies with which a branch begins are context, and what follows them tells that it is a fork", () => {
	const forkedFrom = { sessionId: "00000000-0000-4000-8000-000000000000", messageUuid: "a" };
	const copies = [prompt(1, { forkedFrom }), answer(2, {}, { forkedFrom })];
	const own = prompt(9);
	expect(read([...copies, own]).map(({ kind, at: time }) => [kind, time])).toEqual([
		["session.seen", START + 9000],
		["prompt.submitted", START + 9000],
	]);
	expect(of(read([...copies, own]), "session.seen")).toMatchObject([{ sessionSource: "fork" }]);
	// Forked before this run: here it is taken up.
	expect(of(read([...copies, prompt(3), own], { since: START + 5000 }), "session.seen")).toEqual([]);
});
