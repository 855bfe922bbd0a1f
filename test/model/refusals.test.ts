// Requests that the model's safeguards refused: one chat each, whoever tells of them.
import { describe, expect, test } from "vitest";
import type { ChatEpisode, Episode } from "../../src/model/episode.ts";
import type { Fact, FactOf, Source, Usage } from "../../src/model/fact.ts";
import { addUsage, NO_USAGE } from "../../src/model/usage.ts";
import { runEnded, runStarted, SEEN, START } from "./facts.ts";
import { bytesOf, settle, startModel } from "./run-model.ts";

const USAGE: Usage = { ...NO_USAGE, input: 100, output: 10 };
const REFUSED: Usage = { ...NO_USAGE, input: 40, output: 1 };

const started = runStarted({ native: true });
const prompt: Fact = { ...SEEN, source: "transcript", kind: "prompt.submitted", at: START + 1, synthetic: false };
const ended = runEnded();

function refused(source: Source, id: string, at: number, more: Partial<FactOf<"request.refused">> = {}): Fact {
	return { ...SEEN, source, kind: "request.refused", at: START + at, requestId: id, model: "m", ...more };
}

function answered(requestId: string, at: number, usage: Usage): Fact {
	const told = { model: "m", usage, picoUsd: 5, durationMs: 5, querySource: "main" as const };
	return { ...SEEN, source: "native", kind: "request.answered", at: START + at, requestId, ...told };
}

function message(id: string, at: number, stopReason = "end_turn", failedAttempts = 0): Fact {
	const base = { requestedModel: "m", responseModel: "m", usage: USAGE, stopReason, blockIndex: 0, textBytes: 0 };
	const seen = { ...SEEN, source: "transcript" as const, at: START + at, messageId: `msg-${id}`, requestId: id };
	return { ...seen, kind: "message.seen", ...base, failedAttempts, retryMs: 0 };
}

function ledger(usage: Usage): Fact {
	const models = { m: { ...usage, costUsd: 0 } };
	const seen = { sessionId: "s", source: "transcript" as const, at: START };
	return { ...seen, kind: "cost.state", totalCostUsd: 0, models, baseline: false, index: 1 };
}

function chatsOf(episodes: readonly Episode[]): ChatEpisode[] {
	return episodes.filter((episode) => episode.kind === "chat").toSorted((a, b) => a.end - b.end);
}

function totalsOf(episodes: readonly Episode[]) {
	return episodes.find(({ kind }) => kind === "session") as Extract<Episode, { kind: "session" }>;
}

