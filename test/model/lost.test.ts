// Attempts that were cut: what the client's ledger counts for them stands on the request that came in their place,
// answered or failed for good, and in the session's sums.
import { describe, expect, test } from "vitest";
import type { ChatEpisode, Episode } from "../../src/model/episode.ts";
import type { Fact, FactOf, Usage } from "../../src/model/fact.ts";
import { TURN_QUIET_MS } from "../../src/model/limits.ts";
import { addUsage, NO_USAGE } from "../../src/model/usage.ts";
import { runEnded, runStarted, SEEN, START } from "./facts.ts";
import { settle, startModel } from "./run-model.ts";

const ANSWER: Usage = { ...NO_USAGE, input: 100, output: 10 };
const CUT: Usage = { ...NO_USAGE, input: 40, output: 1 };

const started = runStarted({ native: true });
const prompt: Fact = { ...SEEN, source: "transcript", kind: "prompt.submitted", at: START + 1, synthetic: false };
const ended = runEnded();

function message(id: string, at: number, more: Partial<FactOf<"message.seen">> = {}): Fact {
	const base = { requestedModel: "m", responseModel: "m", usage: ANSWER, stopReason: "end_turn", blockIndex: 0 };
	const tried = { failedAttempts: 0, retryMs: 0, textBytes: 0 };
	const seen = { ...SEEN, source: "transcript" as const, at: START + at };
	return { ...seen, kind: "message.seen", messageId: `msg-${id}`, requestId: id, ...base, ...tried, ...more };
}

/** The client tells an answer with its cost, that of the attempts before it included. */
function answered(requestId: string, at: number, picoUsd: number, agentId?: string): Fact {
	const told = { model: "m", usage: ANSWER, picoUsd, durationMs: 5, querySource: "main" as const };
	return { ...SEEN, agentId, source: "native", kind: "request.answered", at: START + at, requestId, ...told };
}

function failed(id: string, at: number, failedAttempts: number): Fact {
	const error = { errorType: "overloaded", status: 529, requestedModel: "m", failedAttempts, retryMs: 0 };
	return { ...SEEN, source: "transcript", kind: "request.failed", at: START + at, id, requestId: id, ...error };
}

function ledger(usage: Usage, picoUsd: number): Fact {
	const models = { m: { ...usage, costUsd: picoUsd / 1e12 } };
	const seen = { ...SEEN, source: "transcript" as const, at: START };
	return { ...seen, kind: "cost.state", totalCostUsd: picoUsd / 1e12, models, baseline: false, index: 1 };
}

function chatsOf(episodes: readonly Episode[]): ChatEpisode[] {
	const chats = episodes.filter((episode): episode is ChatEpisode => episode.kind === "chat");
	return chats.toSorted((a, b) => a.end - b.end);
}

function sessionOf(episodes: readonly Episode[]) {
	return episodes.find((episode) => episode.kind === "session")?.totals;
}

test("a request that was cut and then failed for good has what the ledger counts beyond the answers", () => {
	const facts = [message("r1", 100), answered("r1", 101, 7_000_000), failed("r2", 300, 1)];
	const total = { ...NO_USAGE, input: 140, output: 13 };
	const { episodes } = settle([started, prompt, ...facts, ledger(total, 9_500_000), ended]);
	expect(chatsOf(episodes)).toMatchObject([
		{ requestId: "r1", lost: NO_USAGE, picoUsd: 7_000_000, costBasis: "native" },
		{
			requestId: "r2",
			lost: { input: 40, output: 3 },
			picoUsd: 2_500_000,
			costBasis: "native",
			errorType: "overloaded",
		},
	]);
	expect(sessionOf(episodes)).toMatchObject({ usage: ANSWER, lost: { input: 40, output: 3 }, picoUsd: 9_500_000 });
});

test("where the client does not tell of each answer, what was lost has its list price", () => {
	const facts = [message("r1", 100), failed("r2", 300, 1)];
	const { episodes } = settle([started, prompt, ...facts, ledger({ ...NO_USAGE, input: 140, output: 13 }, 1), ended]);
	expect(chatsOf(episodes)[1]).toMatchObject({ lost: { input: 40, output: 3 }, picoUsd: 55, costBasis: "list" });
});

