// How a turn ended that its hooks do not tell to its end, because nobody listened to them any more.
import { expect, test } from "vitest";
import type { Fact } from "../../src/model/fact.ts";
import { TURN_QUIET_MS } from "../../src/model/limits.ts";
import { SEEN, START } from "./facts.ts";
import { settle, startModel } from "./run-model.ts";

const hooked: Fact = { ...SEEN, source: "hook", kind: "prompt.submitted", at: START, synthetic: false };
const stopped: Fact = { ...SEEN, source: "transcript", kind: "turn.stopped", at: START + 20 };
const active: Fact = { ...SEEN, source: "transcript", kind: "turn.active", at: START + 30 };

test.each([
	["ended as its transcript shows", [hooked, stopped], "ok"],
	["was at work again when the transcript broke off", [hooked, stopped, active], "lost"],
	["shows no end anywhere", [hooked], "lost"],
])("a turn that %s", (_what, facts: Fact[], status) => {
	const turn = settle(facts).episodes.find((episode) => episode.kind === "turn");
	expect(turn).toMatchObject({ status });
});

const written: Fact = { ...SEEN, source: "transcript", kind: "prompt.submitted", at: START - 900, synthetic: false };
const answer: Fact = {
	...SEEN,
	source: "transcript",
	kind: "message.seen",
	at: START + 15,
	messageId: "m",
	requestedModel: "claude-opus-5-5",
	responseModel: "claude-opus-5-5",
	usage: { input: 7, output: 3, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 },
	stopReason: "end_turn",
	textBytes: 0,
	blockIndex: 0,
};
const hookStopped: Fact = { ...SEEN, source: "hook", kind: "turn.stopped", at: START + 20 };

test.each([
	["has its numbers where its answer was read", [written, hooked, answer, stopped, hookStopped], 7],
	["has none, and no zeros, where its transcript was not read in time", [written, hooked, hookStopped], undefined],
	["has zeros where it was broken off before it asked", [written, hooked, nextPrompt()], 0],
])("a turn that is handed on while the run goes on %s", (_what, facts: Fact[], input) => {
	const { model, told } = startModel();
	for (const fact of facts) model.apply(fact);
	model.advance(START + 20 + TURN_QUIET_MS);
	const turn = told.episodes.find((episode) => episode.kind === "turn");
	expect(turn).toMatchObject({ start: START - 900 });
	expect(turn?.kind === "turn" && turn.totals.usage?.input).toBe(input);
});

function nextPrompt(): Fact {
	return { ...hooked, promptId: "q", at: START + 19 } as Fact;
}

test("what a resumed session is told of its earlier run is no turn, but a prompt of the next one, in whatever order it comes", () => {
	const prompt = (source: "transcript" | "native" | "hook", promptId: string, at: number, own: Partial<Fact> = {}) =>
		({ ...SEEN, source, kind: "prompt.submitted", promptId, at: START + at, synthetic: false, ...own }) as Fact;
	const notification = [
		prompt("native", "n", 0),
		prompt("transcript", "n", 1, { synthetic: true, waits: true } as Partial<Fact>),
	];
	const typed = [
		prompt("hook", "p", 60_000),
		prompt("native", "p", 60_000),
		prompt("transcript", "p", 60_001, { together: "n" } as Partial<Fact>),
		{ ...hookStopped, at: START + 60_020 },
	];
	for (const facts of [[...notification, ...typed], [...notification, ...typed].toReversed()]) {
		const { episodes, moments } = settle(facts);
		const turns = episodes.filter((episode) => episode.kind === "turn");
		expect(turns).toMatchObject([
			{ promptId: "p", start: START + 60_000, status: "ok", synthetic: false, prompts: 2, index: 1 },
		]);
		const prompts = moments.filter(({ kind }) => kind === "user.prompt");
		expect(prompts).toMatchObject([
			{ promptId: "p", synthetic: true },
			{ promptId: "p", synthetic: false },
		]);
	}
	expect(settle(notification).episodes.filter(({ kind }) => kind === "turn")).toEqual([]);
});

test("a turn that is handed on before an agent of it has ended counts what the agent had done until then", () => {
	const { model, told } = startModel();
	const call = { ...SEEN, toolUseId: "t", toolName: "Agent" };
	const inAgent = { ...SEEN, agentId: "a" };
	const facts: Fact[] = [
		written,
		hooked,
		answer,
		{ ...call, source: "transcript", kind: "tool.requested", at: START + 15 } as Fact,
		{ ...call, source: "hook", kind: "tool.started", at: START + 16 } as Fact,
		{ ...inAgent, source: "hook", kind: "agent.started", at: START + 17, agentType: "Explore" } as Fact,
		{ ...inAgent, source: "transcript", kind: "agent.described", at: START + 17, toolUseId: "t" } as Fact,
		{ ...answer, ...inAgent, at: START + 18, messageId: "m1" } as Fact,
		stopped,
		hookStopped,
	];
	for (const fact of facts) model.apply(fact);
	model.advance(START + 20 + TURN_QUIET_MS);
	model.apply({ ...answer, ...inAgent, at: START + 9_000, messageId: "m2" } as Fact);
	model.apply({ ...inAgent, source: "hook", kind: "agent.stopped", at: START + 9_001 } as Fact);
	model.settle();
	const totalsOf = (kind: string) => {
		const one = told.episodes.find((episode) => episode.kind === kind);
		return one && "totals" in one ? one.totals.usage?.input : undefined;
	};
	expect({ turn: totalsOf("turn"), agent: totalsOf("agent"), session: totalsOf("session") }).toEqual({
		turn: 14,
		agent: 14,
		session: 21,
	});
});
