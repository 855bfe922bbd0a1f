// Claude Code's own telemetry, as it comes over OTLP, and the facts that are made of it.
import { describe, expect, test } from "vitest";
import { createOtlpReader } from "../../src/intake/otlp-payload.ts";
import type { Json, RawFact } from "../../src/model/fact.ts";

const SCOPE = "com.anthropic.claude_code";
const AT = 1_795_304_140_292;
const NANOS = `${AT}000000`;

function value(plain: Json): Json {
	if (typeof plain === "string") return { stringValue: plain };
	if (typeof plain === "boolean") return { boolValue: plain };
	return Number.isInteger(plain) ? { intValue: plain } : { doubleValue: plain };
}

function attributes(plain: Record<string, Json>): Json {
	return Object.entries({ "session.id": "session-1", ...plain }).map(([key, item]) => ({ key, value: value(item) }));
}

let sequence = 0;
function event(name: string, plain: Record<string, Json>, scope = `${SCOPE}.events`) {
	const own = { "event.name": name, "event.sequence": sequence++, "prompt.id": "prompt-1", ...plain };
	const record = { timeUnixNano: NANOS, body: { stringValue: `claude_code.${name}` }, attributes: attributes(own) };
	return {
		signal: "logs" as const,
		json: { resourceLogs: [{ scopeLogs: [{ scope: { name: scope, version: "2.1.330" }, logRecords: [record] }] }] },
	};
}

function read(name: string, plain: Record<string, Json>): RawFact[] {
	return createOtlpReader()(event(name, plain));
}

interface Point {
	start: number;
	time: number;
	value: number | string;
	type?: string | undefined;
	model?: string;
}
function metric(name: string, aggregationTemporality: Json, points: Point[]) {
	const dataPoints = points.map((point) => ({
		attributes: attributes({
			...(point.type === undefined ? {} : { type: point.type }),
			...(point.model === undefined ? {} : { model: point.model }),
		}),
		startTimeUnixNano: `${AT + point.start}000000`,
		timeUnixNano: `${AT + point.time}000000`,
		...(typeof point.value === "string" ? { asInt: point.value } : { asDouble: point.value }),
	}));
	const sum = { aggregationTemporality, isMonotonic: true, dataPoints };
	return {
		signal: "metrics" as const,
		json: { resourceMetrics: [{ scopeMetrics: [{ scope: { name: SCOPE }, metrics: [{ name, sum }] }] }] },
	};
}

function valuesOf(facts: RawFact[]): number[] {
	return facts.map((fact) => (fact.kind === "counted" ? fact.value : Number.NaN));
}

