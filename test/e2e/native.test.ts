// claude's own telemetry through the real claude: exact requests, exact cost. What each source tells alone: sources.test.ts.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { ledgersUsd } from "../support/claude-home.ts";
import { assertTold, spanNamed } from "../support/oracle.ts";
import { startReceiver } from "../support/receiver.ts";
import { until } from "../support/run.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, PROTOCOLS, type Stage } from "../support/stage.ts";

let stage: Stage | undefined;
afterEach(() => stage?.close());

const USAGE = { input: 100, output: 50, cacheRead: 2000, cacheWrite5m: 300, cacheWrite1h: 40 };

function ledgerUsd({ home }: Stage): number {
	return ledgersUsd(home).at(-1) ?? Number.NaN;
}

test("each request has the client's time, first byte and cost, and the sum is the client's own total", async () => {
	stage = await openStage({
		main: [
			{ ...step(text("I look."), bash("echo hi")), usage: USAGE, delayMs: 120 },
			{ fault: { status: 529 } },
			{ blocks: [text("x".repeat(300))], usage: USAGE, fault: { cut: "mid-block" } },
			{ ...step(text("done")), usage: USAGE },
		],
	});
	const { code, stderr } = await stage.print("go");
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const chats = spans.filter((span) => span.attributes["gen_ai.operation.name"] === "chat");
	for (const { attributes } of chats) {
		expect(attributes).toMatchObject({
			"claude.cost_basis": "native",
			"claude.cost_source": "native",
			"times.source": "native",
			"tokens.source": "transcript",
			query_source: "main",
		});
		expect(attributes["gen_ai.response.time_to_first_chunk"]).toBeGreaterThan(0);
	}
	const [first] = chats.toSorted((a, b) => (a.startTime < b.startTime ? -1 : 1));
	expect(Number((first?.endTime ?? 0n) - (first?.startTime ?? 0n)) / 1e6).toBeGreaterThanOrEqual(120);
	const session = spanNamed(spans, "claude.session");
	expect(session.attributes["claude.cost_usd"]).toBeCloseTo(ledgerUsd(stage), 9);
	const drift = stage.receiver.metrics.filter(({ name }) => name === "claude.cost_drift_usd");
	expect(drift.map(({ value }) => Math.abs(Number(value)) < 1e-4)).toEqual([true]);
});

test("a compaction has its own request, with the client's numbers", async () => {
	stage = await openStage({
		main: [
			{ ...step(bash("echo hi")), usage: { ...USAGE, input: 990_000 } },
			{ ...step(text("done")), usage: USAGE },
		],
		compact: { blocks: [text("<summary>s</summary>")], usage: { ...USAGE, input: 70_000 } },
	});
	const { code } = await stage.print("go", ["--model", "haiku"]);
	expect(code).toBe(0);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const compact = spans.filter(({ attributes }) => attributes.query_source === "compact");
	expect(compact.map(({ attributes }) => attributes["tokens.source"])).toEqual(["native"]);
	const parent = spans.find(({ spanId }) => spanId === compact[0]?.parentSpanId);
	expect(parent?.name).toBe("claude.compaction");
	expect(parent?.attributes["compaction.pre_tokens"]).toBeGreaterThan(900_000);
	expect(spanNamed(spans, "claude.session").attributes["claude.cost_usd"]).toBeCloseTo(ledgerUsd(stage), 9);
});

