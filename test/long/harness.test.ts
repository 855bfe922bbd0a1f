// The harness itself, against the real Claude Code: what later tests take for granted.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import {
	type Script,
	type ScriptBlock,
	type ScriptedModel,
	type ScriptStep,
	startScriptedModel,
} from "../../src/testing/scripted-model.ts";
import { type ClaudeHome, makeClaudeHome } from "../support/claude-home.ts";
import { startReceiver } from "../support/receiver.ts";
import { jsonLines, runClaude, until } from "../support/run.ts";
import { claudeInTerminal } from "../support/terminal.ts";
import { assertSoundTrace, buildTree, printTree } from "../support/tree.ts";

let model: ScriptedModel;
let home: ClaudeHome;
afterEach(async () => {
	await model.close();
	home.remove();
});

async function set(script: Script): Promise<void> {
	model = await startScriptedModel(script);
	home = makeClaudeHome(model.url);
}

const STREAM_JSON = ["--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"];
const text = (content: string): ScriptBlock => ({ type: "text", text: content });
const bash = (command: string): ScriptBlock => ({
	type: "tool_use",
	name: "Bash",
	input: { command, description: "a command" },
});
const agent = (prompt: string): ScriptBlock => ({
	type: "tool_use",
	name: "Agent",
	input: { description: prompt, prompt, subagent_type: "general-purpose", run_in_background: false },
});
const step = (...blocks: ScriptBlock[]): ScriptStep => ({ blocks });

/** Usage of all assistant records, once per message. */
function transcriptTokens() {
	const messages = new Map<string, Record<string, number>>();
	for (const record of home.records()) {
		if (record.type !== "assistant" || record.isApiErrorMessage === true) continue;
		const message = record.message as { id: string; usage: Record<string, number> };
		messages.set(message.id, message.usage);
	}
	const sum = (field: string) => [...messages.values()].reduce((total, usage) => total + (usage[field] ?? 0), 0);
	return { input: sum("input_tokens"), output: sum("output_tokens"), cacheRead: sum("cache_read_input_tokens") };
}

test("claude -p works through tools, nested agents and a 529, and its transcripts hold what the model billed", async () => {
	await set({
		main: [
			{
				...step(text("I begin."), bash("cat note.txt"), bash("exit 3")),
				usage: { input: 7, output: 40, cacheRead: 900, cacheWrite1h: 30 },
			},
			{ fault: { status: 529 } },
			step(agent("ALPHA task")),
			step(text("All done.")),
		],
		agents: {
			"ALPHA task": [step(agent("BETA task")), step(text("alpha"))],
			"BETA task": [step(bash("echo beta")), step(text("beta"))],
		},
	});
	writeFileSync(join(home.work, "note.txt"), "written by the test");

	const run = await runClaude(home, ["-p", "go", ...STREAM_JSON]);
	expect(run).toMatchObject({ code: 0, signal: null, timedOut: false, stderr: "" });
	expect(run.stdout).toContain("written by the test");
	expect(jsonLines(run.stdout).at(-1)).toMatchObject({ type: "result", result: "All done.", is_error: false });

	const nested = model.requests.find((request) => request.parentAgentId !== undefined);
	expect(model.requests.some((request) => request.agentId === nested?.parentAgentId)).toBe(true);
	expect(home.transcripts()).toHaveLength(3);
	const billed = model.billed()["claude-opus-5-5"];
	expect(transcriptTokens()).toEqual({ input: billed?.input, output: billed?.output, cacheRead: billed?.cacheRead });
});

test("a full context and /compact make requests that are told apart as compactions", async () => {
	await set({
		main: [{ ...step(bash("echo 1")), usage: { cacheRead: 980_000 } }, step(text("after auto-compaction"))],
		compact: step(text("<summary>short</summary>")),
	});
	await runClaude(home, ["-p", "go", ...STREAM_JSON]);
	await runClaude(home, ["-p", "/compact", "--continue", ...STREAM_JSON]);
	expect(model.requests.map((request) => request.isCompaction)).toEqual([false, true, false, true]);
});

test("a signal reaches claude in the middle of a tool", async () => {
	await set({ main: [step(bash("touch started; sleep 5"))] });
	const run = await runClaude(home, ["-p", "go", ...STREAM_JSON], {
		onStart: async (running) => {
			await until("the model's answer", () => running.stdout().includes("touch started"));
			running.signal("SIGTERM");
		},
	});
	expect(run.code).toBe(143);
});

test("a command that does not end is killed, and the result says so", async () => {
	await set({ main: [{ fault: { hang: true } }] });
	const run = await runClaude(home, ["-p", "go"], { timeoutMs: 4_000 });
	expect(run).toMatchObject({ timedOut: true, code: null, signal: "SIGKILL" });
	expect(model.requests[0]?.outcome).toBe("hung");
});

test("claude in a terminal answers prompts, asks for permission, and leaves at Ctrl-C twice", async () => {
	await set({ main: [step(text("ANSWER-1")), step(bash("touch yes.txt")), step(text("ANSWER-2"))] });
	const terminal = await claudeInTerminal(home, ["--permission-mode", "manual"]);
	await terminal.waitForText("manual mode on");
	await terminal.submit("first prompt");
	await terminal.waitForText("ANSWER-1");
	await terminal.submit("second prompt");
	await terminal.waitForText("Do you want to proceed?");
	terminal.resize(80, 30);
	await terminal.pressWhenCalm("enter");
	await terminal.waitForText("ANSWER-2");
	await terminal.pressWhenCalm("ctrl-c");
	await terminal.waitForText("again to exit");
	terminal.press("ctrl-c");
	expect(await terminal.exit).toEqual({ code: 0, signal: 0 });
});

test.each(["grpc", "http/protobuf", "http/json"])(
	"the receiver gets claude's own telemetry over %s, and no other's",
	async (protocol) => {
		await set({ main: [step(bash("echo 1")), step(text("done"))] });
		const receiver = await startReceiver();
		const other = await startReceiver();
		try {
			await runClaude(home, ["-p", "go", ...STREAM_JSON], {
				env: {
					CLAUDE_CODE_ENABLE_TELEMETRY: "1",
					CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: "1",
					OTEL_TRACES_EXPORTER: "otlp",
					OTEL_METRICS_EXPORTER: "otlp",
					OTEL_LOGS_EXPORTER: "otlp",
					OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
					OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? receiver.grpc : receiver.http,
				},
			});
			assertSoundTrace(receiver.spans);
			expect(printTree(buildTree(receiver.spans), { attributes: ["tool_name"] })).toContain(
				"    claude_code.tool.execution",
			);
			expect(receiver.logs.map((log) => log.attributes["event.name"])).toContain("api_request");
			const tokens = receiver.metrics.filter((point) => point.name === "claude_code.token.usage");
			const output = tokens
				.filter((point) => point.attributes.type === "output")
				.reduce((sum, point) => sum + point.value, 0);
			expect(output).toBe(model.billed()["claude-opus-5-5"]?.output);
			expect(receiver.rawBytes()).toContain("claude_code.tool");
			expect(other.requests).toEqual([]);
			expect([other.spans, other.logs, other.metrics]).toEqual([[], [], []]);
		} finally {
			await receiver.close();
			await other.close();
		}
	},
);
