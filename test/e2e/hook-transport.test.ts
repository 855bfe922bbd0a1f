// The same scenes over loopback http and over the Unix socket: the trees are equal, down to every attribute that is
// not a time or an id.

import { afterEach, expect, test } from "vitest";
import type { Script } from "../../src/testing/scripted-model.ts";
import { assertTold, outline } from "../support/oracle.ts";
import { agent, bash, read, step, text, tool } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stages: Stage[] = [];
afterEach(async () => {
	await Promise.all(stages.map((stage) => stage.close()));
	stages = [];
});

const ATTRIBUTES = [
	"tool.status",
	"tool.use_id",
	"turn.status",
	"agent.status",
	"agent.depth",
	"agent.background",
	"error.type",
	"error.message",
	"exit_code",
	"stdout_bytes",
	"stderr_bytes",
	"timeout",
	"interrupted",
	"input.summary",
	"query_source",
	"tokens.total",
	"request.attempts",
];

const SCENES: { name: string; script: () => Script; args?: string[] }[] = [
	{
		name: "tools that succeed, fail, are unknown and are denied",
		script: () => ({
			main: [
				step(bash("echo one; echo two >&2")),
				step(bash("exit 3")),
				step(read("/nonexistent/file")),
				step(tool("NoSuchTool", { a: 1 })),
				step(bash("echo denied-by-rule")),
				step(bash("sleep 5", { timeout: 1000 })),
				step(tool("Write", { file_path: "large.txt", content: "0123456789".repeat(20_000) })),
				step(text("done")),
			],
		}),
		args: ["--disallowedTools", "Bash(echo denied-by-rule)"],
	},
	{
		name: "parallel tools",
		script: () => ({
			main: [step(...["a", "b", "c", "d", "e", "f"].map((name) => bash(`echo ${name}`))), step(text("done"))],
		}),
	},
	{
		name: "nested agents",
		script: () => ({
			main: [step(agent("ALPHA task")), step(text("ok"))],
			agents: {
				"ALPHA task": [step(agent("GAMMA task")), step(text("alpha"))],
				"GAMMA task": [step(bash("exit 2")), step(text("gamma"))],
			},
		}),
	},
	{
		name: "a background agent",
		script: () => ({
			main: [step(agent("BETA task", { run_in_background: true })), step(text("launched")), step(text("came back"))],
			agents: { "BETA task": [step(bash("sleep 1")), step(text("beta"))] },
		}),
	},
	{
		name: "a request that fails twice",
		script: () => ({
			main: [step(bash("echo 1")), { fault: { status: 529 } }, { fault: { status: 500 } }, step(text("ok"))],
		}),
	},
];

test.each(SCENES)("$name: the Unix socket tells what http tells", async ({ script, args }) => {
	const scene = script();
	const trees: string[] = [];
	for (const transport of ["http", "socket"]) {
		const stage = await openStage(scene, { env: { CLAUDE_OTEL_HOOK_TRANSPORT: transport } });
		stages.push(stage);
		const run = await stage.print("go", args);
		expect(run).toMatchObject({ code: 0, stderr: "" });
		assertTold(stage.receiver.spans, stage.model.requests);
		const hookFacts = stage.receiver.metrics.filter(
			(point) => point.name === "claude_otel.facts_total" && point.attributes.source === "hook",
		);
		expect(hookFacts.at(-1)?.value).toBeGreaterThan(0);
		const told = outline(stage.receiver.spans, { sorted: true, attributes: ATTRIBUTES });
		trees.push(told.replaceAll(stage.home.home, "<home>"));
	}
	expect(trees[1]).toBe(trees[0]);
});
