// The second way to run: by the Agent SDK. For the same script its trace, its output and its exit code must be the
// wrapper's.

import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Script } from "../../src/testing/scripted-model.ts";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { some } from "../support/every.ts";
import { normalize } from "../support/normalize.ts";
import { assertTold, outline, spanOfCall, tree } from "../support/oracle.ts";
import { jsonLines, type RunOptions, type RunResult, run, until } from "../support/run.ts";
import { agent, bash, read, step, text, tool } from "../support/scripting.ts";
import { FREE_HAND, openStage, type Stage } from "../support/stage.ts";
import { tokensOf } from "../support/tokens.ts";
import { buildTree, printTree } from "../support/tree.ts";

const stages: Stage[] = [];
afterEach(async () => {
	for (const stage of stages.splice(0)) await stage.close();
});

async function stageFor(script: Script): Promise<Stage> {
	const stage = await openStage(script);
	stages.push(stage);
	return stage;
}

interface Both {
	wrapper: Stage;
	sdk: Stage;
	runs: { wrapper: RunResult; sdk: RunResult };
}

/** The same script and arguments, in two homes. */
async function runBoth(script: Script, args: string[], options: RunOptions = {}): Promise<Both> {
	const wrapper = await stageFor(script);
	const sdk = await stageFor(script);
	const runs = {
		wrapper: await wrapper.run(["-p", ...args], options),
		sdk: await sdk.run(["--use-sdk", ...args], options),
	};
	return { wrapper, sdk, runs };
}

/** What differs from run to run: ids, durations, and what was typed. */
const MOMENTARY = /(?:_ms|\.id|_id|time_to_first_chunk)$|^(?:claude\.args_|response_bytes$)/;
/** Their tokens are an estimate of what had streamed when the answer was cut. */
const CUT = /^tokens\.lost\./;

/** Every span with its parent and all else that it tells. */
function told(stage: Stage): string {
	const { spans } = stage.receiver;
	const names = [...new Set(spans.flatMap((span) => Object.keys(span.attributes)))].toSorted();
	const attributes = names.filter((name) => !MOMENTARY.test(name) && !CUT.test(name));
	return normalize(printTree(buildTree(spans), { sorted: true, attributes }), stage.home);
}

function recordNames(stage: Stage): string[] {
	return stage.receiver.logs.map((log) => `${log.severityText} ${log.attributes["event.name"]}`).toSorted();
}

/** The last point of each counter of tokens and cost. */
function counters(stage: Stage): string[] {
	return stage.receiver.metrics
		.filter(({ name }) => /^claude\.(?:tokens|cost|tool_calls|model_requests|turns|sessions)\w*_total$/.test(name))
		.map(({ name, attributes, value }) => `${name} ${JSON.stringify(attributes)} ${value}`)
		.toSorted();
}

function assertSame({ wrapper, sdk, runs }: Both): void {
	expect(told(sdk)).toBe(told(wrapper));
	assertTold(sdk.receiver.spans, sdk.model.requests);
	expect(recordNames(sdk)).toEqual(recordNames(wrapper));
	expect(counters(sdk)).toEqual(counters(wrapper));
	expect({ ...runs.sdk, wallMs: 0, pid: 0 }).toEqual({ ...runs.wrapper, wallMs: 0, pid: 0 });
}

