// What is notable is exported whole, of the rest a share; metrics count everything.
import { describe, expect, test } from "vitest";
import type { ChatEpisode, Episode, SessionEpisode, ToolEpisode, TurnEpisode } from "../../src/model/episode.ts";
import { createTailSampling, HELD_MAX } from "../../src/signals/tail-sampling.ts";
import type { Exported } from "./in-memory.ts";
import { storyOf, tell } from "./story.ts";

const USAGE = { input: 1, output: 1, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 };
const place = (n: number) => ({
	parent: { kind: "session" as const, n },
	sessionId: `session-${n}`,
	session: n,
	start: 1_000,
	end: 2_000,
});

function tool(n: number, status: ToolEpisode["status"] = "ok"): ToolEpisode {
	return {
		...place(n),
		kind: "tool",
		ref: { kind: "tool", sessionId: "s", toolUseId: "t" },
		toolUseId: "t",
		toolName: "Bash",
		status,
		timeout: false,
		asked: false,
		contents: {},
		excluded: false,
	};
}

function chat(n: number, more: Partial<ChatEpisode> = {}): ChatEpisode {
	return {
		...place(n),
		kind: "chat",
		ref: { kind: "chat", sessionId: "s", key: "m" },
		usage: USAGE,
		lost: USAGE,
		tokensSource: "transcript",
		timesSource: "native",
		costBasis: "list",
		picoUsd: 1e9,
		attempts: 1,
		retryMs: 0,
		querySource: "main",
		...more,
	};
}

function turn(n: number, more: Partial<TurnEpisode> = {}): TurnEpisode {
	const totals = { usage: USAGE, lost: USAGE, picoUsd: 0, toolsUsed: 0 };
	return {
		...place(n),
		kind: "turn",
		ref: { kind: "turn", sessionId: "s", promptId: "p" },
		index: 1,
		synthetic: false,
		prompts: 1,
		status: "ok",
		totals,
		own: totals,
		...more,
	};
}

function session(n: number, endReason = "exit"): SessionEpisode {
	return {
		...place(n),
		kind: "session",
		ref: { kind: "session", n },
		source: "startup",
		endReason,
		argsCount: 0,
		argsPreview: "",
		turns: 1,
		syntheticTurns: 0,
		toolNames: [],
		totals: { usage: USAGE, lost: USAGE, picoUsd: 0, toolsUsed: 0 },
	};
}

function told(ratio: number, episodes: Episode[], runId = "run") {
	const kinds: string[] = [];
	const sampling = createTailSampling({ ratio, costUsd: 0.01, slowTurnMs: 5_000 }, runId, {
		episode: (episode) => kinds.push(episode.kind),
		moment: (moment) => kinds.push(moment.kind),
	});
	for (const episode of episodes) sampling.episode(episode);
	return kinds;
}

describe("with a ratio of 0", () => {
	test("a session in which nothing is notable is left out", () => {
		expect(told(0, [chat(0), tool(0), turn(0), session(0)])).toEqual([]);
	});

	test.each<[string, Episode]>([
		["a call that failed", tool(0, "error")],
		["a call that was denied", tool(0, "denied")],
		["a request that failed", chat(0, { errorType: "overloaded_error" })],
		["an attempt that failed before an answer", chat(0, { attempts: 2 })],
		["a turn that failed", turn(0, { status: "error" })],
		["a turn that was interrupted", turn(0, { status: "interrupted" })],
		["a slow turn", turn(0, { end: 1_000 + 5_000 })],
		["high cost", chat(0, { picoUsd: 1e10 })],
		["a lost end", session(0, "lost")],
	])("a session with %s is kept whole, in its order", (_what, notable) => {
		const before: Episode[] = [chat(0), tool(0)];
		const after: Episode[] = [turn(0), session(0)];
		expect(told(0, [...before, notable, ...after])).toEqual([...before, notable, ...after].map(({ kind }) => kind));
	});

	test("costs add up over the requests of a session, and not over sessions", () => {
		const cheap = chat(0, { picoUsd: 0.6e10 });
		expect(told(0, [cheap, cheap, session(0)])).toEqual(["chat", "chat", "session"]);
		expect(told(0, [cheap, session(0), chat(1, { picoUsd: 0.6e10 }), session(1)])).toEqual([]);
	});

	test("one session of a run says nothing of the next", () => {
		expect(told(0, [tool(0, "error"), session(0), tool(1), session(1)])).toEqual(["tool", "session"]);
	});

	test("a session that is too large to be held is kept", () => {
		const many = Array.from({ length: HELD_MAX + 1 }, () => tool(0));
		expect(told(0, many)).toHaveLength(HELD_MAX + 1);
	});
});

test("the share of sessions in which nothing is notable is the ratio, and the same for the same run", () => {
	const runs = Array.from({ length: 2_000 }, (_, number) => `run-${number}`);
	const chosen = (run: string) => told(0.1, [tool(0), session(0)], run).length > 0;
	const share = runs.filter(chosen).length / runs.length;
	expect(share).toBeGreaterThan(0.07);
	expect(share).toBeLessThan(0.13);
	expect(runs.filter(chosen)).toEqual(runs.filter(chosen));
});

test("metrics count the sessions that are left out", async () => {
	// Of the story only what is not notable: its other calls are refused or fail.
	const quiet = storyOf().filter((fact) => !("toolUseId" in fact) || fact.toolUseId?.endsWith("-Read"));
	const told = await tell(quiet, { sample: { ratio: 0, costUsd: 1e9, slowTurnMs: 1e9 } });
	expect({ spans: told.spans, records: told.records }).toEqual({ spans: [], records: [] });
	const whole = await tell(storyOf());
	const tokens = ({ points }: Exported) =>
		points.filter(({ name }) => name === "claude.tokens_total").reduce((sum, { value }) => sum + value, 0);
	expect(tokens(told)).toBe(tokens(whole));
	expect(whole.spans.length).toBeGreaterThan(5);
});
