import { expect, test } from "vitest";
import { splitArgs } from "../../src/cli/split-args.ts";

test.each([
	[[], { kind: "claude", args: [], debug: undefined }],
	[["-p", "hello"], { kind: "claude", args: ["-p", "hello"], debug: undefined }],
	[["--claude-otel-debug", "-p", "x"], { kind: "claude", args: ["-p", "x"], debug: true }],
	[["--claude-otel-debug=/a b", "-p"], { kind: "claude", args: ["-p"], debug: "/a b" }],
	[["--claude-otel-debug=", "-p"], { kind: "claude", args: ["-p"], debug: true }],
	[["-p", "--claude-otel-debug"], { kind: "claude", args: ["-p", "--claude-otel-debug"], debug: undefined }],
	[
		["--append-system-prompt", "--help"],
		{ kind: "claude", args: ["--append-system-prompt", "--help"], debug: undefined },
	],
	[["--", "--version"], { kind: "claude", args: ["--", "--version"], debug: undefined }],
	[["--claude-otel-debug", "--", "demo"], { kind: "claude", args: ["--", "demo"], debug: true }],
	[["--summary", "-p", "x"], { kind: "claude", args: ["-p", "x"], summary: true }],
	[["--claude-otel-debug", "--summary", "-p"], { kind: "claude", args: ["-p"], debug: true, summary: true }],
	[["-p", "--summary"], { kind: "claude", args: ["-p", "--summary"] }],
	[["--summary", "--config"], { kind: "own", command: "config", args: [], summary: true }],
	[["-h"], { kind: "claude", args: ["-h"], debug: undefined }],
	[["mcp", "--help"], { kind: "claude", args: ["mcp", "--help"], debug: undefined }],
	[["install-hooks", "--project"], { kind: "own", command: "install-hooks", args: ["--project"], debug: undefined }],
	[["--claude-otel-debug", "--config"], { kind: "own", command: "config", args: [], debug: true }],
	[["--version"], { kind: "own", command: "version", args: [], debug: undefined }],
	[["--help", "mcp"], { kind: "own", command: "help", args: ["mcp"], debug: undefined }],
	[["demo"], { kind: "own", command: "demo", args: [], debug: undefined }],
	[["check", "--json"], { kind: "own", command: "check", args: ["--json"], debug: undefined }],
	[["-p", "check"], { kind: "claude", args: ["-p", "check"], debug: undefined }],
	[
		["--use-sdk", "--model", "x", "go"],
		{ kind: "claude", args: ["--model", "x", "go"], debug: undefined, useSdk: true },
	],
	[["--claude-otel-debug", "--use-sdk", "demo"], { kind: "claude", args: ["demo"], debug: true, useSdk: true }],
	[["--use-sdk", "--claude-otel-debug", "go"], { kind: "claude", args: ["go"], debug: true, useSdk: true }],
	[["--use-sdk", "--no-emoji"], { kind: "claude", args: [], useSdk: true, emoji: false }],
	[["--use-sdk", "go", "--no-emoji"], { kind: "claude", args: ["go", "--no-emoji"], useSdk: true }],
	[["-p", "--use-sdk"], { kind: "claude", args: ["-p", "--use-sdk"], debug: undefined }],
	[["-p", "demo"], { kind: "claude", args: ["-p", "demo"], debug: undefined }],
])("%j", (args, split) => {
	expect(splitArgs(args)).toEqual(split);
});
