// claude's own telemetry through the real claude: exact requests, exact cost, and what each source can tell alone.
import { afterEach, describe, expect, test } from "vitest";
import { assertTold, outline, spanNamed, tree } from "../support/oracle.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage | undefined;
afterEach(() => stage?.close());

const USAGE = { input: 100, output: 50, cacheRead: 2000, cacheWrite5m: 300, cacheWrite1h: 40 };

function ledgerUsd({ home }: Stage): number {
	const states = home.records().filter(({ type }) => type === "cost-state");
	return Number(states.at(-1)?.totalCostUSD);
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

describe("each source alone, and each pair", () => {
	const TREE = `
		claude.session
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5
				execute_tool Bash tool.status=ok
				chat claude-opus-5-5
	`;
	const NO_REQUESTS = `
		claude.session
			invoke_agent claude-code turn.status=ok
				execute_tool Bash tool.status=ok
	`;
	test.each([
		["hooks,transcript,native", TREE, "native"],
		["transcript,native", TREE, "native"],
		["hooks,native", TREE, "native"],
		["hooks,transcript", TREE, "list"],
		["native", TREE, "native"],
		["transcript", TREE, "list"],
		["hooks", NO_REQUESTS, undefined],
	])("%s", async (sources, expected, basis) => {
		stage = await openStage(
			{
				main: [
					{ ...step(bash("echo hi")), usage: USAGE },
					{ ...step(text("done")), usage: USAGE },
				],
			},
			{ env: { CLAUDE_OTEL_SOURCES: sources } },
		);
		const { code, stderr } = await stage.print("go");
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		const { spans } = stage.receiver;
		expect(outline(spans, { attributes: ["tool.status", "turn.status"] })).toBe(tree(expected));
		const session = spanNamed(spans, "claude.session");
		if (basis === undefined) return expect(session.attributes).not.toHaveProperty("claude.cost_usd");
		expect(session.attributes["claude.cost_usd"]).toBeCloseTo(ledgerUsd(stage), 9);
		expect(session.attributes["tokens.total"]).toBe(2 * (100 + 50 + 2000 + 300 + 40));
		const bases = spans.flatMap(({ attributes }) => attributes["claude.cost_basis"] ?? []);
		expect(bases).toEqual([basis, basis]);
	});
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