test("a request that failed without anything lost has no cost: nobody told of one", () => {
	const facts = [message("r1", 100), answered("r1", 101, 7_000_000), failed("r2", 300, 2)];
	const { episodes } = settle([started, prompt, ...facts, ledger(ANSWER, 7_000_000), ended]);
	expect(chatsOf(episodes)[1]).toMatchObject({ lost: NO_USAGE, costBasis: "unknown" });
	expect(chatsOf(episodes)[1]).not.toHaveProperty("picoUsd");
	expect(sessionOf(episodes)).toMatchObject({ picoUsd: 7_000_000 });
});

test("a stump's tokens, and what the client estimates beyond them, go to what came next in its lane", () => {
	const inAgent = { agentId: "a" };
	const facts = [
		message("r1", 100, { ...inAgent, usage: CUT, partial: true }),
		message("r2", 200, { ...inAgent }),
		answered("r2", 201, 9_000_000, "a"),
		failed("r3", 300, 2),
	];
	const total = { ...NO_USAGE, input: 140, output: 13 };
	const { episodes } = settle([started, prompt, ...facts, ledger(total, 9_000_000), ended]);
	expect(chatsOf(episodes)).toMatchObject([
		{ requestId: "r2", lost: { input: 40, output: 3 }, picoUsd: 9_000_000 },
		{ requestId: "r3", lost: NO_USAGE, costBasis: "unknown" },
	]);
});

test("what was cut before a summary of the context goes to that summary, whose attempts nobody counts", () => {
	const summary: Fact = { ...(answered("r2", 200, 5_000_000) as FactOf<"request.answered">), querySource: "compact" };
	const compacted: Fact = {
		...SEEN,
		source: "transcript",
		kind: "compacted",
		at: START + 210,
		id: "c",
		trigger: "auto",
	};
	const facts = [message("r1", 100), answered("r1", 101, 7_000_000), summary, compacted];
	const total = { ...NO_USAGE, input: 240, output: 23 };
	const { episodes } = settle([started, prompt, ...facts, ledger(total, 12_000_000), ended]);
	expect(chatsOf(episodes)).toMatchObject([
		{ requestId: "r1", lost: NO_USAGE },
		{ requestId: "r2", querySource: "compact", lost: { input: 40, output: 3 }, picoUsd: 5_000_000 },
	]);
	expect(sessionOf(episodes)).toMatchObject({ lost: { input: 40, output: 3 }, picoUsd: 12_000_000 });
});

test("of two compactions each has what the ledger counts for its model, and a third model's rest is of its cut attempts", () => {
	const compacted = (id: string, model: string, at: number): Fact => {
		const told = { kind: "compacted", id, model, trigger: "auto", at: START + at } as const;
		return { ...SEEN, source: "transcript", ...told };
	};
	const tried = message("r1", 100, { requestedModel: "third", responseModel: "third", failedAttempts: 1 });
	const counted = (input: number) => ({ ...NO_USAGE, input, costUsd: 0 });
	const models = { first: counted(7), second: counted(9), third: { ...counted(140), output: 13 } };
	const told = { ...(ledger(NO_USAGE, 0) as FactOf<"cost.state">), models };
	const facts = [tried, compacted("c1", "second", 200), compacted("c2", "first", 300), told, ended];
	const { episodes } = settle([started, prompt, ...facts]);
	expect(chatsOf(episodes)).toMatchObject([
		{ requestId: "r1", lost: { input: 40, output: 3 } },
		{ requestedModel: "second", usage: { input: 9 }, querySource: "compact" },
		{ requestedModel: "first", usage: { input: 7 }, querySource: "compact" },
	]);
});

test("what the ledger tells after the request was handed on counts in the session alone", () => {
	const { model, told } = startModel();
	for (const fact of [started, prompt, message("r1", 100, { failedAttempts: 1 }), answered("r1", 101, 9_500_000)])
		model.apply(fact);
	model.apply({ ...SEEN, source: "transcript", kind: "turn.stopped", at: START + 110 });
	model.advance(START + 60_000);
	expect(chatsOf(told.episodes)).toMatchObject([{ requestId: "r1", lost: NO_USAGE }]);
	model.apply(ledger({ ...NO_USAGE, input: 140, output: 13 }, 9_500_000));
	model.apply({ ...ended, at: START + 70_000 });
	model.settle();
	expect(chatsOf(told.episodes)).toHaveLength(1);
	expect(sessionOf(told.episodes)).toMatchObject({ usage: ANSWER, lost: { input: 40, output: 3 }, picoUsd: 9_500_000 });
});