describe("a refused request", () => {
	test("in an agent is no failure, though its transcript tells of attempts that another model took over", () => {
		const inAgent = { agentId: "a", requestedModel: "m", errorType: "unknown", failedAttempts: 0, retryMs: 0 };
		const failed = (id: string, at: number): Fact => {
			const given = { id, after: START + at - 20, fallback: true, ...inAgent };
			return { ...SEEN, source: "transcript", kind: "request.failed", at: START + at, ...given };
		};
		const native = { ...answered("r1", 90, REFUSED), agentId: "a" };
		const facts = [failed("x", 100), refused("native", "r1", 95, { agentId: "a" }), native, failed("y", 200)];
		const chats = chatsOf(settle([started, prompt, ...facts, ended]).episodes);
		expect(chats.map(({ errorType, stopReason }) => errorType ?? stopReason)).toEqual(["refusal", "unknown"]);
	});

	test("that a message tells is that message", () => {
		const facts = [started, prompt, message("r1", 100, "refusal"), refused("native", "r1", 99), ended];
		const gaveUp = refused("transcript", "r1", 110, { errorType: "invalid_request", failedAttempts: 0 });
		const { episodes } = settle([...facts, gaveUp]);
		expect(chatsOf(episodes)).toMatchObject([{ messageId: "msg-r1", stopReason: "refusal", usage: USAGE }]);
		const turn = episodes.find(({ kind }) => kind === "turn");
		expect(turn).toMatchObject({ status: "error", errorType: "invalid_request" });
	});

	test("without content is what native telemetry tells of it", () => {
		const facts = [refused("native", "r1", 99), answered("r1", 100, REFUSED), message("r2", 200)];
		expect(chatsOf(settle([started, prompt, ...facts, ended]).episodes)).toMatchObject([
			{ requestId: "r1", stopReason: "refusal", usage: REFUSED, tokensSource: "native" },
			{ requestId: "r2", stopReason: "end_turn" },
		]);
	});

	const unanswered = [
		refused("native", "r1", 99, { querySource: "main" }),
		refused("transcript", "r1", 101, { after: START + 1, failedAttempts: 0, retryMs: 0 }),
		message("r2", 200),
		answered("r2", 201, USAGE),
		ledger(addUsage(USAGE, REFUSED)),
	];

	test("that nobody tells as answered used what the ledger has beyond the others", () => {
		const { episodes } = settle([started, prompt, ...unanswered, ended]);
		const [chat, ...others] = chatsOf(episodes);
		expect(others).toMatchObject([{ requestId: "r2", lost: NO_USAGE }]);
		expect(chat).toMatchObject({
			requestId: "r1",
			stopReason: "refusal",
			attempts: 1,
			start: START + 1,
			end: START + 99,
		});
		expect(chat).toMatchObject({ usage: REFUSED, lost: NO_USAGE, tokensSource: "cost-state", querySource: "main" });
		expect(totalsOf(episodes).totals).toMatchObject({ usage: addUsage(USAGE, REFUSED), lost: NO_USAGE });
	});

	test("costs once, where native telemetry alone tells, its ledger too", () => {
		const told = { ...ledger(addUsage(USAGE, REFUSED)), source: "native" as const } as FactOf<"cost.state">;
		const models = { m: { ...addUsage(USAGE, REFUSED), costUsd: 1e-6 } };
		const facts = unanswered.filter(({ source }) => source === "native");
		const asked: Fact = { ...prompt, source: "native" } as Fact;
		const { episodes } = settle([started, asked, ...facts, { ...told, models }, ended]);
		expect(chatsOf(episodes).map(({ picoUsd }) => picoUsd)).toEqual([45, 5]);
		expect(totalsOf(episodes).totals).toMatchObject({ usage: addUsage(USAGE, REFUSED), lost: NO_USAGE, picoUsd: 50 });
	});

	test("is the same in any order, and is told while a session goes on only when its ledger is", () => {
		const facts = [started, prompt, ...unanswered, ended];
		expect(bytesOf(settle(facts.toReversed()))).toEqual(bytesOf(settle(facts)));
		const { model, told } = startModel();
		for (const fact of facts.slice(0, -2)) model.apply(fact);
		model.apply({ ...SEEN, source: "transcript", kind: "turn.stopped", at: START + 300 });
		model.advance(START + 60_000);
		expect(chatsOf(told.episodes).map(({ requestId }) => requestId)).toEqual(["r2"]);
		for (const fact of facts.slice(-2)) model.apply(fact);
		model.settle();
		expect(chatsOf(told.episodes)).toHaveLength(2);
		expect(totalsOf(told.episodes).totals.usage).toEqual(addUsage(USAGE, REFUSED));
	});

	const PLAIN = 150;
	const tried = (id: string, at: number, lostPicoUsd: number, usage = USAGE): Fact[] => [
		message(id, at, "end_turn", 1),
		{ ...answered(id, at + 1, usage), picoUsd: PLAIN + lostPicoUsd } as Fact,
	];
	const again = (output: number): Usage => ({ ...USAGE, output });
	const sumOf = (parts: readonly Usage[]) => parts.reduce((sum, part) => addUsage(sum, part), NO_USAGE);
	const splitOf = (cuts: readonly { cut: Usage; at: number }[]) => {
		const gone = cuts.flatMap(({ cut, at }, n) => tried(`c${n}`, at, cut.input + 5 * cut.output));
		const told = sumOf([REFUSED, ...cuts.flatMap(({ cut }) => [USAGE, cut])]);
		const { episodes } = settle([started, prompt, ...gone, refused("native", "r1", 150), ledger(told), ended]);
		return { chats: chatsOf(episodes), totals: totalsOf(episodes).totals };
	};

	test("that nobody tells as answered has nothing of an attempt that was cut before another", () => {
		const { chats, totals } = splitOf([{ cut: again(1), at: 100 }]);
		expect(chats).toMatchObject([
			{ requestId: "c0", usage: USAGE, lost: again(1), picoUsd: PLAIN + 105 },
			{ requestId: "r1", usage: REFUSED, lost: NO_USAGE, picoUsd: 45, tokensSource: "cost-state" },
		]);
		expect(totals).toMatchObject({ usage: addUsage(USAGE, REFUSED), lost: again(1), picoUsd: PLAIN + 105 + 45 });
	});

	test("has nothing of two that were cut, each before another", () => {
		const { chats, totals } = splitOf([
			{ cut: again(1), at: 100 },
			{ cut: again(4), at: 200 },
		]);
		expect(chats.map(({ requestId, usage, lost }) => [requestId, usage, lost])).toEqual([
			["c0", USAGE, again(1)],
			["r1", REFUSED, NO_USAGE],
			["c1", USAGE, again(4)],
		]);
		const cost = 2 * PLAIN + 105 + 120 + 45;
		expect(totals).toMatchObject({ usage: addUsage(addUsage(USAGE, USAGE), REFUSED), picoUsd: cost });
	});

	test("shares by cost with attempts that had another prompt, and nothing counts twice", () => {
		const cut: Usage = { ...NO_USAGE, input: 77, output: 0 };
		const { chats, totals } = splitOf([{ cut, at: 100 }]);
		expect(chats.find(({ requestId }) => requestId === "r1")).toMatchObject({ lost: NO_USAGE });
		expect(addUsage(totals.usage ?? NO_USAGE, totals.lost ?? NO_USAGE)).toEqual(sumOf([USAGE, REFUSED, cut]));
		const halfTokens = 0.5 * (1 + 5);
		expect(Math.abs((totals.picoUsd ?? 0) - (PLAIN + 77 + 45))).toBeLessThanOrEqual(halfTokens);
	});

	test("has nothing of what was cut before another refusal of which native telemetry tells", () => {
		const cut = again(0);
		const other = { ...answered("r0", 91, USAGE), picoUsd: PLAIN + 100 } as Fact;
		const facts = [refused("native", "r0", 90), other, refused("native", "r1", 150)];
		const all = ledger(sumOf([USAGE, USAGE, cut, REFUSED]));
		const { episodes } = settle([
			started,
			prompt,
			message("c", 200),
			{ ...answered("c", 201, USAGE), picoUsd: PLAIN } as Fact,
			...facts,
			all,
			ended,
		]);
		expect(chatsOf(episodes)).toMatchObject([
			{ requestId: "r0", usage: USAGE, lost: cut, picoUsd: PLAIN + 100 },
			{ requestId: "r1", usage: REFUSED, lost: NO_USAGE, picoUsd: 45 },
			{ requestId: "c", usage: USAGE, lost: NO_USAGE, picoUsd: PLAIN },
		]);
	});

	test("of whose attempts nobody tells without native telemetry has what they used as lost", () => {
		const alone = (failedAttempts: number) => {
			const refusal = refused("transcript", "r1", 100, { failedAttempts });
			return chatsOf(settle([started, prompt, refusal, ledger(REFUSED), ended]).episodes);
		};
		expect(alone(0)).toMatchObject([{ usage: REFUSED, lost: NO_USAGE, tokensSource: "cost-state" }]);
		expect(alone(1)).toMatchObject([{ usage: NO_USAGE, lost: REFUSED, tokensSource: "unknown", attempts: 2 }]);
	});
});
