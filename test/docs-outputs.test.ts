// What the documents show of the program's output, and tables of theirs, against the program's own words.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ansis } from "ansis";
import { expect, test } from "vitest";
import { missingHooks, recoverLines, spoolLines } from "../src/cli/sentences.ts";
import { configurationTable } from "../src/config.ts";
import { deliveryCures, deliveryLines, mistakes } from "../src/errors.ts";
import { END_EVENT, eventsOf, HOOK_EVENTS } from "../src/launch/hook-settings.ts";
import { ATTRIBUTES, BACKEND_ATTRIBUTES, METRICS, PROCESS_METRICS, RECORDS, SPANS } from "../src/signals/names.ts";
import { showPanel } from "../src/views/summary-panel.ts";
import { ownWords } from "../tools/own-words.ts";

const textOf = (page: string) => readFileSync(join(import.meta.dirname, "..", page), "utf8");
const ENDPOINT = "http://localhost:4317";
const REFUSED = ["connection refused", deliveryCures.unreachable("OTEL_EXPORTER_OTLP_ENDPOINT")] as const;

/** The blocks of output on a page, less drawings. */
function outputs(page: string): string[] {
	return [...textOf(page).matchAll(/^```text\n([^]*?)^```/gm)]
		.map(([, text = ""]) => text)
		.filter((text) => !/[│└▼►─]/.test(text));
}

test("recovery-and-spool.md shows what recover and flush say", () => {
	const [runId, when] = ["baae7915-1f5c-402a-944e-b140a826b8a4", "2026-11-26T04:27:25.079Z"];
	expect(outputs("docs/recovery-and-spool.md")).toEqual([
		`${recoverLines.recovered(runId, when)}\n`,
		[
			spoolLines.delivered(7, "traces", ENDPOINT),
			spoolLines.delivered(41, "metrics", ENDPOINT),
			spoolLines.delivered(6, "logs", ENDPOINT),
			"",
		].join("\n"),
	]);
});

test("troubleshooting.md shows what is said at the end of a run, by flush, of a mistake, and in the diagnostics", () => {
	const [undelivered, flushed, mistake, diagnostics] = outputs("docs/troubleshooting.md");
	expect(undelivered).toBe(
		`${deliveryLines.waiting("7 spans, the metrics and 6 log records", ENDPOINT, ...REFUSED)}\n`,
	);
	expect(flushed).toBe(`${spoolLines.waiting(7, "traces", ENDPOINT, ...REFUSED)}\n`);
	const { message } = mistakes.unreadableSetting("CLAUDE_OTEL_LEVEL", "loud", "off, minimal, standard or full");
	expect(mistake).toBe(`claude-otel: ${message}\n`);
	expect(diagnostics).toContain(
		`Z info ${missingHooks.disableAllHooks("--settings", ["the transcript", "claude's own telemetry"])}\n`,
	);
});

test("getting-started.md shows a panel as --summary makes it", () => {
	const figures = {
		durationMs: 3_400,
		sessions: 1,
		sessionNumbers: [0],
		turns: 1,
		syntheticTurns: 0,
		toolCalls: 2,
		toolsByName: new Map([["Bash", 2]]),
		toolsByStatus: new Map([
			["ok", 1],
			["error", 1],
		] as const),
		usage: { input: 24, output: 52, cacheRead: 2_021, cacheCreation5m: 6, cacheCreation1h: 15 },
		picoUsd: 1_800_000_000,
		failedRequests: new Map<string, number>(),
		failedTurns: 0,
		exitCode: undefined,
	};
	const trace = { ids: ["0af7651916cd43dd8448eb211c80319c"], exported: true, perTurn: false };
	expect(outputs("docs/getting-started.md")).toEqual([`${showPanel(figures, trace, new Ansis(0)).join("\n")}\n`]);
});

test("hooks.md has every event that is hooked, and says when", () => {
	const rows = [...textOf("docs/hooks.md").matchAll(/^\| ([A-Z][A-Za-z, ]+) \| ([^|]+) \| [^|]+ \|$/gm)];
	const when = new Map(rows.flatMap(([, events = "", told = ""]) => events.split(", ").map((event) => [event, told])));
	expect([...when.keys()].toSorted()).toEqual([...HOOK_EVENTS, END_EVENT].toSorted());
	const flags: ReadonlySet<string> = new Set();
	const hooked = (interactive: boolean, sessionPersistence: boolean) =>
		eventsOf({ interactive, sessionPersistence, flags });
	const named = (words: RegExp) => [...when].filter(([, told]) => words.test(told)).map(([event]) => event);
	expect(hooked(false, true).toSorted()).toEqual(named(/^always/).toSorted());
	expect(hooked(true, true).toSorted()).toEqual(named(/^always|interactive runs, with/).toSorted());
	expect(hooked(false, false).toSorted()).toEqual(named(/^always|no transcript/).toSorted());
});

test("the README has a row for each word of ours", () => {
	const rows = [...textOf("README.md").matchAll(/^\| (`[^|]+) \|/gm)].map(([, first = ""]) => first).join(" ");
	const named = [...rows.matchAll(/`([a-z-]+)[^`]*`/g)].map(([, name]) => name);
	const words = [...ownWords().commands, ...ownWords().flags].map(({ name }) => name);
	expect(words.length).toBeGreaterThan(8);
	expect(words.filter((word) => !named.includes(word))).toEqual([]);
});

const EMITTED = new Set<string>([
	...[ATTRIBUTES, METRICS, PROCESS_METRICS, ...Object.values(BACKEND_ATTRIBUTES)].flatMap(Object.keys),
	...SPANS,
	...Object.keys(RECORDS),
	// Of a turn's span, the one event.
	"turn.completed",
]);

test("what is called the same in migration.md is emitted, or read", () => {
	const rows = [...textOf("docs/migration.md").matchAll(/^\| ([^|]+) \| the same(?: names?)?(?:[;,:][^|]*)? \|$/gm)];
	const names = rows.flatMap(([, before = ""]) => [...before.matchAll(/`([\w.]+)`/g)].map(([, name = ""]) => name));
	expect(names.length).toBeGreaterThan(20);
	const read = new Set([...configurationTable().matchAll(/`([A-Z][A-Z_]+)`/g)].map(([, name]) => name));
	expect(names.filter((name) => !EMITTED.has(name) && !read.has(name))).toEqual([]);
});

test.each([
	"README.md",
	"docs/getting-started.md",
	"docs/hooks.md",
	"docs/privacy.md",
	"docs/recovery-and-spool.md",
	"docs/troubleshooting.md",
	"docs/deploy/collector.md",
	"docs/migration.md",
	"docs/examples/README.md",
])("every telemetry name in %s is emitted", (page) => {
	// In the tables of migration.md the first column has the names of others.
	const ours = page.endsWith("migration.md") ? textOf(page).replaceAll(/^\| [^|]* \|/gm, "|") : textOf(page);
	const found = [
		...ours.matchAll(/`((?:claude|claude_otel|gen_ai|tool|turn|tokens|session|compaction|process)\.[a-z_.<>]+)`/g),
	]
		.map(([, name = ""]) => name)
		.filter((name) => !/\.(?:json|md|jsonl|mjs|sh|db)$/.test(name));
	expect(found.filter((name) => !EMITTED.has(name))).toEqual([]);
});
