// Hook payloads, shaped as Claude Code 2.1.330 sends them → facts.
import { assert as assertProperty, constantFrom, dictionary, jsonValue, property, record, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { createHookBodyReader, HOOK_BODY_KEEP } from "../../src/intake/hook-body.ts";
import { readHookPayload } from "../../src/intake/hook-payload.ts";
import type { Json, RawFact } from "../../src/model/fact.ts";
import { seeds } from "../support/seed.ts";

const SEEDS = seeds();
const AT = 1_790_000_000_123;
const COMMON = {
	session_id: "0616dfe5-3e1d-41d1-a494-58edb36c7c0b",
	transcript_path: "/home/dev/.claude/projects/-home-dev-project/0616dfe5-3e1d-41d1-a494-58edb36c7c0b.jsonl",
	cwd: "/home/dev/project",
	prompt_id: "3f9701d5-2eb9-42bc-a76a-da38149cee92",
	permission_mode: "default",
	effort: { level: "medium" },
};
const SEEN = {
	source: "hook",
	at: AT,
	sessionId: COMMON.session_id,
	promptId: COMMON.prompt_id,
	cwd: COMMON.cwd,
	permissionMode: "default",
};

function read(event: string, own: Record<string, Json> = {}, cut?: Record<string, number>): RawFact[] {
	const json = { ...COMMON, hook_event_name: event, ...own };
	return readHookPayload({ at: AT, json, bytes: 1, cut }, { digestKey: Buffer.from("key") });
}

function only(facts: RawFact[]): RawFact {
	expect(facts).toHaveLength(1);
	return facts[0] as RawFact;
}

describe("a tool call", () => {
	const call = { tool_name: "Bash", tool_use_id: "toolu_1", tool_input: { command: "echo out; exit 3" } };

	test("begins with its input and its size", () => {
		expect(only(read("PreToolUse", call))).toEqual({
			...SEEN,
			kind: "tool.started",
			toolUseId: "toolu_1",
			toolName: "Bash",
			inputDigest: expect.stringMatching(/^[0-9a-f]{32}$/),
			content: { input: { bytes: 30, value: call.tool_input } },
		});
	});

	test("that succeeded tells its duration, exit code 0 and the bytes of its output", () => {
		const tool_response = { stdout: "grün", stderr: "", interrupted: false };
		expect(only(read("PostToolUse", { ...call, tool_response, duration_ms: 42 }))).toMatchObject({
			kind: "tool.ended",
			outcome: "ok",
			durationMs: 42,
			exitCode: 0,
			stdoutBytes: 5,
			stderrBytes: 0,
			content: { response: { bytes: Buffer.byteLength(JSON.stringify(tool_response)) } },
		});
	});

	test("that failed tells its exit code from the error's head", () => {
		const failed = { ...call, error: "Exit code 3\nout", is_interrupt: false, duration_ms: 9 };
		expect(only(read("PostToolUseFailure", failed))).toMatchObject({
			outcome: "error",
			errorType: "command_failed",
			exitCode: 3,
			durationMs: 9,
			content: { error: { bytes: 15, value: "Exit code 3\nout" } },
		});
	});

	test("that ran too long timed out", () => {
		const failed = { ...call, error: "Exit code 143\nCommand timed out after 1s" };
		expect(only(read("PostToolUseFailure", failed))).toMatchObject({
			errorType: "timeout",
			exitCode: 143,
			timeout: true,
		});
	});

	test("that was interrupted is no error", () => {
		const fact = only(read("PostToolUseFailure", { ...call, error: "<text>", is_interrupt: true }));
		expect(fact).toMatchObject({ outcome: "interrupted" });
		expect(fact).not.toHaveProperty("errorType");
	});

	test("in the background has no exit code yet", () => {
		const tool_input = { command: "sleep 9", run_in_background: true };
		const fact = only(read("PostToolUse", { ...call, tool_input, tool_response: { backgroundTaskId: "b1" } }));
		expect(fact).toMatchObject({ background: true });
		expect(fact).not.toHaveProperty("exitCode");
	});

	test("of an MCP server names it, and its failure is an mcp_error", () => {
		const own = {
			tool_name: "mcp__tiny__fail",
			mcp_server: { name: "tiny", source: "dynamic" },
			tool_use_id: "toolu_2",
		};
		expect(only(read("PreToolUse", { ...own, tool_input: {} }))).toMatchObject({ mcpServer: "tiny" });
		const failed = read("PostToolUseFailure", { ...own, tool_input: {}, error: "tool failed on purpose" });
		expect(only(failed)).toMatchObject({ mcpServer: "tiny", errorType: "mcp_error" });
	});

	test("keeps the true size of what was cut on its way in, and no size of an output that was", () => {
		const fact = only(read("PostToolUse", { ...call, tool_response: { stdout: "aaa" } }, { tool_response: 3_000_000 }));
		expect(fact.content?.response).toMatchObject({ bytes: 3_000_000, cut: true });
		expect(fact).not.toHaveProperty("stdoutBytes");
	});

	test("without an id is nothing", () => {
		for (const event of ["PreToolUse", "PostToolUse", "PostToolUseFailure", "PermissionDenied"]) {
			expect(read(event, { tool_name: "Bash", tool_input: {} })).toEqual([]);
		}
	});

	test("is closed by the batch, whatever became of it", () => {
		const tool_calls: Json[] = [
			{ tool_name: "Bash", tool_use_id: "toolu_1", tool_input: {}, tool_response: "<text>" },
			{ tool_name: "NoSuchTool", tool_use_id: "toolu_2" },
			{ tool_name: "nameless" },
		];
		expect(only(read("PostToolBatch", { tool_calls }))).toMatchObject({
			kind: "tool.batch",
			calls: [
				{ toolUseId: "toolu_1", toolName: "Bash" },
				{ toolUseId: "toolu_2", toolName: "NoSuchTool" },
			],
		});
	});
});

describe("a permission question", () => {
	test("has the digest of its call, and of no other", () => {
		const call = { tool_name: "Write", tool_input: { file_path: "/a", content: "b" } };
		const digest = (facts: RawFact[]) => {
			const fact = only(facts);
			return "inputDigest" in fact ? fact.inputDigest : undefined;
		};
		const asked = digest(read("PermissionRequest", { ...call, permission_suggestions: [] }));
		expect(asked).toBe(digest(read("PreToolUse", { ...call, tool_use_id: "toolu_1" })));
		expect(asked).not.toBe(digest(read("PermissionRequest", { ...call, tool_name: "Edit" })));
		expect(asked).not.toBe(
			digest(read("PermissionRequest", { ...call, tool_input: { file_path: "/a", content: "c" } })),
		);
	});

	test("that the automatic mode refuses names its call", () => {
		const denied = { tool_name: "Bash", tool_input: {}, tool_use_id: "toolu_1", reason: "<text>" };
		expect(only(read("PermissionDenied", denied))).toMatchObject({ kind: "permission.denied", toolUseId: "toolu_1" });
	});
});

describe("a prompt", () => {
	test("of a human", () => {
		expect(only(read("UserPromptSubmit", { prompt: "go" }))).toEqual({
			...SEEN,
			kind: "prompt.submitted",
			synthetic: false,
			content: { prompt: { bytes: 2, value: "go" } },
		});
	});

	test("of a task that ended is synthetic", () => {
		expect(only(read("UserPromptSubmit", { prompt: "<task-notification>\n<text>" }))).toMatchObject({
			synthetic: true,
		});
	});

	test("without an id is nothing", () => {
		const { prompt_id: _, ...rest } = COMMON;
		const json = { ...rest, hook_event_name: "UserPromptSubmit", prompt: "go" };
		expect(readHookPayload({ at: AT, json, bytes: 1 }, { digestKey: Buffer.from("key") })).toEqual([]);
	});

	test("is over with Stop, or with StopFailure and its error", () => {
		expect(only(read("Stop", { stop_hook_active: false }))).toEqual({ ...SEEN, kind: "turn.stopped" });
		expect(only(read("StopFailure", { error: "rate_limit" }))).toMatchObject({ errorType: "rate_limit" });
	});
});

describe("a subagent", () => {
	const agent = { agent_id: "a0b399e8378105ff8", agent_type: "general-purpose" };

	test("starts and stops under its id", () => {
		expect(only(read("SubagentStart", agent))).toMatchObject({ kind: "agent.started", agentId: agent.agent_id });
		expect(only(read("SubagentStop", agent))).toMatchObject({ kind: "agent.stopped", agentType: "general-purpose" });
	});

	test("that compaction makes up never was", () => {
		expect(read("SubagentStop", { agent_id: "a1", agent_type: "" })).toEqual([]);
	});

	test("is named by the answer of the call that started it", () => {
		const call = { tool_name: "Agent", tool_use_id: "toolu_1", tool_input: { prompt: "x" } };
		const background = { isAsync: true, status: "async_launched", agentId: "a1" };
		expect(only(read("PostToolUse", { ...call, tool_response: background }))).toMatchObject({
			startedAgentId: "a1",
			background: true,
		});
		const foreground = only(read("PostToolUse", { ...call, tool_response: { status: "completed", agentId: "a1" } }));
		expect(foreground).toMatchObject({ startedAgentId: "a1" });
		expect(foreground).not.toHaveProperty("background");
	});

	test("is named by the call that revived it", () => {
		const call = { tool_name: "SendMessage", tool_use_id: "toolu_1", tool_input: { to: "a1" } };
		expect(only(read("PostToolUse", { ...call, tool_response: { resumedAgentId: "a1" } }))).toMatchObject({
			revivedAgentId: "a1",
		});
	});

	test("stands on every fact that happened in it", () => {
		const fact = only(read("PreToolUse", { ...agent, tool_name: "Bash", tool_use_id: "toolu_1", tool_input: {} }));
		expect(fact.agentId).toBe(agent.agent_id);
	});
});

test("sessions begin, with their source, and end, with a reason", () => {
	expect(only(read("SessionStart", { source: "fork" }))).toMatchObject({ kind: "session.seen", sessionSource: "fork" });
	expect(only(read("SessionStart", { source: "elsewhere" }))).not.toHaveProperty("sessionSource");
	expect(only(read("SessionEnd", { reason: "clear" }))).toMatchObject({ kind: "session.ended", reason: "clear" });
});

test("switches of the model and notifications are told without their texts", () => {
	const switched = { from_model: "claude-opus-5-5", to_model: "claude-sonnet-5", source: "sdk" };
	expect(only(read("PostModelSwitch", switched))).toMatchObject({
		kind: "model.switched",
		from: "claude-opus-5-5",
		to: "claude-sonnet-5",
		reason: "sdk",
	});
	const notified = only(read("Notification", { message: "<text>", notification_type: "permission_prompt" }));
	expect(notified).toEqual({ ...SEEN, kind: "notified", notificationType: "permission_prompt" });
});

test("unknown events, and payloads of no session, are nothing", () => {
	expect(read("TeammateIdle")).toEqual([]);
	expect(
		readHookPayload({ at: AT, json: { hook_event_name: "Stop" }, bytes: 1 }, { digestKey: Buffer.from("k") }),
	).toEqual([]);
});

test("whatever JSON the fields hold, nothing throws and no size or duration is wrong", () => {
	const events = [
		"PreToolUse",
		"PostToolUse",
		"PostToolUseFailure",
		"PostToolBatch",
		"UserPromptSubmit",
		"SubagentStop",
	];
	const keys = [
		"tool_name",
		"tool_use_id",
		"tool_input",
		"tool_response",
		"duration_ms",
		"error",
		"tool_calls",
		"agent_id",
	];
	const payload = record({
		event: constantFrom(...events),
		own: dictionary(constantFrom(...keys), jsonValue()),
		more: dictionary(string(), jsonValue()),
	});
	assertProperty(
		property(payload, ({ event, own, more }) => {
			for (const fact of read(event, { ...(more as Record<string, Json>), ...(own as Record<string, Json>) })) {
				if (fact.kind !== "tool.ended") continue;
				expect(fact.durationMs ?? 0).toBeGreaterThanOrEqual(0);
				expect(fact.content?.response?.bytes ?? 0).toBeGreaterThanOrEqual(0);
			}
		}),
		{ numRuns: SEEDS.length * 20, seed: SEEDS[0] },
	);
});

describe("a payload that nobody sends by accident", () => {
	const through = (text: string): RawFact[] => {
		const reader = createHookBodyReader();
		reader.push(Buffer.from(text));
		const body = reader.read(AT);
		return body === undefined ? [] : readHookPayload(body, { digestKey: Buffer.from("key") });
	};
	const call = '"session_id":"s","hook_event_name":"PostToolUse","tool_name":"X","tool_use_id":"toolu_1"';

	test("nested ten thousand levels deep still tells of its call, and that its input was cut", () => {
		const deep = `${"[".repeat(10_000)}1${"]".repeat(10_000)}`;
		const fact = only(through(`{"tool_input":{"a":${deep},"b":2},${call},"duration_ms":5}`));
		expect(fact).toMatchObject({ kind: "tool.ended", toolUseId: "toolu_1", durationMs: 5 });
		expect(fact.content?.input).toMatchObject({ cut: true, bytes: 20_013, value: { b: 2 } });
	});

	test("above the limit is cut, and each of its facts says so with the true size", () => {
		const content = "x".repeat(HOOK_BODY_KEEP * 3);
		const fact = only(through(`{"tool_input":{"content":"${content}"},${call},"tool_response":{"ok":true}}`));
		expect(fact.content?.input).toMatchObject({ cut: true, bytes: content.length + 14 });
		expect(JSON.stringify(fact.content?.input?.value).length).toBeLessThan(HOOK_BODY_KEEP);
		expect(fact.content?.response).toEqual({ bytes: 11, value: { ok: true } });
	});

	test("has no duration of centuries, and no exit code of four hundred digits", () => {
		expect(only(through(`{${call},"duration_ms":1e300}`))).not.toHaveProperty("durationMs");
		const failed = call.replace("PostToolUse", "PostToolUseFailure");
		const fact = only(through(`{${failed},"error":"Exit code ${"9".repeat(400)}"}`));
		expect(fact).toMatchObject({ outcome: "error", errorType: "tool_error" });
		expect(fact).not.toHaveProperty("exitCode");
	});
});
