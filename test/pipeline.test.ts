// The wiring as a run has it: what comes too fast, and what cannot be taken, is counted and costs nothing else.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDiagnostics } from "../src/diagnostics.ts";
import { HOOK_BODIES_PER_SECOND } from "../src/intake/hook-rate.ts";
import type { Pipeline } from "../src/pipeline.ts";
import { startIn } from "./pipeline/start.ts";

const AT = 1_795_315_125_590;
let home: string;
let exported: string;

beforeEach(() => {
	home = mkdtempSync(join(tmpdir(), "pipeline-"));
	exported = join(home, "export.jsonl");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function start(): Promise<Pipeline> {
	const diagnostics = createDiagnostics({ target: { to: "nowhere" }, level: "none", clock: () => AT });
	return startIn({ home, file: exported, startedAt: AT, diagnostics });
}

const notification = (n: number) => ({
	at: AT + 1000,
	bytes: 100,
	json: { session_id: "s", hook_event_name: "Notification", notification_type: `n${n}` },
});

/** The last of the counter's points, by source. */
function countedIn(file: string, name: string): Record<string, number> {
	const batches = readFileSync(file, "utf8")
		.split("\n")
		.filter((line) => line.includes('"resourceMetrics"'))
		.map((line) => JSON.parse(line) as Batch);
	const metrics = batches.flatMap(({ resourceMetrics }) => resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics));
	const points = metrics.flatMap((scope) => scope.metrics.filter((metric) => metric.name === name)).at(-1)
		?.sum?.dataPoints;
	return Object.fromEntries(
		(points ?? []).map(({ attributes, asDouble }) => [attributes[0]?.value.stringValue, asDouble]),
	);
}

interface Batch {
	resourceMetrics: { scopeMetrics: { metrics: { name: string; sum?: { dataPoints: Point[] } }[] }[] }[];
}

interface Point {
	attributes: { value: { stringValue: string } }[];
	asDouble: number;
}

test("hooks of a session beyond so many in a second are dropped and counted", async () => {
	const pipeline = await start();
	for (let n = 0; n < HOOK_BODIES_PER_SECOND + 500; n++) pipeline.hook(notification(n));
	await pipeline.finish({ exitCode: 0 });
	expect(countedIn(exported, "claude_otel.facts_dropped_total")).toEqual({ hook: 500 });
	expect(countedIn(exported, "claude_otel.facts_total")).toMatchObject({ hook: HOOK_BODIES_PER_SECOND });
});

test("a fact that cannot be taken is counted, and the next one is taken", async () => {
	const pipeline = await start();
	// Nothing that a door lets in is so deep; what would come of it must not end the run.
	const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
	const call = { session_id: "s", hook_event_name: "PostModelSwitch" };
	pipeline.hook({
		at: AT + 1,
		bytes: 1,
		json: { ...call, hook_event_name: "PostToolUse", tool_use_id: "t", tool_input: deep },
	});
	pipeline.hook({ at: AT + 2, bytes: 1, json: { ...call, from_model: "a", to_model: "b" } });
	await pipeline.finish({ exitCode: 0 });
	expect(countedIn(exported, "claude_otel.facts_dropped_total")).toEqual({ hook: 1 });
	expect(countedIn(exported, "claude_otel.facts_total")).toMatchObject({ hook: 1 });
});
