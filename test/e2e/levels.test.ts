// What each level lets out, and tools that are left out altogether.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { keptBytes } from "../support/kept-bytes.ts";
import { assertTold, outline, spanNamed, spanOfCall, tree } from "../support/oracle.ts";
import { agent, bash, read, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const command = bash("echo visible-command; echo visible-output");
const failing = bash("echo failing-output; exit 3");

async function openAt(level: string, prepare = (_work: string) => {}): Promise<void> {
	stage = await openStage(
		{
			main: [step(text("I begin."), command), step(failing), step(agent("ALPHA task")), step(text("visible-answer"))],
			agents: { "ALPHA task": [step(bash("echo alpha")), step(text("alpha result"))] },
		},
		{ env: { CLAUDE_OTEL_LEVEL: level } },
	);
	prepare(stage.home.work);
	await stage.print("visible-prompt");
}

const toolCalls = () =>
	stage.receiver.metrics
		.filter((point) => point.name === "claude.tool_calls_total")
		.map((point) => `${point.attributes["tool.name"]} ${point.attributes["tool.status"]} ${point.value}`)
		.toSorted();

test("minimal has sessions, turns and metrics, but no other span, no record and no content", async () => {
	await openAt("minimal", (work) => {
		mkdirSync(join(work, ".git"));
		writeFileSync(join(work, ".git", "HEAD"), "ref: refs/heads/topic\n");
	});
	const { spans, logs, receiver } = { ...stage.receiver, receiver: stage.receiver };
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
		`),
	);
	expect(logs).toEqual([]);
	expect(toolCalls()).toEqual(["Agent ok 1", "Bash error 1", "Bash ok 2"]);
	const session = spanNamed(spans, "claude.session").attributes;
	expect(session).toMatchObject({ tools_used: 4, turns: 1 });
	const billed = Object.values(stage.model.billed()).flatMap((usage) => Object.values(usage));
	expect(session["tokens.total"]).toBe(billed.reduce((sum, tokens) => sum + tokens, 0));
	for (const { attributes } of spans) {
		expect(attributes).not.toHaveProperty("process.working_directory");
		expect(attributes).toMatchObject({ "vcs.ref.head.name": "topic" });
	}
	const found = ["visible-", "failing-output", "ALPHA", stage.home.work].filter((words) =>
		receiver.rawBytes().includes(words),
	);
	expect(found).toEqual([]);
});

test("standard has every span with a summary, and neither prompt nor answer nor output", async () => {
	await openAt("standard");
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(spanOfCall(spans, command).attributes["input.summary"]).toBe("echo visible-command; echo visible-output");
	expect(spanOfCall(spans, failing).attributes["error.message"]).toBe("Exit code 3");
	expect(spanNamed(spans, "invoke_agent claude-code").attributes).toMatchObject({
		"prompt.length": "visible-prompt".length,
	});
	const bytes = stage.receiver.rawBytes();
	const contents = [
		"visible-prompt",
		"visible-answer",
		"tool.input.",
		"tool.response.",
		"prompt.preview",
		"ALPHA task\\n",
	];
	expect(contents.filter((words) => bytes.includes(words))).toEqual([]);
});

test("full has prompt, answer, inputs and responses as well", async () => {
	await openAt("full");
	const { spans, logs } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(spanNamed(spans, "invoke_agent claude-code").attributes["prompt.preview"]).toBe("visible-prompt");
	expect(spanOfCall(spans, command).attributes).toMatchObject({
		"tool.input.command": "echo visible-command; echo visible-output",
		"tool.response.stdout": "visible-command\nvisible-output",
	});
	expect(spanOfCall(spans, failing).attributes["error.message"]).toBe("Exit code 3\nfailing-output");
	const answers = logs.filter((log) => log.attributes["event.name"] === "assistant.response");
	expect(answers.map((log) => log.attributes["response.preview"])).toContain("visible-answer");
});

test("excluded tools are counted, and have no span, no record and no content", async () => {
	const kept = read("/etc/hostname");
	stage = await openStage(
		{
			main: [step(bash("echo hidden-command"), kept), step(agent("ALPHA task")), step(text("ok"))],
			agents: {
				"ALPHA task": [step(bash("echo hidden-command too")), step(read("/etc/hostname")), step(text("alpha"))],
			},
		},
		{ env: { CLAUDE_OTEL_TOOLS_EXCLUDE: "Ba*,Agent", CLAUDE_OTEL_LEVEL: "full" } },
	);
	await stage.print("go");
	const { spans, logs } = stage.receiver;
	assertTold(spans, stage.model.requests, { excluded: ["Bash", "Agent"] });
	expect(spans.filter((span) => span.name.startsWith("execute_tool")).map((span) => span.name)).toEqual([
		"execute_tool Read",
		"execute_tool Read",
	]);
	expect(toolCalls()).toEqual(["Agent ok 1", "Bash ok 2", "Read ok 2"]);
	const records = logs.filter((log) => log.attributes["event.name"] === "tool.call");
	expect(records.map((log) => log.attributes["tool.name"])).toEqual(["Read", "Read"]);
	expect(stage.receiver.rawBytes().includes("hidden-command")).toBe(false);
	const stored = keptBytes(stage.home);
	expect(stored.includes("/etc/hostname")).toBe(true);
	expect(stored.includes("hidden-command")).toBe(false);
});
