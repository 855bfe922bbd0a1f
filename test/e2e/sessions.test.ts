// A session taken up again: every run tells what it did, and nothing of the runs before it.

import { afterEach, expect, test } from "vitest";
import { assertTold, outline, spanNamed, tree } from "../support/oracle.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";
import type { Terminal } from "../support/terminal.ts";
import { addUp, tokensOf, usageTokens } from "../support/tokens.ts";

let stage: Stage;
afterEach(() => stage.close());

async function leave(terminal: Terminal): Promise<void> {
	await terminal.pressWhenCalm("ctrl-c");
	await terminal.waitForText("again to exit");
	terminal.press("ctrl-c");
	expect(await terminal.exit).toEqual({ code: 0, signal: 0 });
}

const ONE_TURN = tree(`
	claude.session
		invoke_agent claude-code turn.status=ok
			chat claude-opus-5-5 query_source=main
			execute_tool Bash tool.status=ok
			chat claude-opus-5-5 query_source=main
`);

test("continue, resume and fork each tell their own run once, in a trace of its own", async () => {
	stage = await openStage({
		main: Array.from({ length: 4 }, (_, run) => [step(bash(`echo ${run}`)), step(text(`done ${run}`))]).flat(),
	});
	const runs = [
		{ args: [], source: "startup" },
		{ args: () => ["--resume", sessionOf(0)], source: "resume" },
		{ args: ["--continue"], source: "resume" },
		{ args: () => ["--resume", sessionOf(0), "--fork-session"], source: "fork" },
	];
	const told: { spans: Stage["receiver"]["spans"]; requests: Stage["model"]["requests"] }[] = [];
	const sessionOf = (run: number) =>
		String(spanNamed(told[run]?.spans ?? [], "claude.session").attributes["session.id"]);
	for (const [index, { args, source }] of runs.entries()) {
		const from = { spans: stage.receiver.spans.length, requests: stage.model.requests.length };
		await stage.print(`prompt ${index}`, typeof args === "function" ? args() : args);
		const run = {
			spans: stage.receiver.spans.slice(from.spans),
			requests: stage.model.requests.slice(from.requests),
		};
		told.push(run);
		assertTold(run.spans, run.requests);
		expect(outline(run.spans)).toBe(ONE_TURN);
		expect(spanNamed(run.spans, "claude.session").attributes["session.source"]).toBe(source);
		expect(run.requests[0]?.sessionId).toBe(sessionOf(index));
	}
	expect(new Set([0, 1, 2].map(sessionOf)).size).toBe(1);
	expect(sessionOf(3)).not.toBe(sessionOf(0));

	const all = stage.receiver.spans;
	expect(new Set(all.map((span) => span.traceId)).size).toBe(4);
	expect(new Set(all.map((span) => span.spanId)).size).toBe(all.length);
	const counted = addUp(all.filter((span) => span.name === "claude.session").map((span) => tokensOf(span.attributes)));
	const billed = Object.values(stage.model.billed()).map(usageTokens);
	expect(counted).toEqual(addUp(billed));
});

test("of two claudes on one session each run tells its own prompts, once", async () => {
	stage = await openStage({ main: [1, 2, 3].map((prompt) => step(text(`ANSWER-${prompt}`))) });
	const terminal = await stage.terminal([]);
	await terminal.submit("first prompt");
	await terminal.waitForText("ANSWER-1");
	await stage.print("second prompt", ["--continue"]);
	await terminal.submit("third prompt");
	await terminal.waitForText("ANSWER-3");
	await leave(terminal);

	const { spans } = stage.receiver;
	const { requests } = stage.model;
	const runs = Object.groupBy(spans, (span) => String(span.resource["service.instance.id"]));
	expect(Object.keys(runs)).toHaveLength(2);
	for (const told of Object.values(runs)) {
		const idle = spanNamed(told ?? [], "claude.session").attributes["session.source"] === "startup";
		assertTold(
			told ?? [],
			requests.filter(({ at }) => (at !== 1) === idle),
		);
	}
	expect(new Set(spans.map((span) => span.spanId)).size).toBe(spans.length);
	expect(new Set(spans.map((span) => span.attributes["session.id"])).size).toBe(1);
});

test("a local command such as /cost is a session without turns and without requests", async () => {
	stage = await openStage({ main: [] });
	await stage.print("/cost");
	expect(stage.model.requests).toEqual([]);
	expect(outline(stage.receiver.spans)).toBe("\nclaude.session\n");
	expect(spanNamed(stage.receiver.spans, "claude.session").attributes).toMatchObject({
		turns: 0,
		"tokens.total": 0,
		exit_code: 0,
	});
});
