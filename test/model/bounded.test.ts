// A session of twenty thousand calls: what the model holds stays small, whether they lie in one turn or in many.
import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/model/fact.ts";
import { HELD_CALLS_MAX, HELD_OTHERS_MAX } from "../../src/model/limits.ts";
import { startModel } from "./run-model.ts";

const CALLS = 20_000;
const usage = { input: 1, output: 1, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 };

test.each([
	{ turns: 1, in: "one turn" },
	{ turns: 2000, in: "2,000 turns" },
])("a session of 20,000 calls in $in holds no more than the limit, and loses nothing", ({ turns }) => {
	const { model, told } = startModel();
	let most = 0;
	let now = 1_790_000_000_000;
	for (let turn = 0; turn < turns; turn++) {
		for (const facts of callsOf(turn, CALLS / turns, now)) {
			for (const fact of facts) {
				model.apply(fact);
				now = fact.at;
			}
			model.advance(now);
			most = Math.max(most, model.held());
		}
	}
	// Each call comes with one answer; two more for what has only just begun.
	expect(most).toBeLessThanOrEqual(2 * HELD_CALLS_MAX + 20);
	model.settle();
	expect(model.held()).toBe(0);
	expect(told.late).toEqual([]);
	expect(told.episodes.filter(({ kind }) => kind === "tool")).toHaveLength(CALLS);
	expect(told.episodes.filter(({ kind }) => kind === "chat")).toHaveLength(CALLS);
	expect(told.episodes.filter(({ kind }) => kind === "turn")).toHaveLength(turns);
	const totals = told.episodes.flatMap((episode) => (episode.kind === "turn" ? [episode.totals] : []));
	expect(totals.reduce((sum, { toolsUsed }) => sum + toolsUsed, 0)).toBe(CALLS);
	expect(totals.reduce((sum, { usage }) => sum + (usage?.output ?? 0), 0)).toBe(CALLS);
});

/** A turn of so many answers with a call each, in portions as they would come between two looks. */
function* callsOf(turn: number, calls: number, from: number): Generator<Fact[]> {
	const promptId = `prompt-${turn}`;
	const seen = { sessionId: "session", promptId };
	const hook = { ...seen, source: "hook" as const };
	const transcript = { ...seen, source: "transcript" as const };
	let at = from + 1;
	let portion: Fact[] = [{ ...hook, at, kind: "prompt.submitted", synthetic: false }];
	for (let call = 0; call < calls; call++) {
		const toolUseId = `toolu-${turn}-${call}`;
		const messageId = `msg-${turn}-${call}`;
		const model = { requestedModel: "m", responseModel: "m", stopReason: "tool_use" };
		const answer = { messageId, ...model, usage, failedAttempts: 0, retryMs: 0, textBytes: 0, blockIndex: 0 };
		portion.push(
			{ ...transcript, at: at++, kind: "message.seen", ...answer },
			{ ...transcript, at, kind: "tool.requested", toolUseId, toolName: "Read", messageId },
			{ ...hook, at: at++, kind: "tool.started", toolUseId, toolName: "Read", inputDigest: "x" },
			{ ...hook, at: at++, kind: "tool.ended", toolUseId, toolName: "Read", outcome: "ok", durationMs: 1 },
			{ ...hook, at, kind: "tool.batch", calls: [{ toolUseId, toolName: "Read" }] },
			{ ...transcript, at: at++, kind: "tool.ended", toolUseId, outcome: "ok" },
		);
		if (call % 10 !== 9) continue;
		yield portion;
		portion = [];
	}
	yield [...portion, { ...hook, at: at++, kind: "turn.stopped" }, { ...transcript, at, kind: "turn.read", promptId }];
}

