// What each source can tell, alone and with others. The table of docs/telemetry.md is read from the page, and every cell of
// it is held against real runs with tools, agents, failed attempts, a final error, a compaction and a cut answer.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { clientTotals, NOTHING } from "../support/client-ledger.ts";
import { some } from "../support/every.ts";
import { spanNamed } from "../support/oracle.ts";
import { agent, bash, read, step, text, tool } from "../support/scripting.ts";
import { sourcesTable } from "../support/sources-table.ts";
import { differencesFrom, type Told, USER_HOOK_MS } from "../support/sources-told.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { assertSoundTrace } from "../support/tree.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/telemetry.md"), "utf8");
const ROWS = sourcesTable(PAGE);
const TWO_RUNS_MS = 120_000;

let stage: Stage;
afterEach(() => stage?.close());

test("the table has each source alone, each pair and all three, and no source twice", () => {
	const sets = ROWS.map(({ sources }) => sources.split(",").toSorted().join());
	expect(sets.toSorted()).toEqual([
		"hooks",
		"hooks,native",
		"hooks,native,transcript",
		"hooks,transcript",
		"native",
		"native,transcript",
		"transcript",
	]);
});

test.each(some(ROWS, 2))("$sources tells what the table says", { timeout: TWO_RUNS_MS }, async (row) => {
	stage = await openStage(
		{ main: [] },
		{ env: { CLAUDE_OTEL_SOURCES: row.sources, CLAUDE_OTEL_EXIT_GRACE_MS: "15000" } },
	);
	const wait = { type: "command", command: `sleep ${USER_HOOK_MS / 1000}` };
	const hooks = { PreToolUse: [{ matcher: "Read", hooks: [wait] }] };
	writeFileSync(join(stage.home.config, "settings.json"), JSON.stringify({ hooks }));
	const seen = { whole: await runWhole(), cut: await runCut() };
	expect(differencesFrom(row, seen)).toEqual([]);
	const version = seen.whole.session.attributes["claude.version"];
	expect(version === undefined ? "not told" : "told").toBe(row.sources === "hooks" ? "not told" : "told");
});

/**
 * A background agent that ends before its turn, so that there is one turn whoever tells. Its context is compacted, as that of
 * the main loop, by another model.
 */
function runWhole(): Promise<Told> {
	const full = { input: 10, output: 50, cacheRead: 980_000, cacheWrite5m: 0, cacheWrite1h: 100 };
	stage.model.setScript({
		main: [
			step(bash("echo 1")),
			{ fault: { status: 529 } },
			step(agent("BACK task", { run_in_background: true, model: "haiku" })),
			step(agent("FORE task")),
			step(agent("BROKEN task")),
			step(bash("exit 3"), tool("NoSuchTool", { a: 1 }), bash("echo denied")),
			{ ...step(read("absent.txt")), usage: full },
			step(text("ok")),
		],
		agents: {
			"BACK task": [{ ...step(bash("echo 2")), usage: full }, step(text("back"))],
			"FORE task": [step(bash("echo 3")), step(text("fore"))],
			"BROKEN task": Array.from({ length: 10 }, () => ({ fault: { status: 400 } })),
		},
		compact: step(text("<summary>s</summary>")),
	});
	return runOnce(["--disallowedTools", "Bash(echo denied)"]);
}

function runCut(): Promise<Told> {
	const stump = {
		...step(text("cut after a whole block"), bash("echo never")),
		fault: { cut: "after-block" as const },
	};
	stage.model.setScript({
		main: [{ ...step(text("this is cut")), fault: { cut: "mid-block" } }, step(agent("CUT task")), step(text("ok"))],
		agents: { "CUT task": [stump, step(bash("echo 1")), step(text("whole"))] },
	});
	return runOnce([]);
}

async function runOnce(args: string[]): Promise<Told> {
	const from = {
		spans: stage.receiver.spans.length,
		logs: stage.receiver.logs.length,
		requests: stage.model.requests.length,
	};
	const { code, stderr } = await stage.print("go", args);
	expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
	const spans = stage.receiver.spans.slice(from.spans);
	assertSoundTrace(spans);
	const session = spanNamed(spans, "claude.session");
	const client = clientTotals(stage.home).get(String(session.attributes["session.id"])) ?? NOTHING;
	const logs = stage.receiver.logs.slice(from.logs);
	return { spans, logs, requests: stage.model.requests.slice(from.requests), session, client };
}