test("and costs nothing more where the client told of that request, though not of another", () => {
	const { model, told } = startModel();
	const facts = [message("r1", 100, { failedAttempts: 1 }), answered("r1", 101, 205), message("r2", 105)];
	for (const fact of [started, prompt, ...facts]) model.apply(fact);
	model.apply({ ...SEEN, source: "transcript", kind: "turn.stopped", at: START + 110 });
	model.advance(START + 60_000);
	model.apply(ledger({ ...NO_USAGE, input: 240, output: 23 }, 355));
	model.apply({ ...ended, at: START + 70_000 });
	model.settle();
	expect(chatsOf(told.episodes).map(({ costBasis }) => costBasis)).toEqual(["native", "list"]);
	expect(sessionOf(told.episodes)).toMatchObject({ lost: { input: 40, output: 3 }, picoUsd: 355 });
});

test("an answer that the user broke off counts as the transcript tells it, whatever the ledger estimates of its output", () => {
	const facts = [
		message("r1", 100),
		message("r2", 200, { usage: CUT, partial: true, givenUp: true }),
		{ ...SEEN, source: "transcript" as const, kind: "turn.interrupted" as const, at: START + 210 },
		{ ...prompt, promptId: "next", at: START + 300 } as Fact,
		{ ...message("r3", 400), promptId: "next" } as Fact,
	];
	const total = { ...NO_USAGE, input: 240, output: 23 };
	const { episodes } = settle([started, prompt, ...facts, ledger(total, 263), ended]);
	expect(chatsOf(episodes)).toMatchObject([
		{ requestId: "r1", lost: NO_USAGE },
		{ requestId: "r2", usage: CUT, lost: NO_USAGE, costBasis: "list" },
		{ requestId: "r3", lost: NO_USAGE },
	]);
	expect(sessionOf(episodes)).toMatchObject({ usage: addUsage(addUsage(ANSWER, ANSWER), CUT), lost: NO_USAGE });
});

test("an answer in the midst of which claude was ended is none, where whole ones say that they are", () => {
	const whole = [message("r1", 100, { whole: true }), message("r2", 200, { usage: CUT, whole: false })];
	const { episodes } = settle([started, prompt, ...whole, ended]);
	expect(sessionOf(episodes)).toMatchObject({ usage: ANSWER, lost: CUT });
	const unsaid = settle([started, prompt, message("r1", 100), message("r2", 200, { usage: CUT }), ended]);
	expect(sessionOf(unsaid.episodes)).toMatchObject({ usage: { input: 140, output: 11 }, lost: NO_USAGE });
});

const nativePrompt: Fact = { ...prompt, source: "native" } as Fact;
/** How long the text of an answer is. The client estimates one token for three characters of a cut one. */
function sized(requestId: string, chars: number, agentId?: string): Fact {
	return { ...SEEN, agentId, source: "native", kind: "answer.sized", at: START, requestId, part: "text", chars };
}
function metered(usage: Usage, picoUsd: number): Fact {
	return { ...(ledger(usage, picoUsd) as FactOf<"cost.state">), source: "native" };
}

test("of an answer that was cut after a whole block native telemetry alone tells by what the client estimates of its text", () => {
	// At list price 45 for the tokens that are told, and 15 for three more of output.
	const cut = { ...(answered("r1", 100, 40 + 5 + 15, "a") as FactOf<"request.answered">), usage: CUT };
	const whole = answered("r2", 200, 150, "a");
	const facts = [cut, sized("r1", 12, "a"), whole, sized("r2", 300, "a")];
	const total = { ...NO_USAGE, input: 140, output: 14 };
	const { episodes } = settle([started, nativePrompt, ...facts, metered(total, 210), ended]);
	expect(chatsOf(episodes)).toMatchObject([{ requestId: "r2", lost: { input: 40, output: 4 }, picoUsd: 210 }]);
	expect(sessionOf(episodes)).toMatchObject({ usage: ANSWER, lost: { input: 40, output: 4 }, picoUsd: 210 });
});