describe("what nobody tells the end of is bounded too", () => {
	const hook = { source: "hook" as const, sessionId: "session", promptId: "prompt" };
	const native = { source: "native" as const, sessionId: "session" };
	const transcript = { source: "transcript" as const, sessionId: "session" };
	const answered = { model: "m", usage, querySource: "main" as const };
	const message = { requestedModel: "m", responseModel: "m", usage, failedAttempts: 0, retryMs: 0, textBytes: 0 };
	const kinds: Record<string, (n: number, at: number) => Fact> = {
		"calls that only begin": (n, at) => {
			return { ...hook, at, kind: "tool.started", toolUseId: `t${n}`, toolName: "Bash", inputDigest: "x" };
		},
		"calls of which hooks alone tell": (n, at) => {
			return { ...hook, at, kind: "tool.ended", toolUseId: `t${n}`, toolName: "Bash", outcome: "ok", durationMs: 1 };
		},
		"requests that no message shows": (n, at) => {
			return { ...native, promptId: "prompt", at, kind: "request.answered", requestId: `r${n}`, ...answered };
		},
		"answers without calls": (n, at) => {
			return {
				...transcript,
				promptId: "prompt",
				at,
				kind: "message.seen",
				messageId: `m${n}`,
				blockIndex: 0,
				...message,
			};
		},
		"failures that the transcript does not know": (n, at) => {
			const failed = { errorType: "overloaded", failedAttempts: 0, retryMs: 0 };
			return { ...native, promptId: "prompt", at, kind: "request.failed", id: `f${n}`, ...failed };
		},
		"refusals of which nobody tells the answer": (n, at) => {
			return { ...native, promptId: "prompt", at, kind: "request.refused", requestId: `x${n}`, model: "m" };
		},
		"questions without a call": (n, at) => {
			return { ...hook, at, kind: "permission.asked", toolName: "Bash", inputDigest: `d${n}` };
		},
		"compactions that native telemetry alone tells of": (n, at) => {
			return { ...native, at, kind: "compacted", id: `c${n}`, trigger: "auto" };
		},
		"notes of an agent that nobody knows": (_n, at) => {
			return { ...hook, agentId: "unknown", at, kind: "notified", notificationType: "idle" };
		},
		"prompts that nobody has submitted": (n, at) => {
			return { ...transcript, promptId: `p${n}`, at, kind: "turn.active" };
		},
	};

	test.each(Object.entries(kinds))("%s", (_what, make) => {
		const { model, told } = startModel();
		const seen = { ...transcript, promptId: "prompt" };
		let at = 1_790_000_000_000;
		model.apply({ ...hook, at, kind: "prompt.submitted", synthetic: false });
		model.apply({ ...seen, at, kind: "turn.active", promptId: "prompt" });
		let most = 0;
		for (let n = 0; n < 5 * HELD_OTHERS_MAX; n++) {
			model.apply(make(n, ++at));
			// The turn goes on, so that nothing is handed on because of its end.
			if (n % 100 === 0) model.apply({ ...seen, at, kind: "turn.active", promptId: "prompt" });
			if (n % 100 === 0) model.advance(at);
			most = Math.max(most, model.held());
		}
		expect(most).toBeLessThanOrEqual(2 * HELD_CALLS_MAX + HELD_OTHERS_MAX + 200);
		model.settle();
		expect(model.held()).toBe(0);
		expect([...told.flying.values()].filter((count) => count !== 0)).toEqual([]);
	});

	test("a call that was handed on as lost is no longer in flight once it ends", () => {
		const { model, told } = startModel();
		const at = 1_790_000_000_000;
		const call = { toolUseId: "t", toolName: "Bash" };
		model.apply({ ...hook, at, kind: "prompt.submitted", synthetic: false });
		model.apply({ ...hook, at: at + 1, kind: "tool.started", ...call, inputDigest: "x" });
		model.apply({ ...hook, at: at + 2, kind: "turn.stopped" });
		model.advance(at + 60_000);
		model.apply({ ...hook, at: at + 60_001, kind: "tool.ended", ...call, outcome: "ok" });
		expect(told.flying.get("Bash")).toBe(0);
	});
});
