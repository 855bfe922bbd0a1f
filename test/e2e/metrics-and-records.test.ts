// Metric values and log records, against what the script and the scripted model know.

import { afterEach, expect, test } from "vitest";
import { assertTold, spanNamed, spanOfCall, spanOfRequest } from "../support/oracle.ts";
import type { MetricPoint } from "../support/otlp-plain.ts";
import { agent, bash, read, step, text, tool } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const ok = bash("echo one");
const failing = bash("exit 3");
const denied = bash("echo denied-by-rule");
const unknown = tool("NoSuchTool", { a: 1 });
const call = agent("ALPHA task");

async function play(env: Record<string, string> = {}): Promise<void> {
	stage = await openStage(
		{
			main: [
				step(text("I begin."), ok, failing),
				step(denied),
				{ fault: { status: 529 } },
				{ ...step(unknown), usage: { input: 5, output: 6, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 } },
				step(call),
				step(text("All done.")),
			],
			agents: { "ALPHA task": [step(read("/etc/hostname")), step(text("alpha result"))] },
		},
		{ env },
	);
	await stage.print("count me", ["--disallowedTools", "Bash(echo denied-by-rule)"]);
	assertTold(stage.receiver.spans, stage.model.requests);
}

/** The last point of each series: counters are cumulative. */
function series(name: string): MetricPoint[] {
	const last = new Map<string, MetricPoint>();
	for (const point of stage.receiver.metrics) {
		if (point.name === name) last.set(JSON.stringify(Object.entries(point.attributes).toSorted()), point);
	}
	return [...last.values()];
}

function values(name: string, ...attributes: string[]): Record<string, number> {
	return Object.fromEntries(
		series(name)
			.map((point) => [attributes.map((attribute) => point.attributes[attribute]).join(" "), point.value] as const)
			.toSorted(([a], [b]) => (a < b ? -1 : 1)),
	);
}

test("every counter has the value that the script and the model know", async () => {
	await play();
	const answered = stage.model.requests.filter((request) => request.outcome === "answered");
	const sum = (lane: "main" | "subagent", field: keyof (typeof answered)[0]["usage"]) =>
		answered
			.filter((request) => (request.lane === "main") === (lane === "main"))
			.reduce((total, request) => total + request.usage[field], 0);
	const expected: Record<string, number> = {};
	for (const lane of ["main", "subagent"] as const) {
		expected[`cache_creation_1h ${lane}`] = sum(lane, "cacheWrite1h");
		expected[`cache_creation_5m ${lane}`] = sum(lane, "cacheWrite5m");
		expected[`cache_read ${lane}`] = sum(lane, "cacheRead");
		expected[`input ${lane}`] = sum(lane, "input");
		expected[`output ${lane}`] = sum(lane, "output");
	}
	expect(values("claude.tokens_total", "type", "query_source")).toEqual(expected);
	expect(values("claude.tool_calls_total", "tool.name", "tool.status")).toEqual({
		"Agent ok": 1,
		"Bash denied": 1,
		"Bash error": 1,
		"Bash ok": 1,
		"NoSuchTool error": 1,
		"Read ok": 1,
	});
	expect(values("claude.tool_calls_errors_total", "tool.name", "error.type")).toEqual({
		"Bash command_failed": 1,
		"NoSuchTool unknown_tool": 1,
	});
	expect(values("claude.sessions_total", "session.source")).toEqual({ startup: 1 });
	expect(values("claude.turns_total", "turn.synthetic", "turn.status")).toEqual({ "false ok": 1 });
	expect(values("claude.model_requests_total", "query_source", "status")).toEqual({ "main ok": 5, "subagent ok": 2 });
	expect(values("claude.api_errors_total", "error.type", "model")).toEqual({ "overloaded claude-opus-5-5": 1 });
	expect(values("claude.cache_hits_total", "model")).toEqual({ "claude-opus-5-5": 6 });
	expect(values("claude.cache_misses_total", "model")).toEqual({ "claude-opus-5-5": 1 });
	expect(values("claude.cache_creations_total", "model")).toEqual({ "claude-opus-5-5": 6 });
	expect(values("claude.tools_in_flight", "tool.name")).toEqual({ Agent: 0, Bash: 0 });

	expect(Object.keys(values("process.memory.usage", "process.executable.name"))).toEqual(["claude", "claude-otel"]);

	// The client's list prices per million tokens.
	const cost = answered.reduce(
		(total, { usage }) =>
			total +
			(usage.input * 4 + usage.output * 20 + usage.cacheRead * 0.2 + usage.cacheWrite5m * 5 + usage.cacheWrite1h * 8) /
				1e6,
		0,
	);
	const counted = series("claude.cost_usd_total").reduce((total, point) => total + point.value, 0);
	expect(counted).toBeCloseTo(cost, 9);
	expect(spanNamed(stage.receiver.spans, "claude.session").attributes["claude.cost_usd"]).toBeCloseTo(cost, 12);
});

