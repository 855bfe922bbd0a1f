// A short run as facts, told through the real model to the real signals, for tests of what the options change.
import type { Fact } from "../../src/model/fact.ts";
import { startModel } from "../model/run-model.ts";
import { type Chosen, createInMemorySignals, type Exported } from "./in-memory.ts";

export const STORY_START = 1_790_000_000_000;

/** Two turns of one session: in each a request, a Bash call that is refused, a Read and an MCP call that fail not. */
export function storyOf(turns = 2): Fact[] {
	const sessionId = "session-1";
	let at = STORY_START + 100;
	const facts: Fact[] = [
		{
			source: "launch",
			kind: "run.started",
			at: STORY_START,
			sessionId: "",
			runId: "run-1",
			sessionSource: "startup",
			interactive: false,
			argsCount: 2,
			argsPreview: "--print <2 chars>",
		},
	];
	for (let turn = 1; turn <= turns; turn++) {
		const seen = {
			sessionId,
			promptId: `prompt-${turn}`,
			cwd: "/home/dev/project",
			branch: "main",
			revision: "0123456",
		};
		const hook = { ...seen, source: "hook" as const };
		const transcript = { ...seen, source: "transcript" as const };
		const usage = { input: 1, output: 20, cacheRead: 300, cacheCreation5m: 4000, cacheCreation1h: 50_000 };
		const messageId = `msg-${turn}`;
		const model = { requestedModel: "claude-opus-5-5", responseModel: "claude-opus-5-5", stopReason: "end_turn" };
		facts.push(
			{ ...hook, at: at++, kind: "prompt.submitted", synthetic: false, content: { prompt: { bytes: 2, text: "go" } } },
			{
				...transcript,
				at: at++,
				kind: "message.seen",
				messageId,
				...model,
				usage,
				failedAttempts: 0,
				retryMs: 0,
				textBytes: 2,
				blockIndex: 0,
				content: { answer: { bytes: 2, text: "ok" } },
			},
		);
		for (const [toolName, outcome] of [
			["Bash", "denied"],
			["Read", "ok"],
			["mcp__files__list", "error"],
		] as const) {
			const toolUseId = `toolu-${turn}-${toolName}`;
			facts.push(
				{ ...hook, at: at++, kind: "tool.started", toolUseId, toolName, inputDigest: toolUseId },
				{ ...hook, at: at++, kind: "tool.ended", toolUseId, toolName, outcome, durationMs: 1, errorType: "tool_error" },
			);
		}
		facts.push({ ...hook, at: at++, kind: "notified", notificationType: "idle_prompt" });
		facts.push({ ...hook, at: at++, kind: "turn.stopped" });
	}
	facts.push({ source: "launch", kind: "run.ended", at, sessionId: "", exitCode: 0 });
	return facts;
}

export async function tell(
	facts: Fact[],
	chosen: Chosen = {},
	isExcluded?: (toolName: string) => boolean,
): Promise<Exported> {
	const signals = createInMemorySignals({ runId: "run-1", ...chosen });
	const { model } = startModel(isExcluded, signals.output, { windowOf: () => 100_000, thresholds: [0.5] });
	for (const fact of facts) model.apply(fact);
	model.settle();
	return signals.exported();
}

/** One turn with what only claude's own telemetry tells, and a ledger that counts otherwise than the list prices. */
export function nativeStory(): Fact[] {
	const sessionId = "session-1";
	const promptId = "prompt-1";
	const native = { source: "native" as const, sessionId, promptId, at: STORY_START + 200 };
	const usage = { input: 60_000, output: 20, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 };
	const [started, prompt, message] = storyOf(1) as [Fact, Fact, Extract<Fact, { kind: "message.seen" }>];
	return [
		started,
		prompt,
		{ ...message, requestId: "req-1", usage },
		{
			...native,
			kind: "request.answered",
			requestId: "req-1",
			model: "claude-opus-5-5",
			usage,
			picoUsd: 1e12,
			durationMs: 90,
			firstChunkMs: 20,
			querySource: "main",
		},
		{ ...native, kind: "request.refused", requestId: "req-1", model: "claude-opus-5-5" },
		{ ...native, kind: "mode.changed", from: "default", to: "plan", reason: "shift_tab" },
		{ ...native, kind: "mcp.connection", status: "connected", mcpServer: "files", transport: "stdio", durationMs: 5 },
		{ ...native, kind: "hooks.ran", hookEvent: "PreToolUse", hooks: 2, durationMs: 7 },
		{ ...native, source: "agent", kind: "limit.told", window: "five_hour", usedRatio: 0.4 },
		{ ...native, kind: "counted", counter: "lines_of_code", type: "added", value: 3 },
		{ ...native, kind: "counted", counter: "commits", value: 1 },
		{ ...native, kind: "counted", counter: "pull_requests", value: 1 },
		{ ...native, kind: "counted", counter: "active_time", type: "cli", value: 1.5 },
		{ source: "launch", kind: "run.ended", at: STORY_START + 1000, sessionId: "", exitCode: 0 },
	];
}
