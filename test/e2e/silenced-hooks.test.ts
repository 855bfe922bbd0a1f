// What is left when one of the witnesses is silent: without hooks the others tell the tree, without a transcript they do
// as well, and the diagnostics say which it was and who is left.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { assertTold, outline, spanNamed, spanOfCall, tree } from "../support/oracle.ts";
import { agent, bash, read, step, text, tool } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

async function open() {
	const calls = {
		slow: bash("sleep 0.3; echo one"),
		failing: bash("exit 3"),
		unknown: tool("NoSuchTool", { a: 1 }),
		missing: read("/nonexistent/file"),
	};
	const inAgent = bash("echo alpha");
	stage = await openStage({
		main: [...Object.values(calls).map((call) => step(call)), step(agent("ALPHA task")), step(text("All done."))],
		agents: { "ALPHA task": [step(inAgent), step(text("alpha result"))] },
	});
	return { calls, inAgent, debug: join(stage.home.home, "debug.log") };
}

const WHOLE_TREE = `
	claude.session
		invoke_agent claude-code turn.status=ok
			chat claude-opus-5-5 query_source=main
			execute_tool Bash tool.status=ok
			chat claude-opus-5-5 query_source=main
			execute_tool Bash [ERROR command_failed] tool.status=error error.type=command_failed
			chat claude-opus-5-5 query_source=main
			execute_tool NoSuchTool [ERROR unknown_tool] tool.status=error error.type=unknown_tool
			chat claude-opus-5-5 query_source=main
			execute_tool Read [ERROR tool_error] tool.status=error error.type=tool_error
			chat claude-opus-5-5 query_source=main
			execute_tool Agent tool.status=ok
				invoke_agent general-purpose agent.status=ok
					chat claude-opus-5-5 query_source=subagent
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=subagent
			chat claude-opus-5-5 query_source=main
`;

test.each([
	{
		how: "disableAllHooks in the user's settings",
		args: [],
		settings: '{"disableAllHooks":true}',
		why: "disableAllHooks",
	},
	{ how: "--safe-mode", args: ["--safe-mode"], why: "--safe-mode" },
	{
		how: "--include-hook-events",
		args: ["--include-hook-events", "--output-format", "stream-json", "--verbose"],
		why: "--include-hook-events",
	},
])("with $how the others give the whole tree, and the diagnostics name them", async ({ args, settings, why }) => {
	const { calls, debug } = await open();
	if (settings !== undefined) writeFileSync(join(stage.home.config, "settings.json"), settings);
	const run = await stage.print("go", args, { env: { CLAUDE_OTEL_DEBUG: debug } });
	expect(run).toMatchObject({ code: 0, stderr: "" });
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(tree(WHOLE_TREE));
	const slow = spanOfCall(spans, calls.slow);
	expect(Number(slow.endTime - slow.startTime) / 1e6).toBeGreaterThan(250);
	const told = readFileSync(debug, "utf8");
	expect(told).toContain(why);
	expect(told).toContain("made from the transcript and claude's own telemetry.");
	expect(told).not.toContain("No hook reached us");
});

test("without native telemetry the transcript is said to tell alone, and it does", async () => {
	const { debug } = await open();
	const env = { CLAUDE_OTEL_DEBUG: debug, CLAUDE_OTEL_SOURCES: "transcript,hooks" };
	await stage.print("go", ["--safe-mode"], { env });
	expect(outline(stage.receiver.spans)).toBe(tree(WHOLE_TREE));
	expect(readFileSync(debug, "utf8")).toContain("made from the transcript alone.");
});

test("a run without tool calls has no hooks to miss, and says what was delivered alone", async () => {
	const { debug } = await open();
	stage.model.setScript({ main: [step(text("ok"))] });
	await stage.print("go", [], { env: { CLAUDE_OTEL_DEBUG: debug } });
	expect(spanNamed(stage.receiver.spans, "claude.session").attributes.turns).toBe(1);
	expect(readFileSync(debug, "utf8").trim().split("\n")).toEqual([
		expect.stringMatching(/3 spans, the metrics and \d+ log records were delivered to http:\/\/127\.0\.0\.1:\d+\.$/),
	]);
});

test.each([
	["-p hi", { CLAUDE_OTEL_LEVEL: "off" }, "switches everything off"],
	["mcp list", {}, "This is no session"],
	["mcp --help", {}, "asks for help or a version"],
])("of `claude %s` with %o the diagnostics say why it is not traced", async (args, env, why) => {
	const { debug } = await open();
	await stage.run(args.split(" "), { env: { CLAUDE_OTEL_DEBUG: debug, ...env } });
	expect(readFileSync(debug, "utf8")).toContain(why);
	expect(stage.receiver.spans).toEqual([]);
});

test("with --bare the transcript tells what there is", async () => {
	await open();
	stage.model.setScript({ main: [step(bash("echo 1")), step(bash("exit 3")), step(text("ok"))] });
	await stage.print("go", ["--bare"]);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash [ERROR command_failed] tool.status=error error.type=command_failed
					chat claude-opus-5-5 query_source=main
		`),
	);
});

test("with --no-session-persistence the hooks tell turns, tools and agents, and claude itself its requests", async () => {
	const { debug } = await open();
	await stage.print("go", ["--no-session-persistence"], { env: { CLAUDE_OTEL_DEBUG: debug } });
	expect(outline(stage.receiver.spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash [ERROR command_failed] tool.status=error error.type=command_failed
					chat claude-opus-5-5 query_source=main
					execute_tool NoSuchTool [ERROR unknown_tool] tool.status=error error.type=unknown_tool
					chat claude-opus-5-5 query_source=main
					execute_tool Read [ERROR tool_error] tool.status=error error.type=tool_error
					chat claude-opus-5-5 query_source=main
					execute_tool Agent tool.status=ok
						invoke_agent general-purpose agent.status=ok
							chat claude-opus-5-5 query_source=subagent
							execute_tool Bash tool.status=ok
							chat claude-opus-5-5 query_source=subagent
					chat claude-opus-5-5 query_source=main
		`),
	);
	expect(spanNamed(stage.receiver.spans, "claude.session").attributes).toMatchObject({ tools_used: 6, turns: 1 });
	const told = readFileSync(debug, "utf8");
	expect(told).toContain("--no-session-persistence");
	expect(told).toContain("made from hooks and claude's own telemetry.");
});