describe("events", () => {
	test("an api_request is an answered request, with its numbers also where they come as strings", () => {
		const [fact] = read("api_request", {
			model: "claude-opus-5-5",
			input_tokens: "100",
			output_tokens: 50,
			cache_read_tokens: 2000,
			cache_creation_tokens: 340,
			cache_creation_5m_tokens: 300,
			cache_creation_1h_tokens: 40,
			cost_usd: 0.00362,
			duration_ms: "98",
			ttft_ms: 45,
			request_id: "req_1",
			query_source: "sdk",
		});
		expect(fact).toEqual({
			source: "native",
			kind: "request.answered",
			at: AT,
			sessionId: "session-1",
			promptId: "prompt-1",
			requestId: "req_1",
			model: "claude-opus-5-5",
			usage: { input: 100, output: 50, cacheRead: 2000, cacheCreation5m: 300, cacheCreation1h: 40 },
			picoUsd: 3_620_000_000,
			durationMs: 98,
			firstChunkMs: 45,
			querySource: "main",
		});
	});

	test("without a cost there is none: unknown is not zero", () => {
		const [fact] = read("api_request", { model: "m", request_id: "req_1" });
		expect(fact).not.toHaveProperty("picoUsd");
	});

	test.each([
		[{ query_source: "sdk" }, "main"],
		[{ query_source: "repl_main_thread" }, "main"],
		[{ query_source: "repl_main_thread:outputStyle:custom" }, "main"],
		[{ query_source: "compact" }, "compact"],
		[{ query_source: "agent:builtin:general-purpose", agent_id: "a1" }, "subagent"],
		[{ query_source: "compact", agent_id: "a1" }, "compact"],
		[{ query_source: "generate_session_title" }, "auxiliary"],
	])("%o asks as %s", (plain, querySource) => {
		const [fact] = read("api_request", { request_id: "req_1", ...plain });
		expect(fact).toMatchObject({ querySource });
	});

	test.each([
		[{ query_source: "web_search_tool" }, "auxiliary"],
		[{ query_source: "web_search_tool", agent_id: "a1" }, "subagent"],
	])("%o may have searched the web", (plain, querySource) => {
		const [fact] = read("api_request", { request_id: "req_1", ...plain });
		expect(fact).toMatchObject({ querySource, searchesWeb: true });
	});

	test("an api_error is a failure for good, keyed by its request", () => {
		const [fact] = read("api_error", {
			model: "m",
			error: "invalid x-api-key",
			status_code: 401,
			duration_ms: 12,
			attempt: 3,
			request_id: "req_1",
			query_source: "sdk",
		});
		expect(fact).toMatchObject({
			kind: "request.failed",
			id: "req_1",
			errorType: "authentication_failed",
			status: 401,
			failedAttempts: 2,
			durationMs: 12,
		});
		// It does not say how long was waited between the attempts.
		expect(fact).not.toHaveProperty("retryMs");
	});

	test("calls: the decision, and the result with its duration as text", () => {
		const call = { tool_use_id: "toolu_1", tool_name: "Bash" };
		expect(read("tool_decision", { ...call, decision: "reject", source: "config" })).toMatchObject([
			{ kind: "tool.decided", decision: "reject", decisionSource: "config" },
		]);
		expect(read("tool_result", { ...call, success: "false", duration_ms: "15" })).toMatchObject([
			{ kind: "tool.ended", outcome: "error", durationMs: 15 },
		]);
	});

	test("prompts are turns, commands of Claude Code's own are none", () => {
		expect(read("user_prompt", { prompt_length: "7", prompt: "<REDACTED>" })).toMatchObject([
			{
				kind: "prompt.submitted",
				promptId: "prompt-1",
				claudeVersion: "2.1.330",
				content: { prompt: { bytes: 7, value: null } },
			},
		]);
		expect(read("user_prompt", { command_name: "compact", command_source: "builtin" })).toMatchObject([
			{ kind: "session.seen" },
		]);
	});

	test("compactions, agents, hooks, modes and MCP connections", () => {
		expect(read("compaction", { trigger: "auto", success: "true", duration_ms: "92", pre_tokens: "9" })).toMatchObject([
			{ kind: "compacted", trigger: "auto", durationMs: 92, preTokens: 9 },
		]);
		expect(read("subagent_completed", { agent_id: "a1", agent_type: "Explore", duration_ms: 100 })).toMatchObject([
			{ kind: "agent.started", at: AT - 100, agentId: "a1" },
			{ kind: "agent.stopped", at: AT, agentId: "a1", agentType: "Explore" },
		]);
		expect(
			read("hook_execution_complete", { hook_event: "Stop", num_hooks: "2", total_duration_ms: "27" }),
		).toMatchObject([{ kind: "hooks.ran", hookEvent: "Stop", hooks: 2, durationMs: 27 }]);
		expect(read("permission_mode_changed", { from_mode: "default", to_mode: "plan" })).toMatchObject([
			{ kind: "mode.changed", from: "default", to: "plan" },
		]);
		expect(read("mcp_server_connection", { status: "failed", server_name: "files" })).toMatchObject([
			{ kind: "mcp.connection", status: "failed", mcpServer: "files" },
		]);
	});

	test("a record that is sent again counts once", () => {
		const reader = createOtlpReader();
		const sent = event("hook_execution_complete", { hook_event: "Stop", total_duration_ms: 1 });
		expect(reader(sent)).toHaveLength(1);
		expect(reader(sent)).toEqual([]);
	});

	test("who the person and the account are is not taken", () => {
		const text = JSON.stringify(
			read("api_request", { request_id: "req_1", "user.email": "a@b.example", "organization.id": "org-1" }),
		);
		expect(text).not.toMatch(/a@b|org-1/);
	});

	test("other scopes, records without a session or a time, and any JSON at all become nothing", () => {
		const reader = createOtlpReader();
		expect(reader(event("api_request", { request_id: "req_1" }, "somebody.else"))).toEqual([]);
		expect(reader({ signal: "logs", json: { resourceLogs: "no list" } })).toEqual([]);
		expect(reader({ signal: "logs", json: { resourceLogs: [null, 1, { scopeLogs: [7] }] } })).toEqual([]);
		expect(
			reader({ signal: "metrics", json: { resourceMetrics: [{ scopeMetrics: [{ scope: { name: SCOPE } }] }] } }),
		).toEqual([]);
		expect(reader({ signal: "traces", json: {} })).toEqual([]);
	});
});

