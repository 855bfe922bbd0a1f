// When an agent is over though no hook tells so: a request of it that failed for good was its end (it is handed on before
// the agent above it, whose sums hold what it did), an answer that was cut was not.
import { expect, test } from "vitest";
import type { Fact, FactOf } from "../../src/model/fact.ts";
import { NO_USAGE } from "../../src/model/usage.ts";
import { runStarted, SEEN, START } from "./facts.ts";
import { startModel } from "./run-model.ts";

const ANSWER = { ...NO_USAGE, input: 100, output: 10 };

const started = runStarted();
const prompt: Fact = { ...SEEN, source: "transcript", kind: "prompt.submitted", at: START + 1, synthetic: false };

function call(toolUseId: string, at: number, startedAgentId: string, agentId?: string): Fact[] {
	const seen = { ...SEEN, source: "hook" as const, agentId, toolUseId, toolName: "Agent" };
	return [
		{ ...seen, kind: "tool.started", at: START + at, inputDigest: toolUseId },
		{ ...seen, kind: "tool.ended", at: START + at + 400, outcome: "ok", startedAgentId },
	];
}

function message(id: string, at: number, agentId: string): Fact {
	const base = { requestedModel: "m", responseModel: "m", usage: ANSWER, stopReason: "end_turn", blockIndex: 0 };
	const seen = { ...SEEN, source: "transcript" as const, at: START + at, agentId, failedAttempts: 0, retryMs: 0 };
	return { ...seen, kind: "message.seen", messageId: `msg-${id}`, requestId: id, textBytes: 0, ...base };
}

function failed(id: string, at: number, more: Partial<FactOf<"request.failed">> = {}): Fact {
	const error = { errorType: "overloaded", requestedModel: "m", failedAttempts: 0, retryMs: 0, agentId: "inner" };
	return { ...SEEN, source: "transcript", kind: "request.failed", at: START + at, id, ...error, ...more };
}

function agentStarted(agentId: string, at: number): Fact {
	return { ...SEEN, source: "hook", kind: "agent.started", at: START + at, agentId, agentType: "general-purpose" };
}

test("the agent above it has its tokens, though both are handed on at the same time", () => {
	const { model, told } = startModel();
	const facts: Fact[] = [
		...call("outer-call", 100, "outer"),
		agentStarted("outer", 110),
		message("r1", 120, "outer"),
		...call("inner-call", 130, "inner", "outer"),
		agentStarted("inner", 140),
		message("r2", 150, "inner"),
		failed("r3", 160),
		{ ...SEEN, source: "hook", kind: "agent.stopped", at: START + 600, agentId: "outer", agentType: "general-purpose" },
	];
	for (const fact of [started, prompt, ...facts]) model.apply(fact);
	model.advance(START + 2_650);
	const agents = told.episodes.filter((episode) => episode.kind === "agent");
	expect(agents.map(({ agentId, status, totals }) => [agentId, status, totals.usage?.input])).toEqual([
		["inner", "error", 100],
		["outer", "ok", 200],
	]);
});

test("an agent whose context could not be summarised goes on until somebody tells of its end", () => {
	const { model, told } = startModel();
	const summary = failed("r3", 160, { source: "native", querySource: "compact" });
	const facts = [...call("inner-call", 100, "inner"), agentStarted("inner", 140), message("r2", 150, "inner"), summary];
	for (const fact of [started, prompt, ...facts]) model.apply(fact);
	model.advance(START + 60_000);
	expect(told.episodes.filter((episode) => episode.kind === "agent")).toEqual([]);
});

test("an agent whose answer was cut is not over before it has answered, however long that takes", () => {
	const { model, told } = startModel();
	const lane = { ...SEEN, source: "transcript" as const, agentId: "a" };
	const facts: Fact[] = [
		...call("call", 100, "a").map((fact): Fact => ({ ...fact, source: "transcript" })),
		{ ...lane, kind: "agent.started", at: START + 110, agentType: "" },
		message("r1", 120, "a"),
		{ ...lane, kind: "agent.read", at: START + 120 },
		{ ...lane, kind: "turn.active", at: START + 130 },
	];
	for (const fact of [started, prompt, ...facts]) model.apply(fact);
	model.advance(START + 60_000);
	expect(told.episodes.filter(({ kind }) => kind === "agent")).toEqual([]);
	for (const fact of [message("r2", 70_000, "a"), { ...lane, kind: "agent.read", at: START + 70_000 }] as Fact[])
		model.apply(fact);
	model.advance(START + 80_000);
	expect(told.episodes.filter(({ kind }) => kind === "agent")).toMatchObject([
		{ status: "ok", totals: { usage: { input: 200 } } },
	]);
});
