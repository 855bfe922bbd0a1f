// The same scene over every way out: three protocols, the console and a file, or none at all.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { ScriptBlock } from "../../src/testing/scripted-model.ts";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { assertTold } from "../support/oracle.ts";
import { type Attributes, plainLogs, plainMetrics, plainSpans } from "../support/otlp-plain.ts";
import { runClaudeOtel } from "../support/run.ts";
import { agent, bash, step, text } from "../support/scripting.ts";
import { FREE_HAND, openStage, PROTOCOLS, type Protocol, type Stage } from "../support/stage.ts";
import { openTerminal } from "../support/terminal.ts";

const stages: Stage[] = [];
afterEach(async () => {
	await Promise.all(stages.splice(0).map((stage) => stage.close()));
});

async function open(protocol?: Protocol): Promise<Stage> {
	const blocks: ScriptBlock[] = [text("I begin."), bash("echo one"), bash("exit 3"), agent("ALPHA task")];
	const stage = await openStage(
		{
			main: [step(...blocks), { fault: { status: 529 } }, step(text("All done."))],
			agents: { "ALPHA task": [step(bash("echo alpha")), step(text("alpha result"))] },
		},
		{ protocol },
	);
	stages.push(stage);
	return stage;
}

/** What must differ from run to run: ids, times, durations, sizes of texts with a path in them, prices of none. */
const VOLATILE =
	/(\.id$|^tool\.use_id$|call\.id$|duration|retry_ms|wait_ms|record\.uid|^service\.instance\.id$|working_directory|tokens|gen_ai\.usage|cost_usd|used_ratio|time_to_first_chunk|_bytes$|^claude\.process|^process\.)/;

function steady(attributes: Attributes): Attributes {
	return Object.fromEntries(
		Object.entries(attributes)
			.map(([name, value]) => [name, VOLATILE.test(name) ? typeof value : value] as const)
			.toSorted(([a], [b]) => (a < b ? -1 : 1)),
	);
}

function steadyExport({ receiver }: Stage) {
	const inOrder = (list: unknown[]) => list.map((item) => JSON.stringify(item)).toSorted();
	return {
		spans: inOrder(
			receiver.spans.map(({ name, kind, status, attributes, events, links, resource, scope }) => ({
				name,
				kind,
				status,
				attributes: steady(attributes),
				events: events.map((event) => [event.name, steady(event.attributes)]),
				links: links.length,
				resource: steady(resource),
				scope,
			})),
		),
		logs: inOrder(
			receiver.logs.map(({ severityNumber, severityText, body, attributes, resource, scope }) => ({
				severityNumber,
				severityText,
				body,
				attributes: steady(attributes),
				resource: steady(resource),
				scope,
			})),
		),
		metrics: [
			...new Set(
				inOrder(
					receiver.metrics.map(
						({ name, unit, description, type, temporality, monotonic, attributes, bounds, resource }) => ({
							name,
							unit,
							description,
							type,
							temporality,
							monotonic,
							attributes: steady(attributes),
							bounds,
							resource: steady(resource),
						}),
					),
				),
			),
		],
	};
}

test("grpc, http/protobuf and http/json carry the same spans, records and metrics", async () => {
	const exports = [];
	for (const protocol of PROTOCOLS) {
		const stage = await open(protocol);
		await stage.print("go");
		assertTold(stage.receiver.spans, stage.model.requests);
		expect(stage.receiver.requests.length).toBeGreaterThan(0);
		exports.push(steadyExport(stage));
	}
	const [grpc, protobuf, json] = exports;
	expect(protobuf).toEqual(grpc);
	expect(json).toEqual(grpc);
});

