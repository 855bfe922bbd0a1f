// What the options change in what is exported: the level, the shape of the trace, an inbound parent, the sampler, the
// generation of the conventions, tools without spans, models that are denied, attributes of the user's own.
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/model/fact.ts";
import { sessionTraceId, turnTraceId } from "../../src/signals/ids.ts";
import { METRICS } from "../../src/signals/names.ts";
import { playRun, scenarios } from "../flows/play.ts";
import { startModel } from "../model/run-model.ts";
import { createInMemorySignals, type Exported } from "./in-memory.ts";
import { assertSound } from "./sound.ts";
import { STORY_START, storyOf, tell } from "./story.ts";

const names = ({ spans }: Exported) => spans.map(({ name }) => name);
const find = ({ spans }: Exported, name: string) => spans.filter((span) => span.name.startsWith(name));
const points = ({ points: all }: Exported, name: string) => all.filter((point) => point.name === name);
const INBOUND = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };

describe("level minimal", () => {
	test.each(scenarios())("$name: spans of sessions and turns alone, no records, the same metrics", async (scenario) => {
		const minimal = await playRun(scenario, 0, { level: "minimal" });
		const standard = await playRun(scenario, 0);
		expect(names(minimal).filter((name) => name !== "claude.session" && name !== "invoke_agent claude-code")).toEqual(
			[],
		);
		expect(minimal.records).toEqual([]);
		const turns = (exported: Exported) => names(exported).filter((name) => name === "invoke_agent claude-code").length;
		expect(turns(minimal)).toBe(turns(standard));
		const totals = ({ points: all }: Exported) =>
			all.map(({ name, value, attributes }) => `${name} ${value} ${attributes["error.type"]}`).toSorted();
		expect(totals(minimal)).toEqual(totals(standard));
	});

	test("tells the errors of tools whose names it does not tell as it does of others", async () => {
		const seen = { source: "hook" as const, sessionId: "session-1", promptId: "prompt-1", at: STORY_START + 150 };
		const [failed, refused] = ["toolu-mcp-1", "toolu-mcp-2"];
		const call = { ...seen, toolName: "mcp_tool", inputDigest: "" };
		const told = await tell([
			...storyOf(1),
			{ ...call, kind: "tool.started", toolUseId: failed },
			{ ...call, source: "transcript", kind: "tool.ended", toolUseId: failed, outcome: "error" },
			{ ...seen, kind: "tool.batch", calls: [{ toolUseId: refused, toolName: "mcp_tool" }] },
		]);
		const errors = points(told, "claude.tool_calls_errors_total").map(({ attributes }) => attributes);
		expect(errors).toEqual(
			expect.arrayContaining([
				{ "tool.name": "mcp_tool", "error.type": "mcp_error" },
				{ "tool.name": "mcp_tool", "error.type": "invalid_input" },
			]),
		);
	});

	test("tells neither names of others' tools nor the working directory", async () => {
		const scenario = scenarios().find(({ name }) => name === "tools");
		if (!scenario) throw new Error("the scenario is gone");
		const { spans, points: all } = await playRun(scenario, 0, { level: "minimal" });
		const told = JSON.stringify([spans.map(({ attributes }) => attributes), all]);
		expect(told).not.toContain("NoSuchTool");
		expect(told).not.toContain("/home/dev");
		expect(told).toContain("Bash");
	});
});

describe("the shape", () => {
	test("session makes one trace, whose root is the session", async () => {
		const exported = await tell(storyOf(), { shape: "session" });
		expect(new Set(exported.spans.map((span) => span.spanContext().traceId))).toEqual(
			new Set([sessionTraceId("run-1", 0)]),
		);
		expect(exported.spans.filter((span) => !span.parentSpanContext).map(({ name }) => name)).toEqual([
			"claude.session",
		]);
		assertSound(exported);
	});

	test("turn makes a trace of each turn, linked to the session", async () => {
		const exported = await tell(storyOf(), { shape: "turn" });
		const [session] = find(exported, "claude.session");
		const turns = find(exported, "invoke_agent claude-code");
		expect(turns.map((turn) => turn.spanContext().traceId)).toEqual([
			turnTraceId("session-1", "prompt-1"),
			turnTraceId("session-1", "prompt-2"),
		]);
		for (const turn of turns) {
			expect(turn.parentSpanContext).toBeUndefined();
			expect(turn.links.map(({ context }) => context.spanId)).toEqual([session?.spanContext().spanId]);
		}
		for (const tool of find(exported, "execute_tool")) {
			expect(turns.map((turn) => turn.spanContext().spanId)).toContain(tool.parentSpanContext?.spanId);
		}
		assertSound(exported);
	});

	test("under an inbound parent is its trace, tracestate included", async () => {
		const exported = await tell(storyOf(), { inbound: { ...INBOUND, tracestate: "vendor=value" } });
		const [session] = find(exported, "claude.session");
		expect(session?.parentSpanContext).toMatchObject({ spanId: INBOUND.spanId, isRemote: true });
		expect(session?.spanContext().traceState?.serialize()).toBe("vendor=value");
		expect(new Set(exported.spans.map((span) => span.spanContext().traceId))).toEqual(new Set([INBOUND.traceId]));
		assertSound(exported, { inbound: INBOUND.spanId });
	});
});