test("tools in turn and at once, failing, unknown and denied ones, are told as the wrapper tells them", async () => {
	const both = await runBoth(
		{
			main: [
				step(bash("echo one")),
				step(text("several at once"), read("/nonexistent/file"), bash("sleep 0.2; echo two"), bash("exit 3")),
				step(tool("NoSuchTool", { a: 1 })),
				step(bash("echo denied-by-rule")),
				step(tool("Write", { file_path: "written.txt", content: "line one\nline two\n" })),
				step(text("All done.")),
			],
		},
		["use the tools", FREE_HAND, "--disallowedTools", "Bash(echo denied-by-rule)"],
	);
	assertSame(both);
	expect(both.runs.sdk.stdout).toBe("All done.\n");
	expect(outline(both.sdk.receiver.spans, { sorted: true })).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					chat claude-opus-5-5 query_source=main
					chat claude-opus-5-5 query_source=main
					chat claude-opus-5-5 query_source=main
					chat claude-opus-5-5 query_source=main
					chat claude-opus-5-5 query_source=main
					execute_tool Bash [ERROR command_failed] tool.status=error error.type=command_failed
					execute_tool Bash tool.status=denied
					execute_tool Bash tool.status=ok
					execute_tool Bash tool.status=ok
					execute_tool NoSuchTool [ERROR unknown_tool] tool.status=error error.type=unknown_tool
					execute_tool Read [ERROR tool_error] tool.status=error error.type=tool_error
					execute_tool Write tool.status=ok
		`),
	);
});

test("foreground and background subagents stand under their calls, and what they bring back is told", async () => {
	const waited = agent("ALPHA task");
	const background = agent("BETA task", { run_in_background: true });
	const both = await runBoth(
		{
			main: [step(waited), step(background), step(text("launched")), step(text("back"))],
			agents: {
				"ALPHA task": [step(bash("echo alpha")), step(agent("GAMMA task")), step(text("alpha result"))],
				"BETA task": [step(bash("sleep 1; echo beta")), step(text("beta result"))],
				"GAMMA task": [step(text("gamma result"))],
			},
		},
		["go", FREE_HAND],
	);
	assertSame(both);
	expect(both.runs.sdk.stdout).toBe("launched\n\nback\n");
	const { spans } = both.sdk.receiver;
	expect(spans.filter((span) => span.name === "invoke_agent general-purpose")).toHaveLength(3);
	const launched = spans.find((span) => span.parentSpanId === spanOfCall(spans, background).spanId);
	expect(launched?.attributes).toMatchObject({ "agent.background": true });
});

test("answers after a 529, a 500 and cut streams count their attempts and what was lost", async () => {
	const both = await runBoth(
		{
			main: [
				{ fault: { status: 529 } },
				{ fault: { status: 500 } },
				{ ...step(text("this one is cut")), fault: { cut: "mid-block" } },
				step(bash("echo 1")),
				{ ...step(text("this one is cut"), bash("echo never")), fault: { cut: "after-block" } },
				step(text("ok")),
			],
		},
		["go", FREE_HAND],
	);
	assertSame(both);
	expect(both.sdk.receiver.spans.map((span) => span.attributes["request.attempts"])).toContain(4);
});

test("a 401 that stays ends both runs with the same words and exit code 1", async () => {
	const both = await runBoth(
		{ main: [step(bash("echo 1"))], whenDone: { fault: { status: 401 } } },
		["go", FREE_HAND],
		{ env: { CLAUDE_CODE_MAX_RETRIES: "1" } },
	);
	assertSame(both);
	expect(both.runs.sdk).toMatchObject({ code: 1 });
	expect(both.sdk.receiver.spans.find((span) => span.name === "claude.session")?.attributes).toMatchObject({
		exit_code: 1,
	});
});

test("a call that nobody is there to permit is denied after a wait for permission", async () => {
	const both = await runBoth(
		{ main: [step(tool("Write", { file_path: "/nowhere/outside.txt", content: "x" })), step(text("ok"))] },
		["go"],
	);
	assertSame(both);
	expect(both.sdk.receiver.spans.map((span) => span.name)).toContain("claude.permission_wait");
});

test("flags go to claude in either spelling, and a limit ends both runs with the same words", async () => {
	const both = await runBoth({ main: [], whenDone: step(bash("echo again")) }, [
		"go",
		"--dangerously-skip-permissions",
		"--max-turns=2",
		"--model",
		"claude-sonnet-5-5",
	]);
	expect(both.runs.sdk).toMatchObject({ code: 1, stdout: "Error: Reached max turns (2)" });
	expect(both.runs.sdk.stdout).toBe(both.runs.wrapper.stdout);
	expect(both.sdk.model.requests.map(({ model }) => model)).toEqual(both.wrapper.model.requests.map((r) => r.model));
	expect(told(both.sdk)).toBe(told(both.wrapper));
});

test("settings, hooks and sources of settings of the user count as they do with the wrapper", async () => {
	const settings = JSON.stringify({
		permissions: { allow: ["Bash(echo allowed)"], deny: ["Bash(echo denied)"] },
		hooks: { PreToolUse: [{ matcher: "Write", hooks: [{ type: "command", command: "echo no >&2; exit 2" }] }] },
	});
	const both = await runBoth(
		{
			main: [
				step(bash("echo allowed")),
				step(bash("echo denied")),
				step(tool("Write", { file_path: "x.txt", content: "x" })),
				step(text("ok")),
			],
		},
		["go", "--settings", settings, "--setting-sources", "user", "--permission-mode", "acceptEdits"],
	);
	assertSame(both);
	const statuses = both.sdk.receiver.spans.flatMap(({ attributes }) => attributes["tool.status"] ?? []);
	expect(statuses.toSorted()).toEqual(["denied", "denied", "ok"]);
});

test("what is piped in goes behind the prompt, and the model is asked the same", async () => {
	const script = { main: [step(text("ok"))] };
	// Of a prompt that comes over the SDK, claude drops the last line break.
	const both = await runBoth(
		script,
		["look at this:", "--system-prompt", "You are a cat.", "--append-system-prompt=Be brief."],
		{ stdin: "piped\nin" },
	);
	assertSame(both);
	const asked = ({ model, home }: Stage) =>
		model.requests.map(({ body: { system, messages, model: name } }) =>
			// The one difference that there may be: each way says which one it is.
			normalize(JSON.stringify({ name, system, messages }), home).replace(/cc_entrypoint=sdk-\w+/, ""),
		);
	expect(asked(both.sdk)).toEqual(asked(both.wrapper));
	expect(JSON.stringify(both.sdk.model.requests[0]?.body)).toContain("Be brief.");
});

test("without a transcript the stream's messages are the answers, each with its tokens", async () => {
	const stage = await stageFor({
		main: [
			step(text("looking"), bash("echo 1")),
			{ fault: { status: 529 } },
			step(agent("ALPHA task")),
			step(text("All done.")),
		],
		agents: { "ALPHA task": [step(bash("echo alpha")), step(text("alpha result"))] },
	});
	const result = await stage.run(["--use-sdk", "--no-session-persistence", FREE_HAND, "go"]);
	expect(result).toMatchObject({ code: 0, stdout: "All done.\n", stderr: "" });
	const { spans } = stage.receiver;
	expect(stage.home.transcripts()).toEqual([]);
	assertTold(spans, stage.model.requests);
	expect(outline(spans, { sorted: true })).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					chat claude-opus-5-5 query_source=main
					chat claude-opus-5-5 query_source=main
					execute_tool Agent tool.status=ok
						invoke_agent general-purpose agent.status=ok
							chat claude-opus-5-5 query_source=subagent
							chat claude-opus-5-5 query_source=subagent
							execute_tool Bash tool.status=ok
					execute_tool Bash tool.status=ok
		`),
	);
	const chats = spans.filter((span) => span.name.startsWith("chat"));
	const attempts = chats.map(({ attributes }) =>
		[attributes["query_source"], attributes["request.attempts"]].join(" "),
	);
	expect(attempts.toSorted()).toEqual(["main 1", "main 1", "main 2", "subagent 1", "subagent 1"]);
});

