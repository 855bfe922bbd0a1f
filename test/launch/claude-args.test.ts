import { describe, expect, test } from "vitest";
import { previewArgs } from "../../src/launch/args-preview.ts";
import { readClaudeArgs } from "../../src/launch/claude-args.ts";
import { parseArgs } from "../../src/launch/parse-args.ts";

const ID = "11111111-2222-4333-8444-555555555555";
const read = (...args: string[]) => readClaudeArgs(args, true);

describe("a run is bare", () => {
	test.each([
		[["mcp", "list"], "subcommand"],
		[["--model", "haiku", "mcp", "list"], "subcommand"],
		[["--", "mcp", "list"], "subcommand"],
		[["update"], "subcommand"],
		[["--update"], "subcommand"],
		[["setup-token"], "subcommand"],
		[["--bg", "do it"], "detached"],
		[["-p", "--background", "do it"], "detached"],
		[["--cloud", "task"], "detached"],
		[["--teleport"], "detached"],
		[["-w", "--tmux"], "detached"],
		[["--tmux=classic", "-w"], "detached"],
		[["attach", "abc"], "detached"],
		[["respawn", "--all"], "detached"],
		[["--model", "haiku", "--help"], "help"],
		[["-pv"], "help"],
		[["mcp", "-h"], "help"],
	])("%j: %s", (args, why) => {
		expect(read(...args).bare).toBe(why);
	});

	test.each([
		[[]],
		[["hello"]],
		[["hello", "mcp"]],
		[["-p", "mcp", "list"]],
		[["mcp", "list", "-p"]],
		[["-p", "--append-system-prompt", "--help", "x"]],
		[["--append-system-prompt", "--bg"]],
		[["-p", "x", "--", "--help"]],
		[["--allowedTools", "Bash", "mcp", "doctor"]],
		[["--resume", "mcp"]],
		[["config"]],
	])("not: %j", (args) => {
		expect(read(...args).bare).toBeUndefined();
	});
});

describe("what a run is", () => {
	test("interactive only before a terminal and without -p", () => {
		expect(read("hello").interactive).toBe(true);
		expect(readClaudeArgs(["hello"], false).interactive).toBe(false);
		expect(read("-p", "hello").interactive).toBe(false);
		expect(read("hello", "--print").interactive).toBe(false);
		expect(read("--append-system-prompt", "-p").interactive).toBe(true);
		expect(read("-cp").interactive).toBe(false);
	});

	test.each([
		[["-r", ID], "resume", ID],
		[[`--resume=${ID}`], "resume", ID],
		[["--resume", "a name"], "resume", undefined],
		[["-c"], "resume", undefined],
		[["-r", ID, "--fork-session"], "fork", undefined],
		[["-c", "--fork-session", "--session-id", ID], "fork", ID],
		[["--session-id", ID], "startup", ID],
		[["--fork-session"], "startup", undefined],
		[["--append-system-prompt", "--resume"], "startup", undefined],
	])("%j: %s of %s", (args, source, id) => {
		expect(read(...args)).toMatchObject({ sessionSource: source, knownSessionId: id });
	});

	test("a fork goes on from the session that --resume names, and nothing else does", () => {
		expect(read("-r", ID, "--fork-session").forkedFrom).toBe(ID);
		expect(read("-c", "--fork-session").forkedFrom).toBeUndefined();
		expect(read("-r", ID).forkedFrom).toBeUndefined();
	});

	test("without a transcript when told so", () => {
		expect(read("-p", "x").sessionPersistence).toBe(true);
		expect(read("-p", "--no-session-persistence").sessionPersistence).toBe(false);
	});

	test("the last --settings counts, in both spellings", () => {
		expect(read("-p", "x").settings).toBeUndefined();
		expect(read("--settings", "a", "--settings=b").settings).toEqual({ text: "b", index: 2, attached: true });
		expect(read("--settings=a", "--settings", "b").settings).toEqual({ text: "b", index: 2, attached: false });
		expect(read("--", "--settings", "a").settings).toBeUndefined();
		expect(read("--system-prompt", "--settings", "a").settings).toBeUndefined();
	});
});

describe("the preview of arguments", () => {
	test.each([
		[["-p", "secret prompt", "--model", "haiku"], "--print <13 chars> --model haiku"],
		[["--output-format=json", "-p"], "--output-format json --print"],
		[["--append-system-prompt", "sk-ant-secret"], "--append-system-prompt <13 chars>"],
		[["--model", "sk-ant-api03 secret"], "--model <19 chars>"],
		[["--mcp-config", "a.json", "b.json", "-c"], "--mcp-config <6 chars> <6 chars> --continue"],
		[["--sk-ant-secret=abc"], "<15 chars> <3 chars>"],
		[["--", "--model", "x"], "-- <7 chars> <1 chars>"],
		[["\u{1F600}é"], "<2 chars>"],
	])("%j: %s", (args, preview) => {
		expect(previewArgs(parseArgs(args))).toBe(preview);
	});

	test("holds nothing of any argument but names and harmless values", () => {
		const secret = "s3cr3t";
		const places = [
			["-p", secret],
			[`--settings=${secret}`],
			["--agents", secret],
			[`-n${secret}`],
			["--add-dir", secret, secret],
			[`--${secret}`],
			[`-z${secret}`],
			["--resume", secret],
			[secret, "--", secret],
			["--effort", `${secret} `],
		];
		for (const args of places) expect(previewArgs(parseArgs(args))).not.toContain(secret);
	});
});
