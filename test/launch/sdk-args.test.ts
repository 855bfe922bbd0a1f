import { expect, test } from "vitest";
import { parseClaudeArgs } from "../../src/launch/sdk-args.ts";

const DEFAULTS = {
	settingSources: ["user", "project", "local"],
	systemPrompt: { type: "preset", preset: "claude_code" },
};

test.each<[string[], object]>([
	[[], {}],
	[["--model", "opus"], { model: "opus" }],
	[["--model=opus"], { model: "opus" }],
	[["--model", "opus", "--model=sonnet"], { model: "sonnet" }],
	[["--max-turns=3", "--max-budget-usd", "0.5"], { maxTurns: 3, maxBudgetUsd: 0.5 }],
	// What is no number is for claude to refuse, in its own words.
	[["--max-turns", "many"], { extraArgs: { "max-turns": "many" } }],
	[["--allowedTools", "Bash(git *)", "Edit", "--model", "x"], { allowedTools: ["Bash(git *)", "Edit"], model: "x" }],
	[["--allowed-tools=Read", "--allowedTools", "Edit"], { allowedTools: ["Read", "Edit"] }],
	[["--add-dir", "a", "--add-dir", "b"], { additionalDirectories: ["a", "b"] }],
	[["--permission-mode", "plan"], { permissionMode: "plan" }],
	[["--permission-mode", "manual"], { extraArgs: { "permission-mode": "manual" } }],
	[["--dangerously-skip-permissions"], { extraArgs: { "dangerously-skip-permissions": null } }],
	[["-c"], { continue: true }],
	[["--resume", "an-id", "--fork-session"], { resume: "an-id", forkSession: true }],
	[["-r"], { extraArgs: { resume: null } }],
	[["--setting-sources", "user, local"], { settingSources: ["user", "local"] }],
	[["--settings", '{"a":1}'], { settings: '{"a":1}' }],
	[["--system-prompt", "Be a poet."], { extraArgs: { "system-prompt": "Be a poet." } }],
	[["--append-system-prompt=Be brief."], { extraArgs: { "append-system-prompt": "Be brief." } }],
	[["--no-session-persistence"], { persistSession: false }],
	[["--a-flag-of-tomorrow"], { extraArgs: { "a-flag-of-tomorrow": null } }],
	[["-p", "--verbose", "--output-format", "json"], {}],
])("%j are the SDK's options", (args, options) => {
	expect(parseClaudeArgs(args).options).toEqual({ ...DEFAULTS, ...options });
});

test.each<[string[], string | undefined]>([
	[["go"], "go"],
	[["--model", "opus", "go"], "go"],
	[["go", "--model=opus"], "go"],
	[["--", "--model"], "--model"],
	[["-p", "go", "more"], "go"],
	[["--model", "opus"], undefined],
])("of %j the prompt is %j", (args, prompt) => {
	expect(parseClaudeArgs(args).prompt).toBe(prompt);
});

test("a flag that the SDK can hold only once goes to claude with all its values", () => {
	const { options, moreArgs } = parseClaudeArgs([
		"--mcp-config",
		"a.json",
		"b.json",
		"--plugin-dir",
		"x",
		"--plugin-dir=y",
	]);
	expect(options).toEqual(DEFAULTS);
	expect(moreArgs).toEqual(["--mcp-config", "a.json", "b.json", "--plugin-dir", "x", "--plugin-dir", "y"]);
});

test("a flag that is not known goes to claude as it was typed", () => {
	expect(parseClaudeArgs(["--a-flag-of-tomorrow=7"])).toMatchObject({ moreArgs: ["--a-flag-of-tomorrow=7"] });
});

test("formats are told apart, and pieces are shown only to who asks for them", () => {
	expect(parseClaudeArgs(["go"])).toMatchObject({
		outputFormat: "text",
		inputFormat: "text",
		partialMessages: false,
		verbose: false,
	});
	expect(
		parseClaudeArgs(["--output-format=stream-json", "--input-format", "stream-json", "--include-partial-messages"]),
	).toMatchObject({ outputFormat: "stream-json", inputFormat: "stream-json", partialMessages: true });
});