test("the stream and the transcript alone, without Claude Code's own telemetry and without hooks, give the same tokens", async () => {
	const script: Script = { main: [step(bash("echo 1")), step(text("ok"))] };
	for (const sources of ["transcript", "hooks"]) {
		const stage = await stageFor(script);
		await stage.run(["--use-sdk", FREE_HAND, "go"], { env: { CLAUDE_OTEL_SOURCES: sources } });
		const { spans } = stage.receiver;
		assertTold(spans, stage.model.requests);
		const session = spans.find((span) => span.name === "claude.session");
		expect([sources, tokensOf(session?.attributes ?? {}).total]).toEqual([
			sources,
			stage.model.requests.reduce((sum, { usage }) => sum + Object.values(usage).reduce((a, b) => a + b), 0),
		]);
	}
});

test("json is the result, and stream-json every message without the pieces that nobody asked for", async () => {
	const stage = await stageFor({ main: [], whenDone: step(text("an answer")) });
	const json = await stage.run(["--use-sdk", "--output-format", "json", "go"]);
	expect(JSON.parse(json.stdout)).toMatchObject({ type: "result", result: "an answer", is_error: false });
	const plain = await stage.run(["--use-sdk", "--output-format=stream-json", "--verbose", "go"]);
	expect(jsonLines(plain.stdout).map(({ type }) => type)).toEqual(["system", "assistant", "result"]);
	const pieces = await stage.run([
		"--use-sdk",
		"--output-format=stream-json",
		"--include-partial-messages",
		"--verbose",
		"go",
	]);
	expect(jsonLines(pieces.stdout).map(({ type }) => type)).toContain("stream_event");
});