test.each([
	["of a few characters, for which it estimates nothing", 3, 40 + 5],
	["after another attempt, whose cost is in its own", 12, 40 + 5 + 15 + 45],
])("it does not tell of one %s: that counts as answered", (_what, chars, picoUsd) => {
	const cut = { ...(answered("r1", 100, picoUsd) as FactOf<"request.answered">), usage: CUT };
	const { episodes } = settle([started, nativePrompt, cut, sized("r1", chars), answered("r2", 200, 150), ended]);
	expect(chatsOf(episodes)).toMatchObject([
		{ requestId: "r1", usage: CUT },
		{ requestId: "r2", lost: NO_USAGE },
	]);
});

test("what native telemetry counts beyond all answers was lost before the answer that cost more than its tokens", () => {
	const facts = [answered("r1", 100, 150), answered("r2", 200, 150 + 55), sized("r2", 3)];
	const total = { ...NO_USAGE, input: 240, output: 23 };
	const { episodes } = settle([started, nativePrompt, ...facts, metered(total, 355), ended]);
	expect(chatsOf(episodes)).toMatchObject([
		{ requestId: "r1", lost: NO_USAGE },
		{ requestId: "r2", lost: { input: 40, output: 3 }, picoUsd: 205 },
	]);
});

test("or before the error that ended all attempts, or else in the session", () => {
	const error: Fact = { ...(failed("r2", 300, 1) as FactOf<"request.failed">), source: "native" };
	const total = metered({ ...NO_USAGE, input: 140, output: 13 }, 2_205);
	const facts = [answered("r1", 100, 150), total, ended];
	const { episodes } = settle([started, nativePrompt, error, ...facts]);
	expect(chatsOf(episodes)[1]).toMatchObject({ requestId: "r2", lost: { input: 40, output: 3 }, picoUsd: 2_055 });
	const alone = sessionOf(settle([started, nativePrompt, ...facts]).episodes);
	expect(alone).toMatchObject({ usage: ANSWER, lost: { input: 40, output: 3 }, picoUsd: 2_205 });
});

test("a context that could not be compacted ends its turn with an error, and is no request", () => {
	const full: Fact = { ...(failed("u", 300, 0) as FactOf<"request.failed">), requestId: undefined, unsent: true };
	const { episodes } = settle([started, prompt, message("r1", 100), full, ended]);
	expect(chatsOf(episodes).map(({ requestId }) => requestId)).toEqual(["r1"]);
	expect(episodes.find(({ kind }) => kind === "turn")).toMatchObject({ status: "error", errorType: "overloaded" });
});

