// `claude-otel -p` against `claude -p`: what comes out, and what the model is asked, is the same.

import { beforeAll, describe, expect, test } from "vitest";
import { type Script, type ScriptedRequest, startScriptedModel } from "../../src/testing/scripted-model.ts";
import { buildDist } from "../../tools/build.ts";
import { makeClaudeHome } from "../support/claude-home.ts";
import { firstDifference, normalize } from "../support/normalize.ts";
import { type RunOptions, runClaude, runClaudeOtel } from "../support/run.ts";
import { agent, bash, read, step, text, tool } from "../support/scripting.ts";

beforeAll(() => buildDist());

interface Outcome {
	stdout: string;
	stderr: string;
	code: number | null;
	requests: string[];
}

async function outcomeOf(run: typeof runClaude, script: Script, args: string[], options: RunOptions): Promise<Outcome> {
	const model = await startScriptedModel(script);
	const home = makeClaudeHome(model.url);
	const { stdout, stderr, code, timedOut } = await run(home, args, options);
	await model.close();
	home.remove();
	expect(timedOut).toBe(false);
	return {
		stdout: normalize(stdout, home),
		stderr: normalize(stderr, home),
		code,
		requests: model.requests.map(({ body }) => normalize(JSON.stringify(body), home)),
	};
}

async function expectEqual(
	script: Script,
	args: string[],
	options: RunOptions = {},
	arrange = (stdout: string) => stdout,
): Promise<Outcome> {
	const without = await outcomeOf(runClaude, script, args, options);
	const withUs = await outcomeOf(runClaudeOtel, script, args, options);
	expect(withUs.requests.length).toBe(without.requests.length);
	const pairs = [
		[arrange(without.stdout), arrange(withUs.stdout)],
		[without.stderr, withUs.stderr],
		...without.requests.map((request, at) => [request, withUs.requests[at] ?? ""]),
	] as [string, string][];
	expect(
		pairs.map(([one, other]) => firstDifference(one, other)).filter((difference) => difference !== undefined),
	).toEqual([]);
	expect(withUs.code).toBe(without.code);
	return without;
}

const sortLines = (stdout: string) => stdout.split("\n").toSorted().join("\n");

const SCRIPT: Script = {
	main: [
		step(text("Let me look."), bash("echo one; echo two >&2")),
		step(read("/nonexistent"), bash("exit 3")),
		step(tool("Write", { file_path: "a.txt", content: "x".repeat(100_000) })),
		step(agent("count the files")),
		step(text("All done.")),
	],
	agents: { "count the files": [step(bash("ls | wc -l")), step(text("One."))] },
};
const STREAM = ["-p", "--output-format", "stream-json", "--verbose"];
const FREE = "--dangerously-skip-permissions";

describe("stdout, stderr, exit code and the model's requests are those of plain claude", () => {
	test.each([
		["text", []],
		["json", ["--output-format", "json"]],
		["stream-json", ["--output-format", "stream-json", "--verbose"]],
	])("with %s", async (_format, args) => {
		const { code, requests } = await expectEqual(SCRIPT, ["-p", "do it", FREE, ...args]);
		expect(code).toBe(0);
		expect(requests).toHaveLength(7);
	});

	test("with partial messages, whose order against what tools tell is nobody's to say", async () => {
		const { code } = await expectEqual(SCRIPT, [...STREAM, "do it", FREE, "--include-partial-messages"], {}, sortLines);
		expect(code).toBe(0);
	});

	test("with hook events on stdout", async () => {
		const { code } = await expectEqual(SCRIPT, [...STREAM, "do it", FREE, "--include-hook-events"]);
		expect(code).toBe(0);
	});

	test("with a prompt from a pipe", async () => {
		const { requests } = await expectEqual({ main: [step(text("Read."))] }, ["-p"], {
			stdin: "from the pipe\n".repeat(1000),
		});
		expect(requests[0]).toContain("from the pipe");
	});

	test("with a conversation from a pipe", async () => {
		const message = (content: string) => `${JSON.stringify({ type: "user", message: { role: "user", content } })}\n`;
		const { requests } = await expectEqual(
			{ main: [step(text("One.")), step(text("Two."))] },
			["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"],
			{
				stdin: message("first") + message("second"),
			},
		);
		expect(requests.length).toBeGreaterThan(0);
	});

	test("with an error of the model", async () => {
		const refused: Script = {
			main: [],
			whenDone: { fault: { status: 400, type: "invalid_request_error", message: "no" } },
		};
		expect(await expectEqual(refused, ["-p", "do it"])).toMatchObject({ code: 1 });
	});

	test("with a mistake in the arguments", async () => {
		expect(await expectEqual({ main: [] }, ["-p", "do it", "--no-such-flag"])).toMatchObject({ code: 1, requests: [] });
		expect(await expectEqual({ main: [] }, ["-p", "do it", "--settings", "/nonexistent.json"])).toMatchObject({
			code: 1,
			requests: [],
		});
		expect(await expectEqual({ main: [] }, ["-p", "do it", "--settings", "{broken}"])).toMatchObject({
			code: 1,
			requests: [],
		});
	});

	test.each([
		[["mcp", "list"], 0],
		[["--verbose", "--version"], 0],
		[["plugin", "list"], 0],
		[["mcp", "no-such-word"], 1],
		[["doctor", "--help"], 0],
	])("of %j", async (args, code) => {
		expect(await expectEqual({ main: [] }, args)).toMatchObject({ code, requests: [] });
	});
});

test("the requests that a session sends tell nothing of claude-otel", async () => {
	const requests: ScriptedRequest[] = [];
	const model = await startScriptedModel((request) => {
		requests.push(request);
		return step(text("Done."));
	});
	const home = makeClaudeHome(model.url);
	await runClaudeOtel(home, ["-p", "do it"]);
	await model.close();
	home.remove();
	expect(requests.length).toBe(1);
	expect(JSON.stringify(requests[0]?.body)).not.toMatch(/claude.otel/i);
});