test("prompts that come as JSON lines are all answered, with the hooks of their calls, before claude is let go", async () => {
	const stage = await stageFor({ main: [step(bash("sleep 0.3"))], whenDone: step(text("answered")) });
	const line = (content: string) =>
		`${JSON.stringify({ type: "user", message: { role: "user", content }, parent_tool_use_id: null })}\n`;
	const streams = ["--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
	const result = await stage.run(["--use-sdk", ...streams, FREE_HAND], { stdin: line("first") + line("second") });
	expect(result).toMatchObject({ code: 0, stderr: "" });
	expect([...new Set(jsonLines(result.stdout).map(({ type }) => type))]).not.toContain("command_lifecycle");
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	// One that comes while a tool runs belongs to the turn that goes on.
	const turns = spans.filter((span) => span.name === "invoke_agent claude-code");
	expect(turns.reduce((sum, { attributes }) => sum + Number(attributes["turn.prompts"]), 0)).toBe(2);
	expect(turns.map(({ attributes }) => attributes["turn.status"])).toEqual(turns.map(() => "ok"));
	expect(spans.find((span) => span.name === "execute_tool Bash")?.attributes.duration_ms).toBeGreaterThanOrEqual(300);
});

test.each(some(["SIGINT", "SIGTERM", "SIGHUP"] as const))(
	"%s is handed on to claude, and ends both runs alike",
	async (signal) => {
		const script = { main: [step(bash("touch asleep; sleep 30"))], whenDone: step(text("late")) };
		const end = async (stage: Stage, args: string[]) => {
			const result = await stage.run([...args, FREE_HAND, "go"], {
				onStart: async (running) => {
					await until("the command is at work", () => existsSync(join(stage.home.work, "asleep")));
					await until("the message is written", () => stage.home.records().some(({ type }) => type === "assistant"));
					running.signal(signal);
				},
			});
			return { ...result, wallMs: 0, pid: 0 };
		};
		const [wrapper, sdk] = [await stageFor(script), await stageFor(script)];
		expect(await end(sdk, ["--use-sdk"])).toEqual(await end(wrapper, ["-p"]));
		expect(outline(sdk.receiver.spans)).toBe(outline(wrapper.receiver.spans));
		const call = sdk.receiver.spans.find((span) => span.name === "execute_tool Bash");
		expect(call?.attributes).toMatchObject({ "tool.status": "interrupted" });
	},
);

test("with the level off the prompt runs all the same, and nothing is sent", async () => {
	const stage = await stageFor({ main: [step(text("ok"))] });
	const result = await stage.run(["--use-sdk", "go"], { env: { CLAUDE_OTEL_LEVEL: "off" } });
	expect(result).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	expect(stage.receiver.requests).toEqual([]);
});

test("where the Agent SDK is not installed, one sentence says how to get it", async () => {
	const stage = await stageFor({ main: [] });
	const root = dirname(dirname(CLAUDE_OTEL));
	const copy = join(stage.home.home, "package");
	mkdirSync(copy);
	for (const part of ["bin", "dist", "hooks", "package.json"])
		cpSync(join(root, part), join(copy, part), { recursive: true });
	const args = [join(copy, "bin", "claude-otel.js"), "--use-sdk", "go"];
	const result = await run(stage.home, process.execPath, args, { env: stage.env });
	expect(result).toMatchObject({ code: 2, stdout: "" });
	expect(result.stderr).toBe(
		"claude-otel: --use-sdk needs the Agent SDK, which is not installed where claude-otel is: install it there with `npm install -g @anthropic-ai/claude-agent-sdk`, or leave --use-sdk out.\n",
	);
});

test.each([
	[["--help"], "", "ask claude for something else"],
	[
		["--input-format", "stream-json", "--output-format", "stream-json", "--verbose"],
		"not json\n",
		"Line 1 of standard input is no message",
	],
])("%j cannot be run by the SDK, and one sentence says why", async (args, stdin, sentence) => {
	const stage = await stageFor({ main: [] });
	const result = await stage.run(["--use-sdk", ...args], { stdin });
	expect(result).toMatchObject({ code: 2, stdout: "" });
	expect(result.stderr).toContain(sentence);
	expect(result.stderr.split("\n")).toHaveLength(2);
});

test.each(
	some<[string[], string]>([
		[[], ""],
		[[], " \n"],
		[["go", "--output-format", "yaml"], ""],
		[["go", "--output-format", "stream-json"], ""],
		[["go", "--frobnicate=3"], ""],
		[["go", "--resume", "11111111-1111-4111-8111-111111111111"], ""],
	]),
)("%j with %j on standard input is refused in claude's own words and with its code", async (args, stdin) => {
	const both = await runBoth({ main: [] }, args, { stdin });
	assertSame(both);
	expect(both.runs.sdk).toMatchObject({ code: 1, stdout: "" });
	expect(both.runs.sdk.stderr).not.toBe("");
});

test("an agent that claude does not have is refused before anything is asked, and one that it has is taken", async () => {
	const { wrapper, sdk, runs } = await runBoth({ main: [] }, ["go", "--agent", "nope"]);
	expect(runs.sdk).toMatchObject({ code: 1, stdout: "", stderr: `claude-otel: ${runs.wrapper.stderr}` });
	expect(sdk.model.requests).toEqual([]);
	expect(told(sdk)).toBe(told(wrapper));
	sdk.model.setScript({ main: [step(text("looked"))] });
	expect(await sdk.run(["--use-sdk", "go", "--agent", "Explore"])).toMatchObject({ code: 0, stdout: "looked\n" });
});

test("a claude that the system cannot start is told in one sentence", async () => {
	const stage = await stageFor({ main: [] });
	const broken = join(stage.home.home, "claude");
	writeFileSync(broken, "#!/nowhere/interpreter\n", { mode: 0o755 });
	const result = await stage.run(["--use-sdk", "go"], { env: { CLAUDE_BIN: broken } });
	expect(result).toMatchObject({ code: 126, stdout: "" });
	expect(result.stderr).toMatch(
		/^claude-otel: .*claude could not be started \(\w+\): check that it runs by itself.*\n$/,
	);
});