describe("the sampler", () => {
	test("that takes no trace leaves records and metrics, marked as unsampled", async () => {
		const exported = await tell(storyOf(), { sampler: { name: "always_off", ratio: 1 } });
		expect(exported.spans).toEqual([]);
		expect(exported.records.length).toBeGreaterThan(0);
		expect(exported.records.every(({ spanContext }) => spanContext?.traceFlags === 0)).toBe(true);
		expect(points(exported, "claude.turns_total")).toMatchObject([{ value: 2 }]);
	});

	test("follows an inbound parent that was not sampled", async () => {
		const exported = await tell(storyOf(), { inbound: { ...INBOUND, traceFlags: 0 } });
		expect(exported.spans).toEqual([]);
	});

	test("takes or leaves a turn as a whole, its records marked alike", async () => {
		const exported = await tell(storyOf(40), { shape: "turn", sampler: { name: "traceidratio", ratio: 0.5 } });
		const turns = find(exported, "invoke_agent claude-code");
		expect(turns.length).toBeGreaterThan(0);
		expect(turns.length).toBeLessThan(40);
		expect(find(exported, "execute_tool")).toHaveLength(turns.length * 3);
		const taken = new Set(turns.map((turn) => turn.spanContext().traceId));
		for (const { eventName, spanContext } of exported.records) {
			if (eventName !== "tool.call") continue;
			expect(spanContext?.traceFlags).toBe(taken.has(spanContext?.traceId ?? "") ? 1 : 0);
		}
	});
});

describe("the conventions", () => {
	const OLD = ["gen_ai.system", "gen_ai.usage.cache_creation.input_tokens"];
	const NEW = ["gen_ai.usage.cache_write.input_tokens"];

	test.each([
		["v1.41" as const, OLD, NEW],
		["latest" as const, NEW, OLD],
		["both" as const, [...OLD, ...NEW], []],
	])("%s have their names on chat spans", async (semconv, there, absent) => {
		const [chat] = find(await tell(storyOf(1), { semconv }), "chat");
		const told = new Set(Object.keys(chat?.attributes ?? {}));
		expect([...there].filter((name) => !told.has(name))).toEqual([]);
		expect([...absent].filter((name) => told.has(name))).toEqual([]);
		expect(chat?.attributes["gen_ai.usage.input_tokens"]).toBe(54_301);
		expect(chat?.kind).toBe(SpanKind.CLIENT);
	});

	test("model and usage stand on chat spans alone: back ends count every such span as a request", async () => {
		const exported = await tell(storyOf());
		const others = exported.spans.filter(({ name }) => !name.startsWith("chat"));
		const told = others.flatMap(({ attributes }) => Object.keys(attributes));
		expect(told.filter((name) => /^gen_ai\.(?:request|response|usage)\./.test(name))).toEqual([]);
	});
});

describe("a tool without spans", () => {
	test("is counted, and has neither span nor record", async () => {
		const exported = await tell(storyOf(1), {}, (toolName) => toolName === "Read");
		expect(names(exported)).not.toContain("execute_tool Read");
		expect(exported.records.filter(({ attributes }) => attributes["tool.name"] === "Read")).toEqual([]);
		const calls = points(exported, "claude.tool_calls_total").map(({ attributes }) => attributes["tool.name"]);
		expect(calls).toContain("Read");
		expect(find(exported, "claude.session")[0]?.attributes.tools_used).toBe(3);
		assertSound(exported);
	});
});

