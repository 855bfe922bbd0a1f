// A traced run on the Agent SDK as a program of ours holds it in its hands: prompts one by one, permission questions,
// interrupts, and the history of it all.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { query } from "@anthropic-ai/claude-agent-sdk";
import { afterEach, expect, test } from "vitest";
import type { RunContext } from "../../src/cli/run-context.ts";
import { type TracedAgentOptions, traceAgent } from "../../src/cli/trace-agent.ts";
import { loadConfig } from "../../src/config.ts";
import { createDiagnostics } from "../../src/diagnostics.ts";
import type { SDKMessage, TracedAgent } from "../../src/launch/agent-runner.ts";
import { assertTold, outline, tree } from "../support/oracle.ts";
import { until } from "../support/run.ts";
import { bash, step, text } from "../support/scripting.ts";
import { FREE_HAND, openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

/** A session that waits for prompts; `results` grows with each turn that ended. */
async function open(options: Partial<TracedAgentOptions> & { env?: Record<string, string> } = {}) {
	const env = { ...stage.home.env, ...stage.env, ...options.env };
	const { config } = loadConfig(env);
	const context: RunContext = {
		config,
		diagnostics: createDiagnostics({ target: config.debug, level: "info", clock: Date.now }),
		env,
		cwd: stage.home.work,
		packageRoot: process.cwd(),
		stdoutIsTerminal: false,
		stderrIsTerminal: false,
		stderrColorLevel: () => 0,
		stderrColumns: () => undefined,
		writeAfter: () => {},
	};
	const messages: SDKMessage[] = [];
	const results = () => messages.filter((message) => message.type === "result");
	const agent = await traceAgent({
		sdk: { query },
		args: [],
		signals: "keep",
		...options,
		context,
		onMessage: (message) => void messages.push(message),
	});
	const ask = async (agentToAsk: TracedAgent, prompt: string) => {
		const before = results().length;
		agentToAsk.send(prompt);
		await until(`an answer to ${prompt}`, () => results().length > before);
		return results().at(-1);
	};
	return { agent, messages, results, ask };
}

test("prompts are turns of one session, each a trace of its own where a person sits before it", async () => {
	stage = await openStage({ main: [step(bash("echo 1")), step(text("one")), step(text("two"))] });
	const { agent, ask } = await open({ args: [FREE_HAND], interactive: true });
	expect(agent.pid).toBeGreaterThan(0);
	expect(await ask(agent, "first")).toMatchObject({ result: "one" });
	expect(await ask(agent, "second")).toMatchObject({ result: "two" });
	agent.close();
	expect(await agent.ended).toMatchObject({ exitCode: 0, results: [{ result: "one" }, { result: "two" }] });
	const { spans } = stage.receiver;
	expect(outline(spans)).toBe(
		tree(`
			claude.session
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=ok
				chat claude-opus-5-5 query_source=main
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
		`),
	);
	expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
});

test("whoever holds it is asked for permission, and yes and no are both told with the wait", async () => {
	const allowed = bash("touch allowed");
	const denied = bash("touch denied");
	stage = await openStage({ main: [step(allowed), step(denied), step(text("done"))] });
	const asked: string[] = [];
	const { agent, ask } = await open({
		async canUseTool(_name, input) {
			asked.push(String(input.command));
			await new Promise((resolve) => setTimeout(resolve, 300));
			return input.command === "touch allowed"
				? { behavior: "allow", updatedInput: input }
				: { behavior: "deny", message: "no" };
		},
	});
	await ask(agent, "go");
	agent.close();
	await agent.ended;
	expect(asked).toEqual(["touch allowed", "touch denied"]);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
						claude.permission_wait
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=denied
						claude.permission_wait
					chat claude-opus-5-5 query_source=main
		`),
	);
	for (const span of spans.filter(({ name }) => name === "claude.permission_wait")) {
		expect(Number(span.endTime - span.startTime) / 1e6).toBeGreaterThanOrEqual(290);
	}
});

test("an interrupt ends the turn and not the session", async () => {
	stage = await openStage({ main: [step(bash("touch asleep; sleep 30"))], whenDone: step(text("awake")) });
	const { agent, ask, results } = await open({ args: [FREE_HAND] });
	agent.send("sleep");
	await until("the command is at work", () => existsSync(join(stage.home.work, "asleep")));
	await agent.interrupt();
	await until("the turn's end", () => results().length === 1);
	expect(await ask(agent, "wake up")).toMatchObject({ result: "awake" });
	agent.close();
	expect(await agent.ended).toMatchObject({ exitCode: 0 });
	expect(outline(stage.receiver.spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=interrupted
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=interrupted
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
		`),
	);
});

test.each([
	["standard", [undefined, "echo 1", undefined]],
	["full", ["the prompt", "echo 1", "the answer"]],
])("at level %s the history has what the level allows", async (level, words) => {
	stage = await openStage({ main: [step(bash("echo 1")), step(text("the answer"))] });
	const { agent, ask } = await open({ args: [FREE_HAND], env: { CLAUDE_OTEL_LEVEL: level } });
	await ask(agent, "the prompt");
	agent.close();
	await agent.ended;
	const history = agent.history();
	expect(history.map(({ role, content }) => [role, content?.text ?? content?.summary])).toEqual([
		["prompt", words[0]],
		["call", words[1]],
		["answer", words[2]],
	]);
	expect(history.every(({ content }) => (content?.bytes ?? 0) > 0)).toBe(true);
});

test("what is stopped in the middle ends, and its trace is delivered", async () => {
	stage = await openStage({ main: [step(bash("touch asleep; sleep 30"))] });
	const { agent } = await open({ args: [FREE_HAND] });
	agent.send("sleep");
	await until("the command is at work", () => existsSync(join(stage.home.work, "asleep")));
	agent.stop();
	const end = await agent.ended;
	expect(end.error).toBeUndefined();
	expect(stage.receiver.spans.map(({ name }) => name).toSorted()).toEqual([
		"chat claude-opus-5-5",
		"claude.session",
		"execute_tool Bash",
		"invoke_agent claude-code",
	]);
});

test("a claude that does not start is an error of the system, and leaves nothing open", async () => {
	stage = await openStage({ main: [] });
	await expect(open({ env: { CLAUDE_BIN: "/nowhere/claude" } })).rejects.toThrow(/CLAUDE_BIN is \/nowhere\/claude/);
});
