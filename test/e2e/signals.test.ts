// claude and claude-otel are ended from outside in the middle of a tool: the tree is closed all the same.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { assertTold, outline, spanNamed, spanOfCall, spanOfRequest, tree } from "../support/oracle.ts";
import type { Running } from "../support/run.ts";
import { until } from "../support/run.ts";
import { agent, bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { addUp, tokensOf, usageTokens } from "../support/tokens.ts";
import { assertSoundTrace } from "../support/tree.ts";

let stage: Stage;
afterEach(() => stage.close());

/** Runs claude-otel until the second command has begun, and then ends what `target` says. */
async function endInTool(signal: NodeJS.Signals, target: "claude" | "claude-otel") {
	const asleep = bash("touch asleep; sleep 30");
	stage = await openStage({ main: [step(bash("echo 1")), step(text("now sleeping"), asleep), step(text("ok"))] });
	const run = await stage.print("go", [], {
		onStart: async (running) => {
			await until("the command is at work", () => readdirSync(stage.home.work).includes("asleep"));
			// claude writes its transcript a moment later, and a SIGKILL takes what is not written.
			await until("the message is written", () => stage.home.transcripts().some((path) => isIn(path, asleep.id)));
			if (target === "claude") process.kill(claudeBelow(running), signal);
			else running.signal(signal);
		},
	});
	assertSoundTrace(stage.receiver.spans);
	return { run, asleep, spans: stage.receiver.spans };
}

function isIn(path: string, words: string): boolean {
	return readFileSync(path, "utf8").includes(words);
}

/** claude's own process id, as claude writes it down. */
function claudeBelow(running: Running): number {
	const pids = readdirSync(join(stage.home.config, "sessions")).map((name) => Number.parseInt(name, 10));
	const [pid] = pids.filter((candidate) => candidate > 0);
	if (pid === undefined || pid === running.pid) throw new Error(`claude is not among ${pids}`);
	expect(readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[3]).toBe(String(running.pid));
	return pid;
}

function closedTree(tool: string, turn: string): string {
	return tree(`
		claude.session
			invoke_agent claude-code turn.status=${turn}
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=ok
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=${tool}
	`);
}

test.each([
	{ signal: "SIGINT", exit: { code: 0, signal: null } },
	{ signal: "SIGTERM", exit: { code: 143, signal: null } },
	{ signal: "SIGHUP", exit: { code: 129, signal: null } },
] as const)("$signal of claude inside a tool leaves the tool and its turn interrupted", async ({ signal, exit }) => {
	const { run, asleep, spans } = await endInTool(signal, "claude");
	expect(run).toMatchObject(exit);
	expect(outline(spans)).toBe(closedTree("interrupted", "interrupted"));
	expect(spanOfCall(spans, asleep).attributes).toMatchObject({ interrupted: true, error: false });
	expect(spanNamed(spans, "claude.session").attributes.exit_code).toBe(exit.code);
});

test("SIGKILL of claude inside a tool leaves the tool and its turn lost", async () => {
	const { run, spans } = await endInTool("SIGKILL", "claude");
	expect(run).toMatchObject({ code: null, signal: "SIGKILL" });
	expect(outline(spans)).toBe(closedTree("lost", "lost"));
	expect(spanNamed(spans, "claude.session").attributes["session.end_reason"]).toBe("signal:SIGKILL");
});

test.each([
	{ signal: "SIGTERM", code: 143 },
	{ signal: "SIGHUP", code: 129 },
] as const)("$signal of claude-otel reaches claude, and both leave with a closed tree", async ({ signal, code }) => {
	const { run, spans } = await endInTool(signal, "claude-otel");
	expect(run).toMatchObject({ code, signal: null });
	expect(outline(spans)).toBe(closedTree("interrupted", "interrupted"));
});

test("SIGINT in the middle of an answer leaves a closed tree", async () => {
	stage = await openStage({
		main: [
			step(bash("echo 1")),
			{ ...step(text("half of it"), text("other half"), bash("echo 2")), blockDelayMs: 20_000 },
			step(text("ok")),
		],
	});
	await stage.print("go", ["--output-format", "stream-json", "--verbose"], {
		onStart: async (running) => {
			await until("the half answer", () => running.stdout().includes("half of it"));
			process.kill(claudeBelow(running), "SIGINT");
		},
	});
	const { spans } = stage.receiver;
	assertSoundTrace(spans);
	expect(spanNamed(spans, "invoke_agent claude-code").attributes["turn.status"]).toBe("interrupted");
	// The transcript counts: it holds the half answer with what its beginning told of its tokens.
	const [, half] = stage.model.requests;
	expect(stage.model.requests.map((request) => request.outcome)).toEqual(["answered", "aborted"]);
	const { attributes } = spanNamed(spans, "claude.session");
	expect(tokensOf(attributes)).toEqual(addUp(stage.model.requests.map((request) => usageTokens(request.usage))));
	expect(attributes).not.toHaveProperty("tokens.lost.output");
	const broken = spanOfRequest(spans, half).attributes;
	expect(tokensOf(broken)).toEqual(half && usageTokens(half.usage));
	expect(broken).toMatchObject({ "gen_ai.response.id": half?.messageId, "claude.cost_basis": "list" });
});

test("SIGINT while an agent works interrupts the agent with its call and its tool", async () => {
	const call = agent("ALPHA task");
	const asleep = bash("touch asleep; sleep 30");
	stage = await openStage({
		main: [step(call), step(text("never asked for"))],
		agents: { "ALPHA task": [step(bash("echo 1")), step(asleep)] },
	});
	await stage.print("go", [], {
		onStart: async (running) => {
			await until("the agent's command is at work", () => readdirSync(stage.home.work).includes("asleep"));
			process.kill(claudeBelow(running), "SIGINT");
		},
	});
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(outline(stage.receiver.spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=interrupted
					chat claude-opus-5-5 query_source=main
					execute_tool Agent tool.status=interrupted
						invoke_agent general-purpose agent.status=interrupted
							chat claude-opus-5-5 query_source=subagent
							execute_tool Bash tool.status=ok
							chat claude-opus-5-5 query_source=subagent
							execute_tool Bash tool.status=interrupted
		`),
	);
});