describe("a model that the policy denies", () => {
	const denials = ({ records }: Exported) => records.filter(({ eventName }) => eventName === "model.denied");

	test("is told once for each request, as a warning that names the pattern", async () => {
		const told = denials(await tell(storyOf(2), { deniedModels: ["claude-haiku*", "claude-opus-*"] }));
		expect(told).toHaveLength(2);
		expect(told[0]?.attributes).toMatchObject({ "policy.pattern": "claude-opus-*", "model.to": "claude-opus-5-5" });
		expect(told[0]?.severityText).toBe("WARN");
	});

	test("is the one that was asked for, where another answered", async () => {
		const facts = storyOf(1).map((fact) =>
			fact.kind === "message.seen" ? { ...fact, requestedModel: "claude-fable-5-2" } : fact,
		);
		const told = denials(await tell(facts, { deniedModels: ["*fable*"] }));
		expect(told.map(({ attributes }) => attributes["model.to"])).toEqual(["claude-fable-5-2"]);
	});

	test("is not told where no pattern matches the whole name", async () => {
		expect(denials(await tell(storyOf(1), { deniedModels: ["opus", "claude-opus"] }))).toEqual([]);
	});
});

test("attributes of the user's own stand on sessions, turns and records, and are no metric's", async () => {
	const exported = await tell(storyOf(1), { extra: { "cost.center": "42" } });
	for (const span of exported.spans) {
		const wanted = span.name === "claude.session" || span.name === "invoke_agent claude-code" ? "42" : undefined;
		expect(span.attributes["cost.center"]).toBe(wanted);
	}
	expect(exported.records.every(({ attributes }) => attributes["cost.center"] === "42")).toBe(true);
	expect(exported.points.filter(({ attributes }) => "cost.center" in attributes)).toEqual([]);
});

test("span status is ERROR for what failed alone, with the class of the error", async () => {
	const exported = await tell(storyOf(1));
	const status = (name: string) => find(exported, `execute_tool ${name}`)[0]?.status;
	expect(status("mcp__files__list")).toEqual({ code: SpanStatusCode.ERROR, message: "mcp_error" });
	expect(status("Bash")).toEqual({ code: SpanStatusCode.UNSET });
	expect(status("Read")).toEqual({ code: SpanStatusCode.UNSET });
});

test("a call that a person was asked about has a decision once there is one", async () => {
	const seen = { source: "hook" as const, sessionId: "session-1", promptId: "prompt-1" };
	const call = (toolUseId: string, at: number): Fact[] => {
		const tool = { ...seen, toolName: "Bash", inputDigest: toolUseId };
		return [
			{ ...tool, kind: "tool.started", at: STORY_START + at, toolUseId },
			{ ...tool, kind: "permission.asked", at: STORY_START + at + 1 },
		];
	};
	const ended = { ...seen, kind: "tool.ended" as const, at: STORY_START + 350, toolUseId: "allowed", toolName: "Bash" };
	const facts: Fact[] = [
		...storyOf(1).filter(({ kind }) => kind !== "run.ended" && kind !== "turn.stopped"),
		...call("allowed", 300),
		{ ...ended, outcome: "ok", durationMs: 5 },
		...call("unanswered", 400),
		{ source: "launch", kind: "run.ended", at: STORY_START + 500, sessionId: "", signal: "SIGTERM" },
	];
	const exported = await tell(facts);
	const decisions = exported.records
		.filter(({ eventName }) => eventName === "permission.decision")
		.map(
			({ attributes, severityText }) => `${attributes["tool.use_id"]} ${attributes["tool.decision"]} ${severityText}`,
		);
	expect(decisions.toSorted()).toEqual(["allowed accept INFO", "toolu-1-Bash reject WARN"]);
	const waits = find(exported, "claude.permission_wait");
	expect(waits).toHaveLength(2);
});

test("of a call with more fields than a span may have attributes, what we say of it stays", async () => {
	const fields = (prefix: string) => Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`${prefix}${n}`, n]));
	const seen = { source: "hook" as const, sessionId: "session-1", promptId: "prompt-1", at: STORY_START + 150 };
	const call = { ...seen, toolUseId: "wide", toolName: "mcp__files__list", mcpServer: "files" };
	const content = { input: { bytes: 1, fields: fields("in") }, response: { bytes: 1, fields: fields("out") } };
	const exported = await tell([
		...storyOf(1),
		{ ...call, kind: "tool.ended", outcome: "ok", content },
		{ ...call, source: "native", kind: "tool.decided", decision: "accept", decisionSource: "config" },
	]);
	const wide = find(exported, "execute_tool").find(({ attributes }) => attributes["tool.use_id"] === "wide");
	expect(Object.keys(wide?.attributes ?? {})).toHaveLength(128);
	expect(wide?.attributes).toMatchObject({
		"mcp.server.name": "files",
		"tool.decision": "accept",
		"tool.decision_source": "config",
	});
});

