// Tool calls of the main loop, one after the other and several at once, in the real claude.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { assertTold, millis, outline, spanOfCall, spanOfRequest, tree } from "../support/oracle.ts";
import { bash, read, step, text, tool } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

test("ten tools in turn, two failing, one unknown, one denied, are told one by one with their outcomes", async () => {
	const failing = bash("echo some output; echo complaint >&2; exit 3");
	const missing = read("/nonexistent/file");
	const unknown = tool("NoSuchTool", { a: 1 });
	const denied = bash("echo denied-by-rule");
	const slow = bash("sleep 0.3; printf 'héllo'");
	const calls = [
		bash("echo one"),
		slow,
		failing,
		missing,
		unknown,
		denied,
		tool("Write", { file_path: "written.txt", content: "line one\nline two\n" }),
		bash("cat note.txt >&2"),
		bash("true"),
		bash("echo ten"),
	];
	stage = await openStage({ main: [...calls.map((call) => step(call)), step(text("All done."))] });
	writeFileSync(join(stage.home.work, "note.txt"), "written by the test\n");

	const run = await stage.print("use the tools", ["--disallowedTools", "Bash(echo denied-by-rule)"]);
	expect(run).toMatchObject({ code: 0, stdout: "All done.\n", stderr: "" });

	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash [ERROR command_failed] tool.status=error error.type=command_failed
					chat claude-opus-5-5 query_source=main
					execute_tool Read [ERROR tool_error] tool.status=error error.type=tool_error
					chat claude-opus-5-5 query_source=main
					execute_tool NoSuchTool [ERROR unknown_tool] tool.status=error error.type=unknown_tool
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=denied
					chat claude-opus-5-5 query_source=main
					execute_tool Write tool.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
		`),
	);
	expect(existsSync(join(stage.home.work, "written.txt"))).toBe(true);
	expect(spanOfCall(spans, failing).attributes).toMatchObject({ exit_code: 3, error: true, interrupted: false });
	expect(spanOfCall(spans, slow).attributes).toMatchObject({ exit_code: 0, stdout_bytes: 6, stderr_bytes: 0 });
	expect(spanOfCall(spans, slow).attributes.duration_ms).toBeGreaterThanOrEqual(300);
	expect(spanOfCall(spans, slow).attributes.duration_ms).toBeLessThan(5_000);
	expect(spanOfCall(spans, slow).attributes["input.summary"]).toBe("sleep 0.3; printf 'héllo'");
	expect(spanOfCall(spans, unknown).attributes["input.summary"]).toBe("a");
	expect(spanOfCall(spans, missing).attributes["input.summary"]).toBe("/nonexistent/file");
});

test("a call with a wrong input is an error, and one that takes too long a timeout", async () => {
	const wrong = tool("Bash", { wrong: true });
	const slow = bash("sleep 5", { timeout: 1000 });
	stage = await openStage({ main: [step(wrong), step(slow), step(text("ok"))] });
	await stage.print("go");
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(spanOfCall(spans, wrong).attributes).toMatchObject({ "tool.status": "error", "error.type": "invalid_input" });
	expect(spanOfCall(spans, slow).attributes).toMatchObject({ "tool.status": "error", timeout: true, exit_code: 143 });
	expect(spanOfCall(spans, slow).attributes.duration_ms).toBeGreaterThanOrEqual(1000);
});

test("six parallel tools are six spans beside each other", async () => {
	const reads = ["a", "b", "c", "d"].map((name) => read(`${name}.txt`));
	const calls = [...reads, bash("sleep 0.2; echo 1"), bash("exit 1")];
	stage = await openStage({ main: [step(text("six at once"), ...calls), step(text("done"))] });
	for (const name of ["a", "b", "c"]) writeFileSync(join(stage.home.work, `${name}.txt`), name);

	await stage.print("six at once");
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans, { sorted: true })).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					chat claude-opus-5-5 query_source=main
					execute_tool Bash [ERROR command_failed] tool.status=error error.type=command_failed
					execute_tool Bash tool.status=ok
					execute_tool Read [ERROR tool_error] tool.status=error error.type=tool_error
					execute_tool Read tool.status=ok
					execute_tool Read tool.status=ok
					execute_tool Read tool.status=ok
		`),
	);
});

test("a tool that runs while the answer still streams begins before its message has ended", async () => {
	const early = bash("echo early");
	const late = bash("echo late");
	stage = await openStage({
		main: [
			{ ...step(early, late), delayMs: 500, blockDelayMs: 2_000 },
			{ ...step(text("ok")), delayMs: 500 },
		],
	});
	await stage.print("go");
	const { spans } = stage.receiver;
	const { requests } = stage.model;
	assertTold(spans, requests);
	for (const request of requests) {
		const { startTime, endTime } = spanOfRequest(spans, request);
		const took = millis(endTime) - millis(startTime);
		expect(took).toBeGreaterThan(request.endedAt - request.startedAt - 300);
		expect(took).toBeLessThan(request.endedAt - request.startedAt + 3_000);
	}
	const [first] = requests;
	expect(millis(spanOfRequest(spans, first).endTime) - millis(spanOfCall(spans, early).startTime)).toBeGreaterThan(
		1_000,
	);
});

test("a call that nobody is there to permit is denied after a wait for permission", async () => {
	const outside = tool("Write", { file_path: "/nowhere/outside.txt", content: "x" });
	stage = await openStage({ main: [step(outside), step(text("ok"))] });
	await stage.run(["-p", "go"]);
	const { spans, logs } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Write tool.status=denied
						claude.permission_wait
					chat claude-opus-5-5 query_source=main
		`),
	);
	const decisions = logs.filter((log) => log.attributes["event.name"] === "permission.decision");
	expect(decisions).toMatchObject([{ severityText: "WARN", attributes: { "tool.use_id": outside.id } }]);
});
