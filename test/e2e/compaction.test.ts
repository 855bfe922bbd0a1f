// Compactions of the context, by itself and by /compact: a span of their own, and tokens that are counted once.

import { afterEach, expect, test } from "vitest";
import { assertTold, flat, outline, spanNamed, tree } from "../support/oracle.ts";
import { agent, bash, nextUsage, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { tokensOf, usageTokens } from "../support/tokens.ts";
import { buildTree } from "../support/tree.ts";

let stage: Stage;
afterEach(() => stage.close());

/** Full to the brim of the window: claude summarises before it goes on. */
const FULL = { input: 10, output: 50, cacheRead: 980_000, cacheWrite5m: 0, cacheWrite1h: 100 };
const SUMMARY = { ...step(text("<analysis>a</analysis><summary>short summary</summary>")), usage: nextUsage() };

test("an auto-compaction stands in its turn, and its chat span has what the summary cost", async () => {
	stage = await openStage({
		main: [{ ...step(bash("echo 1")), usage: FULL }, step(bash("echo 2")), step(text("ok"))],
		compact: SUMMARY,
	});
	await stage.print("go");
	const { spans, metrics } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					claude.compaction compaction.trigger=auto
						chat claude-opus-5-5 query_source=compact
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
		`),
	);
	const [summary] = flat(buildTree(spans)).filter(({ span }) => span.attributes.query_source === "compact");
	const asked = stage.model.requests.find((request) => request.isCompaction);
	expect(tokensOf(summary?.span.attributes ?? {})).toEqual(asked && usageTokens(asked.usage));
	expect(summary?.span.attributes["tokens.source"]).toBe("native");
	expect(
		metrics.filter((point) => point.name === "claude.context_compactions_total").map((point) => point.value),
	).toEqual([1]);
});

test("a compaction inside a subagent stands in that subagent", async () => {
	stage = await openStage({
		main: [step(agent("ALPHA task")), step(text("ok"))],
		agents: { "ALPHA task": [{ ...step(bash("echo 1")), usage: FULL }, step(bash("echo 2")), step(text("alpha"))] },
		compact: SUMMARY,
	});
	await stage.print("go");
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const parent = spans.find((span) => span.spanId === spanNamed(spans, "claude.compaction").parentSpanId);
	expect(parent?.attributes["gen_ai.agent.id"]).toBe(
		stage.model.requests.find((request) => request.isCompaction)?.lane,
	);
});

test("a compaction that fails for good is a failed request, and the turn that it ends asked nothing more", async () => {
	stage = await openStage({
		main: [{ ...step(bash("echo 1")), usage: FULL }],
		compact: { fault: { status: 529 } },
	});
	const run = await stage.print("go", [], { env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
	expect(run.code).toBe(1);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code [ERROR invalid_request] turn.status=error error.type=invalid_request
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 [ERROR overloaded] error.type=overloaded query_source=compact
		`),
	);
});

test("`/compact --continue` is no turn: its compaction hangs under the session, and nothing older is counted again", async () => {
	stage = await openStage({
		main: [step(bash("echo 1")), step(text("first done")), step(text("second done"))],
		compact: SUMMARY,
	});
	await stage.print("go");
	const before = { spans: stage.receiver.spans.length, requests: stage.model.requests.length };
	await stage.print("/compact", ["--continue"]);
	const compaction = stage.receiver.spans.slice(before.spans);
	assertTold(compaction, stage.model.requests.slice(before.requests));
	expect(outline(compaction)).toBe(
		tree(`
			claude.session
				claude.compaction compaction.trigger=manual
					chat claude-opus-5-5 query_source=compact
		`),
	);
	expect(spanNamed(compaction, "claude.session").attributes).toMatchObject({ turns: 0, "session.source": "resume" });

	const after = { spans: stage.receiver.spans.length, requests: stage.model.requests.length };
	await stage.print("and on", ["--continue"]);
	const followed = stage.receiver.spans.slice(after.spans);
	assertTold(followed, stage.model.requests.slice(after.requests));
	expect(outline(followed)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
		`),
	);
});
