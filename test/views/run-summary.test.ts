import { expect, test } from "vitest";
import type { Episode, SessionEpisode } from "../../src/model/episode.ts";
import { createRunSummary, type TraceSource } from "../../src/views/run-summary.ts";
import { settle } from "../model/run-model.ts";
import { storyOf } from "../signals/story.ts";

const TRACES: TraceSource = { exported: true, perTurn: false, idOf: (session) => `trace-${session}` };

function panelOf(episodes: readonly Episode[], traces: Partial<TraceSource> = {}, colorLevel: 0 | 3 = 0): string {
	const summary = createRunSummary();
	for (const episode of episodes) summary.episode(episode);
	return summary.show({ ...TRACES, ...traces }, colorLevel) ?? "";
}

/** Of the panel, the lines of one row. */
function row(panel: string, label: string): string[] {
	const lines = panel.split("\n");
	const first = lines.findIndex((line) => line.startsWith(`  ${label} `));
	const end = lines.findIndex((line, at) => at > first && !line.startsWith(" ".repeat(10)));
	return lines.slice(first, end).map((line) => line.slice(10));
}

const session = (more: Partial<SessionEpisode> = {}): SessionEpisode => ({
	kind: "session",
	ref: { kind: "session", n: 0 },
	parent: { kind: "session", n: 0 },
	sessionId: "s",
	session: 0,
	start: 1_000,
	end: 5_321,
	source: "startup",
	endReason: "exit",
	argsCount: 0,
	argsPreview: "",
	turns: 1,
	syntheticTurns: 0,
	toolNames: [],
	totals: { usage: undefined, lost: usage(0), picoUsd: undefined, toolsUsed: 0 },
	...more,
});

function usage(input: number) {
	return { input, output: 2, cacheRead: 3_000, cacheCreation5m: 4, cacheCreation1h: 5 };
}

test("the panel has the figures of the session that the model made", () => {
	expect(panelOf(settle(storyOf()).episodes, { url: "https://traces.example/{trace_id}?at={trace_id}" })).toBe(
		`claude-otel: this session
  time    0.1 s
  turns   2
  tools   6 calls, 2 failed, 2 refused
          Bash 2, Read 2, mcp__files__list 2
  tokens  2 in, 40 out, cache 600 read and 108,000 written
  cost    <$0.0001
  errors  2 tool calls
  trace   trace-0
          https://traces.example/trace-0?at=trace-0
`,
	);
});

test("in a narrow terminal lines break between words, and what is copied does not break", () => {
	const summary = createRunSummary();
	for (const episode of settle(storyOf()).episodes) summary.episode(episode);
	const panel = summary.show({ ...TRACES, url: "https://traces.example/{trace_id}" }, 0, 30) ?? "";
	expect(row(panel, "tokens")).toEqual(["2 in, 40 out, cache", "600 read and 108,000", "written"]);
	expect(row(panel, "trace")).toEqual(["trace-0", "https://traces.example/trace-0"]);
});

test("a session in which nothing happened says so, and what nobody told is unknown, not nothing", () => {
	expect(panelOf([session()], { exported: false, url: "https://traces.example/{trace_id}" })).toBe(
		`claude-otel: this session
  time    4.3 s
  turns   1
  tools   none
  tokens  unknown
  cost    unknown
  errors  none
  trace   trace-0 (not exported)
`,
	);
	expect(createRunSummary().show(TRACES, 0)).toBeUndefined();
});

test("several sessions of a run are added up, and each has its trace", () => {
	const totals = (input: number, picoUsd: number) => ({ usage: usage(input), lost: usage(0), picoUsd, toolsUsed: 1 });
	const second = { session: 1, start: 60_000, end: 3_723_000, turns: 2, syntheticTurns: 1 };
	const panel = panelOf([session({ totals: totals(1_000, 25e10) }), session({ ...second, totals: totals(7, 1e12) })]);
	expect(panel.split("\n")[0]).toBe("claude-otel: these 2 sessions");
	expect(row(panel, "time")).toEqual(["1 h 2 min 2 s"]);
	expect(row(panel, "turns")).toEqual(["3, and 1 that nobody typed"]);
	expect(row(panel, "tokens")).toEqual(["1,007 in, 4 out, cache 6,000 read and 18 written"]);
	expect(row(panel, "cost")).toEqual(["$1.2500"]);
	expect(row(panel, "trace")).toEqual(["trace-0", "trace-1"]);
	const unpriced = panelOf([session({ totals: totals(1, 1) }), session({ ...second, session: 1 })]);
	expect(row(unpriced, "cost")).toEqual(["unknown"]);
	expect(row(panelOf([session(), session(second)], { idOf: () => "one" }), "trace")).toEqual(["one"]);
});

test("failed requests are told by their class, failed turns and calls by number", () => {
	const [chat, turn] = ["chat", "turn"].map((kind) => settle(storyOf(1)).episodes.find((it) => it.kind === kind));
	const failed = [
		{ ...chat, errorType: "rate_limit" },
		{ ...chat, errorType: "overloaded" },
		{ ...turn, status: "error" },
	] as Episode[];
	expect(row(panelOf([...failed, session()]), "errors")).toEqual(["2 requests (overloaded, rate_limit), 1 turn"]);
});

test("the tools that were used most are named, without codes that a terminal would obey", () => {
	const tool = settle(storyOf(1)).episodes.find((it) => it.kind === "tool");
	const calls = ["a", "b", "c", "d", "e", "f"].flatMap((name, nth) =>
		Array.from({ length: nth + 1 }, () => ({ ...tool, toolName: `${name}\x1b[2J`, status: "ok" })),
	) as Episode[];
	const totals = { usage: undefined, lost: usage(0), picoUsd: undefined, toolsUsed: 21 };
	const panel = panelOf([...calls, session({ totals })]);
	expect(row(panel, "tools")).toEqual(["21 calls", "f?[2J 6, e?[2J 5, d?[2J 4, c?[2J 3, b?[2J 2, …"]);
	expect(panel).not.toContain("\x1b");
});

test("where each turn has a trace of its own the panel says so", () => {
	expect(row(panelOf([session()], { perTurn: true }), "trace")).toEqual([
		"trace-0",
		"each turn is a trace of its own, linked to it",
	]);
});

test("a claude that refused its arguments is an error, and a trace without turns has none of its own", () => {
	const panel = panelOf([session({ exitCode: 1, turns: 0 })], { perTurn: true });
	expect(row(panel, "errors")).toEqual(["exit code 1"]);
	expect(row(panel, "trace")).toEqual(["trace-0"]);
	expect(row(panelOf([session({ exitCode: 0 })]), "errors")).toEqual(["none"]);
});

test("colours are codes around the same text", () => {
	const episodes = settle(storyOf()).episodes;
	const colored = panelOf(episodes, {}, 3);
	expect(colored).toContain("\x1b[1mclaude-otel: this session\x1b[22m");
	expect(colored.replaceAll(/\x1b\[\d+m/g, "")).toBe(panelOf(episodes));
});