test.each(["hooks,transcript,native", "hooks,native"])(
	"with %s a threshold of the context starts the user's command once per crossing, with what it must know",
	async (sources) => {
		const fill = (input: number) => ({ ...step(bash("echo hi")), usage: { ...USAGE, input } });
		stage = await openStage({
			main: [
				fill(100_000),
				fill(760_000),
				fill(780_000),
				fill(990_000),
				fill(1_000),
				fill(750_000),
				step(text("done")),
			],
			compact: { blocks: [text("<summary>s</summary>")] },
		});
		const told = join(stage.home.home, "told.txt");
		const { code } = await stage.print("go", ["--model", "haiku"], {
			env: {
				CLAUDE_OTEL_SOURCES: sources,
				CLAUDE_OTEL_CONTEXT_THRESHOLDS: "70",
				CLAUDE_OTEL_ON_CONTEXT_THRESHOLD: `echo "$CLAUDE_OTEL_SESSION_ID $CLAUDE_OTEL_CONTEXT_THRESHOLD $CLAUDE_OTEL_CONTEXT_USED_RATIO $CLAUDE_OTEL_TRANSCRIPT_PATH ${"$"}{CLAUDE_OTEL_TOKEN-none}" >> ${told}`,
			},
		});
		expect(code).toBe(0);
		const lines = () => (existsSync(told) ? readFileSync(told, "utf8").trim().split("\n") : []);
		await until("two lines", () => lines().length >= 2);
		const [transcript = ""] = stage.home.transcripts();
		const sessionId = basename(transcript, ".jsonl");
		expect(lines().map((line) => line.split(" "))).toEqual([
			[sessionId, "0.7", "0.7623", transcript, "none"],
			[sessionId, "0.7", "0.7523", transcript, "none"],
		]);
		const records = stage.receiver.logs.filter(({ attributes }) => attributes["event.name"] === "context.threshold");
		expect(records).toHaveLength(2);
		const ratios = stage.receiver.metrics.filter(({ name }) => name === "claude.context_window_used_ratio");
		expect(ratios.length).toBeGreaterThan(0);
	},
);

test.each(PROTOCOLS)(
	"what the user has claude send somewhere over %s arrives there, and here too",
	async (protocol) => {
		stage = await openStage({
			main: [
				{ ...step(bash("echo hi")), usage: USAGE },
				{ ...step(text("done")), usage: USAGE },
			],
		});
		const own = await startReceiver();
		try {
			const env = {
				CLAUDE_CODE_ENABLE_TELEMETRY: "1",
				OTEL_METRICS_EXPORTER: "otlp",
				OTEL_LOGS_EXPORTER: "otlp",
				OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
				OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? own.grpc : own.http,
				OTEL_EXPORTER_OTLP_HEADERS: "x-tenant=blue",
				OTEL_RESOURCE_ATTRIBUTES: "team=red",
			};
			writeFileSync(join(stage.home.config, "settings.json"), JSON.stringify({ env }));
			const { code, stderr } = await stage.print("go");
			expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		} finally {
			await own.close();
		}
		const events = own.logs.map(({ attributes }) => attributes["event.name"]);
		expect(events.filter((name) => name === "api_request")).toHaveLength(2);
		expect(events).toEqual(expect.arrayContaining(["user_prompt", "tool_decision", "tool_result"]));
		expect(own.logs[0]?.resource).toMatchObject({ "service.name": "claude-code", team: "red" });
		const sent = JSON.stringify(own.requests);
		expect(sent).toContain("blue");
		expect(sent).not.toContain("x-claude-otel-token");
		const tokens = own.metrics.filter(({ name }) => name === "claude_code.token.usage");
		expect(tokens.reduce((sum, { value }) => sum + Number(value), 0)).toBe(2 * (100 + 50 + 2000 + 300 + 40));
		const chats = stage.receiver.spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "chat");
		expect(chats.map(({ attributes }) => attributes["claude.cost_basis"])).toEqual(["native", "native"]);
	},
);

test("CLAUDE_OTEL_FORWARD_NATIVE sends claude's own telemetry where ours goes, where the user sends none himself", async () => {
	stage = await openStage({ main: [step(text("done"))] }, { env: { CLAUDE_OTEL_FORWARD_NATIVE: "1" } });
	const { code, stderr } = await stage.print("go");
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	const events = stage.receiver.logs.map(({ body }) => body);
	expect(events).toContain("claude_code.api_request");
	expect(stage.receiver.metrics.map(({ name }) => name)).toContain("claude_code.token.usage");
});

test("without it claude's own telemetry stays inside", async () => {
	stage = await openStage({ main: [step(text("done"))] });
	expect((await stage.print("go")).code).toBe(0);
	expect(stage.receiver.logs.map(({ body }) => String(body)).filter((body) => body.startsWith("claude_code."))).toEqual(
		[],
	);
	expect(stage.receiver.metrics.filter(({ name }) => name.startsWith("claude_code."))).toEqual([]);
});