describe("of several requests that were tried again, by what the client counts for each beyond its tokens", () => {
	/** At list price an answer of these tests costs 150. */
	const tried = (id: string, at: number, surplus: number, more: Partial<FactOf<"message.seen">> = {}) => [
		message(id, at, { failedAttempts: 1, ...more }),
		answered(id, at + 1, 150 + surplus, more.agentId),
	];
	const answers = (count: number, lost: Partial<Usage>) =>
		addUsage({ ...NO_USAGE, input: 100 * count, output: 10 * count }, { ...NO_USAGE, ...lost });
	const lostOf = (facts: readonly Fact[]) =>
		chatsOf(settle([started, prompt, ...facts, ended]).episodes).map(({ requestId, lost }) => [
			requestId,
			lost.input,
			lost.output,
		]);

	test("the one that cost more has all that was lost", () => {
		const facts = [...tried("r1", 100, 0), ...tried("r2", 200, 45, { agentId: "a" }), ...tried("r3", 300, 0)];
		expect(lostOf([...facts, ledger(answers(3, { input: 40, output: 1 }), 495)])).toEqual([
			["r1", 0, 0],
			["r2", 40, 1],
			["r3", 0, 0],
		]);
	});

	test("each has attempts of its own prompt, and the one that had another prompt has the rest", () => {
		const three = [...tried("r1", 100, 2 * 100 + 5 * 7, { failedAttempts: 2 }), ...tried("r2", 200, 45)];
		const facts = [...three, ...tried("r3", 300, 100 + 5 * 2)];
		expect(lostOf([...facts, ledger(answers(3, { input: 340, output: 10 }), 840)])).toEqual([
			["r1", 200, 7],
			["r2", 40, 1],
			["r3", 100, 2],
		]);
	});

	test("where that does not come to the sum, it is shared out by cost, and the sum is right", () => {
		const facts = [...tried("r1", 100, 31), ...tried("r2", 200, 62)];
		const told = lostOf([...facts, ledger(answers(2, { input: 78, output: 3 }), 393)]);
		expect(told).toEqual([
			["r1", 26, 1],
			["r2", 52, 2],
		]);
	});

	test("one that failed for good has what their cost does not explain", () => {
		const facts = [failed("r1", 100, 1), ...tried("r2", 200, 100 + 5 * 2)];
		expect(lostOf([...facts, ledger(answers(1, { input: 140, output: 3 }), 305)])).toEqual([
			["r1", 40, 1],
			["r2", 100, 2],
		]);
	});

	test("one that is handed on already leaves its part to the session, and none to others", () => {
		const { model, told } = startModel();
		for (const fact of [started, prompt, ...tried("r1", 100, 45)]) model.apply(fact);
		model.apply({ ...SEEN, source: "transcript", kind: "turn.stopped", at: START + 110 });
		model.advance(START + 60_000);
		const later = tried("r2", 61_000, 100 + 5 * 2).map((fact) => ({ ...fact, promptId: "next" }));
		model.apply({ ...prompt, promptId: "next", at: START + 60_500 } as Fact);
		for (const fact of [...later, ledger(answers(2, { input: 140, output: 3 }), 455)]) model.apply(fact);
		model.apply({ ...ended, at: START + 70_000 });
		model.settle();
		expect(chatsOf(told.episodes)).toMatchObject([{ lost: NO_USAGE }, { lost: { input: 100, output: 2 } }]);
		expect(sessionOf(told.episodes)).toMatchObject({ lost: { input: 140, output: 3 }, picoUsd: 455 });
	});

	test("the text of a stump is its own, and an attempt that left none is the other's", () => {
		const stump = message("r1", 100, { usage: CUT, partial: true });
		const toldStump: Fact = { ...(answered("r1", 101, 45 + 15) as FactOf<"request.answered">), usage: CUT };
		const facts = [stump, toldStump, ...tried("r2", 200, 0), ...tried("r3", 300, 7 + 5)];
		expect(lostOf([...facts, ledger(answers(2, { input: 47, output: 5 }), 372)])).toEqual([
			["r2", 40, 4],
			["r3", 7, 1],
		]);
	});
});

test("a cut attempt of an agent at work that the client tells of after the turn was handed on costs what comes in its place", () => {
	const { model, told } = startModel();
	const call = { ...SEEN, toolUseId: "t", toolName: "Agent" };
	const inAgent = { ...SEEN, agentId: "a" };
	const stopAt = START + 20;
	const facts: Fact[] = [
		started,
		prompt,
		message("main", 10),
		answered("main", 11, 1_000),
		{ ...call, source: "transcript", kind: "tool.requested", at: START + 12 } as Fact,
		{ ...inAgent, source: "transcript", kind: "agent.started", at: START + 13, agentType: "Explore" } as Fact,
		{ ...inAgent, source: "transcript", kind: "agent.described", at: START + 13, toolUseId: "t" } as Fact,
		{ ...SEEN, source: "transcript", kind: "turn.stopped", at: stopAt },
		{ ...SEEN, source: "hook", kind: "turn.stopped", at: stopAt },
		message("stump", 30, { ...inAgent, partial: true, usage: CUT, stopReason: undefined }),
		message("heir", 40, inAgent),
	];
	for (const fact of facts) model.apply(fact);
	model.advance(stopAt + TURN_QUIET_MS);
	expect(told.episodes.some(({ kind }) => kind === "turn")).toBe(true);
	for (const fact of [answered("stump", 31, 700, "a"), answered("heir", 41, 5_000, "a"), ended]) model.apply(fact);
	model.settle();
	const [, heir] = chatsOf(told.episodes);
	expect(heir).toMatchObject({ messageId: "msg-heir", lost: CUT, picoUsd: 5_700 });
	expect(sessionOf(told.episodes)).toMatchObject({ picoUsd: 6_700 });
});