test("each signal goes to its own endpoint with its own headers, and nothing goes where none is wanted", async () => {
	const stage = await open();
	const other = await open();
	await stage.run(["-p", "go", FREE_HAND], {
		env: {
			OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${other.receiver.http}/v1/logs`,
			OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-tenant=logs%20team",
			OTEL_METRICS_EXPORTER: "none",
		},
	});
	assertTold(stage.receiver.spans, stage.model.requests);
	expect([stage.receiver.logs, stage.receiver.metrics, other.receiver.spans]).toEqual([[], [], []]);
	expect(other.receiver.logs.length).toBeGreaterThan(5);
	expect(other.receiver.requests[0]?.headers?.["x-tenant"]).toBe("logs team");
	expect(stage.receiver.requests[0]?.headers).not.toHaveProperty("x-tenant");
});

test("the console exporter writes one JSON line a record to stderr, and nothing to stdout", async () => {
	const stage = await open();
	const run = await runClaudeOtel(stage.home, ["-p", "go", FREE_HAND], {
		env: { OTEL_TRACES_EXPORTER: "console", OTEL_METRICS_EXPORTER: "console", OTEL_LOGS_EXPORTER: "console" },
	});
	expect(run).toMatchObject({ code: 0, stdout: "All done.\n" });
	const lines = run.stderr.trim().split("\n");
	const parsed = lines.map((line) => JSON.parse(line) as { span?: string });
	expect(parsed.filter((line) => line.span === "claude.session")).toHaveLength(1);
	expect(run.stderr).toContain("execute_tool Bash");
	expect(run.stderr).toContain("session.end");
	expect(run.stderr).toContain("claude.tokens_total");
	expect(stage.receiver.requests).toEqual([]);
});

test("in a terminal the console exporter waits until claude has left it", async () => {
	const stage = await open();
	stage.model.setScript({ main: [step(text("ANSWER-1"))] });
	const terminal = await stage.terminal([], {
		env: { OTEL_TRACES_EXPORTER: "console", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "console" },
	});
	await terminal.submit("first prompt");
	await terminal.waitForText("ANSWER-1");
	await terminal.pressWhenCalm("ctrl-c");
	await terminal.waitForText("again to exit");
	expect(terminal.raw()).not.toContain("session.start");
	const before = terminal.raw().length;
	terminal.press("ctrl-c");
	await terminal.exit;
	const after = terminal.raw().slice(before);
	// claude's last word to a terminal is how to come back; ours follow it.
	expect(after.indexOf("session.start")).toBeGreaterThan(after.indexOf("claude --resume"));
	expect(after).toContain("claude.session");
});

test("CLAUDE_OTEL_FILE takes all three signals as OTLP JSON lines, with or without a collector", async () => {
	const stage = await open("http/json");
	const file = join(stage.home.home, "telemetry.jsonl");
	await stage.print("go", [], { env: { CLAUDE_OTEL_FILE: file } });
	const requests = readFileSync(file, "utf8")
		.trim()
		.split("\n")
		.map((line) => JSON.parse(line) as unknown);
	const spans = requests.flatMap(plainSpans);
	assertTold(spans, stage.model.requests);
	const byId = (a: { spanId: string }, b: { spanId: string }) => (a.spanId < b.spanId ? -1 : 1);
	expect(spans.toSorted(byId)).toEqual(stage.receiver.spans.toSorted(byId));
	expect(requests.flatMap(plainLogs)).toHaveLength(stage.receiver.logs.length);
	expect(new Set(requests.flatMap(plainMetrics).map((point) => point.name))).toEqual(
		new Set(stage.receiver.metrics.map((point) => point.name)),
	);

	const alone = await open();
	const second = join(alone.home.home, "telemetry.jsonl");
	const none = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
	await alone.run(["-p", "go", FREE_HAND], { env: { ...none, CLAUDE_OTEL_FILE: second } });
	expect(alone.receiver.requests).toEqual([]);
	const lines = readFileSync(second, "utf8").trim().split("\n");
	assertTold(
		lines.flatMap((line) => plainSpans(JSON.parse(line))),
		alone.model.requests,
	);
});

test.each([
	["OTEL_SDK_DISABLED", "true"],
	["CLAUDE_OTEL_LEVEL", "off"],
])("with %s=%s claude runs bare", async (name, value) => {
	const stage = await open();
	stage.model.setScript({
		main: [step(bash("env | grep -E '^(CLAUDE_OTEL_RUN|TRACEPARENT)' > found.txt; true")), step(text("ok"))],
	});
	const file = join(stage.home.home, "telemetry.jsonl");
	const run = await stage.print("go", [], { env: { [name]: value, CLAUDE_OTEL_FILE: file } });
	expect(run).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	expect(stage.receiver.requests).toEqual([]);
	expect(() => readFileSync(file)).toThrow("ENOENT");
	expect(readFileSync(join(stage.home.work, "found.txt"), "utf8")).toBe("");
});

test("what was not delivered is one line on a terminal, after claude has left it", async () => {
	const stage = await open();
	stage.model.setScript({ main: [step(bash("echo 1")), step(text("ANSWER-1"))] });
	const terminal = await openTerminal(stage.home, process.execPath, [CLAUDE_OTEL, "-p", "go", FREE_HAND], {
		env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf" },
	});
	await terminal.exit;
	const raw = terminal.raw();
	expect(raw.match(/claude-otel:/g)).toHaveLength(1);
	expect(raw).toMatch(
		/ANSWER-1[\s\S]*claude-otel: [^\n]* could not be delivered to http:\/\/127\.0\.0\.1:9 yet [^\n]*`claude-otel flush`[^\n]*\.\r\n/,
	);
});