test("records of two runs have no uid in common, and those of one run told twice have the same", async () => {
	const uids = async (runId: string) =>
		(await tell(storyOf(1), { runId })).records.map(({ attributes }) => attributes["log.record.uid"]);
	const first = await uids("run-1");
	expect(await uids("run-1")).toEqual(first);
	const second = new Set(await uids("run-2"));
	expect(first.filter((uid) => second.has(uid))).toEqual([]);
});

test("a late fact is counted under the door through which it came", async () => {
	const signals = createInMemorySignals();
	const { model } = startModel(undefined, signals.output);
	const facts = storyOf(1);
	for (const fact of facts) model.apply(fact);
	model.settle();
	for (const fact of facts) if (fact.kind === "message.seen") model.apply(fact);
	const late = points(await signals.exported(), "claude_otel.late_facts_total");
	expect(late).toMatchObject([{ value: 1, attributes: { source: "transcript" } }]);
});

test("what the attempts of a failed request cost is in the counter as it is in the session", async () => {
	const story = storyOf(1);
	const seen = { source: "transcript" as const, sessionId: "session-1", promptId: "prompt-1", at: STORY_START + 150 };
	const message = story.find((fact) => fact.kind === "message.seen");
	if (!message) throw new Error("the story has no answer");
	const cut: Fact = { ...message, messageId: "msg-cut", at: STORY_START + 140, partial: true };
	const error = { errorType: "overloaded", requestedModel: "claude-opus-5-5", failedAttempts: 1, retryMs: 0 };
	const exported = await tell([...story, cut, { ...seen, kind: "request.failed", id: "failed", ...error }]);
	const failed = find(exported, "chat").find(({ attributes }) => attributes["error.type"] === "overloaded");
	expect(failed?.attributes["claude.cost_usd"]).toBeGreaterThan(0);
	const counted = points(exported, "claude.cost_usd_total").reduce((sum, { value }) => sum + value, 0);
	expect(counted).toBeCloseTo(Number(find(exported, "claude.session")[0]?.attributes["claude.cost_usd"]), 15);
});

test("records say what they are twice, as attribute and as event name, and their bodies hold nothing of the user's", async () => {
	const { records } = await tell(storyOf(1), { level: "full" });
	for (const { eventName, attributes, body } of records) {
		expect(attributes["event.name"]).toBe(eventName);
		expect(String(body)).toMatch(/^[A-Z][a-zA-Z ]+\.$/);
	}
});

test("metrics have at most a hundred names of tools", async () => {
	const facts = storyOf(1);
	const call = { source: "hook" as const, sessionId: "session-1", promptId: "prompt-1", at: facts[1]?.at ?? 0 };
	for (let n = 0; n < 150; n++) {
		const tool = { toolUseId: `toolu-x-${n}`, toolName: `mcp__x__tool${n}` };
		facts.push({ ...call, kind: "tool.started", ...tool, inputDigest: "" });
		facts.push({ ...call, kind: "tool.ended", ...tool, outcome: "ok", durationMs: 1 });
	}
	const told = points(await tell(facts), "claude.tool_calls_total");
	expect(new Set(told.map(({ attributes }) => attributes["tool.name"])).size).toBe(101);
	expect(told.find(({ attributes }) => attributes["tool.name"] === "other")?.value).toBeGreaterThanOrEqual(50);
	expect(told.reduce((sum, { value }) => sum + value, 0)).toBe(153);
});

test("every point has the unit, the bounds and no more than the attributes of the table", async () => {
	const exported = await tell(storyOf());
	for (const { name, unit, attributes, bounds } of exported.points) {
		const row = METRICS[name as keyof typeof METRICS];
		expect(unit).toBe(row.unit);
		expect(Object.keys(attributes).filter((key) => !(row.attributes as readonly string[]).includes(key))).toEqual([]);
		expect(bounds).toEqual("buckets" in row ? row.buckets : undefined);
	}
});