describe("counters", () => {
	const LINES = "claude_code.lines_of_code.count";

	test("delta points add up, each once, in any order", () => {
		const reader = createOtlpReader();
		expect(valuesOf(reader(metric(LINES, 1, [{ start: 100, time: 200, value: 4 }])))).toEqual([4]);
		expect(valuesOf(reader(metric(LINES, 1, [{ start: 0, time: 100, value: 2 }])))).toEqual([2]);
		expect(valuesOf(reader(metric(LINES, 1, [{ start: 100, time: 200, value: 4 }])))).toEqual([]);
	});

	test("of cumulative points the growth counts; late and repeated ones add nothing, a new start begins from zero", () => {
		const reader = createOtlpReader();
		const point = (start: number, time: number, count: number | string) =>
			valuesOf(reader(metric(LINES, "AGGREGATION_TEMPORALITY_CUMULATIVE", [{ start, time, value: count }])));
		expect(point(0, 100, 5)).toEqual([5]);
		expect(point(0, 100, 5)).toEqual([]);
		expect(point(0, 300, "9")).toEqual([4]);
		expect(point(0, 200, 7)).toEqual([]);
		expect(point(400, 500, 3)).toEqual([3]);
		expect(point(0, 600, 11)).toEqual([]);
	});

	test("a total that shrinks without a new start is a reset", () => {
		const reader = createOtlpReader();
		const point = (time: number, count: number) =>
			valuesOf(reader(metric(LINES, 2, [{ start: 0, time, value: count }])));
		expect(point(100, 5)).toEqual([5]);
		expect(point(200, 2)).toEqual([2]);
	});

	test("each type is a series of its own", () => {
		const reader = createOtlpReader();
		const facts = reader(
			metric(LINES, 2, [
				{ start: 0, time: 100, value: 5, type: "added" },
				{ start: 0, time: 100, value: 3, type: "removed" },
			]),
		);
		expect(facts.map((fact) => fact.kind === "counted" && [fact.type, fact.value])).toEqual([
			["added", 5],
			["removed", 3],
		]);
	});

	test("tokens and cost are summed up model by model, as in the client's own ledger, and told as often as they grow", () => {
		const reader = createOtlpReader();
		const tokens = (type: string, time: number, count: number, model = "m") => ({
			type,
			start: time - 1,
			time,
			value: count,
			model,
		});
		const usage = (points: Point[]) => reader(metric("claude_code.token.usage", 1, points));
		const ledgers = [
			usage([tokens("input", 1, 5), tokens("cacheCreation", 1, 9), tokens("output", 1, 2, "__proto__")]),
			reader(metric("claude_code.cost.usage", 1, [{ ...tokens("", 1, 0.25), type: undefined }])),
			usage([tokens("input", 2, 7), tokens("input", 1, 5), tokens("output", 2, 3), tokens("elsewhere", 2, 3)]),
		].flat();
		const m = { input: 5, output: 0, cacheRead: 0, cacheCreation5m: 9, cacheCreation1h: 0, costUsd: 0 };
		const other = ["__proto__", { ...m, input: 0, output: 2, cacheCreation5m: 0 }];
		expect(ledgers.map((fact) => fact.kind === "cost.state" && [fact.index, Object.entries(fact.models)])).toEqual([
			[1, [["m", m], other]],
			[2, [["m", { ...m, costUsd: 0.25 }], other]],
			[3, [["m", { ...m, input: 12, output: 3, costUsd: 0.25 }], other]],
		]);
		expect(ledgers.at(-1)).toMatchObject({ source: "native", at: AT + 2, sessionId: "session-1", totalCostUsd: 0.25 });
	});
});

describe("what nobody sends by accident", () => {
	test.each(["constructor", "toString", "__proto__", "hasOwnProperty"])("a metric called %s counts nothing", (name) => {
		expect(createOtlpReader()(metric(name, 1, [{ start: 0, time: 1, value: 1 }]))).toEqual([]);
	});

	test("an attribute called __proto__ gives no event its attributes", () => {
		const inherited = { key: "__proto__", value: { stringValue: { tool_use_id: "toolu_1" } as unknown as string } };
		const { signal, json } = event("tool_result", { success: true });
		const text = JSON.stringify(json).replace('"attributes":[', `"attributes":[${JSON.stringify(inherited)},`);
		expect(createOtlpReader()({ signal, json: JSON.parse(text) })).toEqual([]);
	});

	test("a sequence that is an object which is no text is none", () => {
		const { signal, json } = event("user_prompt", { prompt_length: 1 });
		const text = JSON.stringify(json).replace(
			/("key":"event.sequence","value":)\{[^}]*\}/,
			'$1{"intValue":{"toString":1}}',
		);
		expect(createOtlpReader()({ signal, json: JSON.parse(text) })).toMatchObject([{ kind: "prompt.submitted" }]);
	});

	test.each(["99999999999999999999", 1e300, -1, "0000000"])("a record at %j nanoseconds tells nothing", (nanos) => {
		const { signal, json } = event("user_prompt", { prompt_length: 1 });
		const text = JSON.stringify(json).replace(`"${NANOS}"`, JSON.stringify(nanos));
		expect(createOtlpReader()({ signal, json: JSON.parse(text) })).toEqual([]);
	});

	test("costs, durations and counts that cannot be are absent", () => {
		const wild = { request_id: "req_1", cost_usd: -5, duration_ms: 1e300, ttft_ms: "1e20", input_tokens: 1e308 };
		const [fact] = read("api_request", wild);
		expect(fact).toMatchObject({ kind: "request.answered", usage: { input: 0 } });
		for (const name of ["picoUsd", "durationMs", "firstChunkMs"]) expect(fact).not.toHaveProperty(name);
		const points = [{ start: 0, time: 1, value: 1e308 }];
		expect(createOtlpReader()(metric("claude_code.commit.count", 1, points))).toEqual([]);
	});
});