test("histograms count each call and each request once", async () => {
	await play();
	const counts = (name: string) => series(name).reduce((sum, point) => sum + point.count, 0);
	const answered = stage.model.requests.filter((request) => request.outcome === "answered");
	expect(counts("gen_ai.client.operation.duration")).toBe(answered.length);
	expect(counts("gen_ai.client.token.usage")).toBe(2 * answered.length);
	expect(counts("claude.session_duration_ms")).toBe(1);
	const [output] = series("gen_ai.client.token.usage").filter(
		(point) => point.attributes["gen_ai.token.type"] === "output",
	);
	expect(output?.value).toBe(answered.reduce((sum, request) => sum + request.usage.output, 0));
	const durations = series("claude.tool_call_duration_ms");
	expect(
		durations.map(({ attributes }) => `${attributes["tool.name"]} ${attributes["tool.status"]}`).toSorted(),
	).toEqual(expect.arrayContaining(["Agent ok", "Bash error", "Bash ok", "Read ok"]));
});

test("no metric has an attribute without bounds", async () => {
	await play();
	const unbounded = stage.receiver.metrics.flatMap((point) =>
		Object.keys(point.attributes).filter((name) =>
			/session\.id|conversation|prompt|path|use_id|request\.id/.test(name),
		),
	);
	expect(unbounded).toEqual([]);
});

test("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta gives deltas whose sum is the total", async () => {
	await play({ OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta", OTEL_METRIC_EXPORT_INTERVAL: "200" });
	const points = stage.receiver.metrics.filter((point) => point.name === "claude.tokens_total");
	expect(new Set(points.map((point) => point.temporality))).toEqual(new Set(["delta"]));
	const billed = Object.values(stage.model.billed()).flatMap((usage) => Object.values(usage));
	expect(points.reduce((sum, point) => sum + point.value, 0)).toBe(billed.reduce((sum, tokens) => sum + tokens, 0));
});

test("every record stands in the span that it tells of, once", async () => {
	await play();
	const { spans, logs } = stage.receiver;
	const session = spanNamed(spans, "claude.session");
	const turn = spanNamed(spans, "invoke_agent claude-code");
	const agentSpan = spanNamed(spans, "invoke_agent general-purpose");
	const recordsOf = (name: string) => logs.filter((log) => log.attributes["event.name"] === name);
	const spansOf = (name: string) => recordsOf(name).map((log) => log.spanId);

	expect(spansOf("session.start")).toEqual([session.spanId]);
	expect(spansOf("session.end")).toEqual([session.spanId]);
	expect(spansOf("user.prompt")).toEqual([turn.spanId]);
	expect(spansOf("agent.start")).toEqual([agentSpan.spanId]);
	expect(spansOf("agent.end")).toEqual([agentSpan.spanId]);
	const tools = spans.filter((span) => span.name.startsWith("execute_tool")).map((span) => span.spanId);
	expect(spansOf("tool.call").toSorted()).toEqual(tools.toSorted());
	expect(spansOf("tool.error").toSorted()).toEqual(
		[failing, unknown].map((failed) => spanOfCall(spans, failed).spanId).toSorted(),
	);
	const withText = stage.model.requests.filter((request) =>
		request.step.blocks?.some((block) => block.type === "text"),
	);
	expect(spansOf("assistant.response").toSorted()).toEqual(
		expect.arrayContaining(withText.map((request) => spanOfRequest(spans, request).spanId)),
	);
	expect(recordsOf("api.retry")).toMatchObject([
		{ severityText: "WARN", attributes: { "http.response.status_code": 529, "error.type": "overloaded" } },
	]);

	const ids = new Map(spans.map((span) => [span.spanId, span.traceId]));
	expect(logs.filter((log) => ids.get(log.spanId) !== log.traceId)).toEqual([]);
	const uids = logs.map((log) => log.attributes["log.record.uid"]);
	expect(new Set(uids).size).toBe(logs.length);
	expect(recordsOf("tool.error").map((log) => log.severityText)).toEqual(["ERROR", "ERROR"]);
	expect(recordsOf("session.start")[0]?.attributes["session.id"]).toBe(session.attributes["session.id"]);
});

test("the resource names the service and the run, and neither host nor owner nor command line", async () => {
	await play({
		OTEL_SERVICE_NAME: "my-claude",
		OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test,service.namespace=tools",
		CLAUDE_OTEL_TEAM: "blue",
		CLAUDE_OTEL_USER: "someone",
		CLAUDE_OTEL_ATTRIBUTES: "ticket=ABC-1",
	});
	const { spans, logs, metrics } = stage.receiver;
	const resources = [...spans, ...logs, ...metrics].map((item) =>
		JSON.stringify(Object.entries(item.resource).toSorted()),
	);
	expect(new Set(resources).size).toBe(1);
	const [span] = spans;
	expect(span?.resource).toMatchObject({
		"service.name": "my-claude",
		"service.namespace": "tools",
		"deployment.environment.name": "test",
		team: "blue",
		"user.id": "someone",
	});
	expect(Object.keys(span?.resource ?? {}).filter((name) => /^(host|process|os)\./.test(name))).toEqual([]);
	expect(spanNamed(spans, "claude.session").attributes.ticket).toBe("ABC-1");
	expect(metrics.some((point) => "ticket" in point.attributes)).toBe(false);
});
