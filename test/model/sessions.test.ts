// The sessions of a run: /clear, /resume and /branch; and which of the client's ledgers what is compared with.
import { expect, test } from "vitest";
import type { Episode, Moment } from "../../src/model/episode.ts";
import type { Fact, FactOf, Usage } from "../../src/model/fact.ts";
import { NO_USAGE } from "../../src/model/usage.ts";
import { runStarted, START } from "./facts.ts";
import { settle, startModel } from "./run-model.ts";

const AT = START;
const MODEL = "claude-opus-5-5";
/** By the prices of the model under test: a token of input is a pico-USD. */
const PICO_USD = 1e-12;

const at = <F extends Omit<Fact, "sessionId" | "source" | "at">>(time: number, sessionId: string, fact: F) => ({
	source: "transcript" as const,
	...fact,
	at: AT + time,
	sessionId,
});
const run = runStarted({ interactive: true });
const usageOf = (input: number): Usage => ({ ...NO_USAGE, input });

/** A prompt, its answer and its stop. */
function turn(sessionId: string, time: number, input: number): Fact[] {
	const promptId = `prompt ${time}`;
	const lane = { promptId };
	return [
		at(time, sessionId, { ...lane, source: "hook", kind: "prompt.submitted", synthetic: false }) as Fact,
		at(time, sessionId, { ...lane, kind: "prompt.submitted", synthetic: false }) as Fact,
		answer(sessionId, time + 100, input, lane),
		at(time + 100, sessionId, { ...lane, kind: "turn.stopped" }) as Fact,
		at(time + 200, sessionId, { ...lane, source: "hook", kind: "turn.stopped" }) as Fact,
		at(time + 210, sessionId, { ...lane, kind: "turn.read" }) as Fact,
	];
}

function answer(sessionId: string, time: number, input: number, lane: { promptId: string; agentId?: string }): Fact {
	const message: Omit<FactOf<"message.seen">, "at" | "sessionId" | "source"> = {
		...lane,
		kind: "message.seen",
		messageId: `message ${time}`,
		requestId: `request ${time}`,
		requestedModel: MODEL,
		responseModel: MODEL,
		usage: usageOf(input),
		stopReason: "end_turn",
		failedAttempts: 0,
		retryMs: 0,
		textBytes: 0,
		blockIndex: 0,
		whole: true,
	};
	return at(time, sessionId, message) as Fact;
}

const end = (sessionId: string, time: number, reason: string) =>
	at(time, sessionId, { source: "hook", kind: "session.ended", reason }) as Fact;

function ledger(sessionId: string, index: number, input: number): Fact {
	const costUsd = input * PICO_USD;
	const models = { [MODEL]: { ...usageOf(input), costUsd } };
	return at(0, sessionId, { kind: "cost.state", totalCostUsd: costUsd, models, baseline: false, index }) as Fact;
}

const sessionsIn = (episodes: readonly Episode[]) =>
	episodes
		.filter((episode) => episode.kind === "session")
		.toSorted((a, b) => a.start - b.start)
		.map(({ sessionId, start, end: stop, source, turns, totals }) => {
			return [sessionId, start - AT, stop - AT, source, turns, totals.usage?.input];
		});
const driftsIn = (moments: readonly Moment[]) =>
	moments.flatMap((moment) => (moment.kind === "cost.drift" ? [moment.ownPicoUsd - moment.clientPicoUsd] : []));

test("a branch begins where the session before it ended, is a fork, and has what was done in it", () => {
	const facts: Fact[] = [
		run,
		...turn("one", 1000, 10),
		end("one", 3000, "clear"),
		...turn("two", 4000, 20),
		end("two", 6000, "resume"),
		...turn("one", 7000, 30),
		end("one", 9000, "resume"),
		at(9001, "branch", { kind: "session.seen", sessionSource: "fork" }) as Fact,
		...turn("branch", 12_000, 40),
		end("branch", 15_000, "prompt_input_exit"),
		{ source: "launch", kind: "run.ended", at: AT + 15_010, sessionId: "", exitCode: 0 },
	];
	expect(sessionsIn(settle(facts).episodes)).toEqual([
		["one", 0, 3000, "startup", 1, 10],
		["two", 3000, 6000, "clear", 1, 20],
		["one", 6000, 9000, "resume", 1, 30],
		["branch", 9000, 15_010, "fork", 1, 40],
	]);
});

test("what native telemetry tells at an agent's end does not date back the session that is current then", () => {
	const facts: Fact[] = [
		run,
		...turn("one", 1000, 10),
		end("one", 3000, "clear"),
		...turn("two", 4000, 20),
		at(1500, "two", { source: "native", promptId: "prompt 4000", kind: "agent.started", agentId: "a" }) as Fact,
		at(5000, "two", { source: "native", promptId: "prompt 4000", kind: "agent.stopped", agentId: "a" }) as Fact,
	];
	expect(sessionsIn(settle(facts).episodes).map(([id, start]) => [id, start])).toEqual([
		["one", 0],
		["two", 3000],
	]);
});

test("a session that is taken up again is compared with its ledger as a whole, which goes on counting", () => {
	const facts: Fact[] = [
		run,
		...turn("one", 1000, 100),
		end("one", 3000, "clear"),
		ledger("one", 1, 100),
		...turn("two", 4000, 200),
		end("two", 6000, "resume"),
		ledger("two", 1, 200),
		...turn("one", 30_000, 300),
		ledger("one", 2, 400),
	];
	expect(driftsIn(settle(facts).moments)).toEqual([0, 0]);

	// The same when the first part was told before the second began.
	const { model, told } = startModel();
	for (const fact of facts.slice(0, -7)) model.apply(fact);
	model.advance(AT + 29_000);
	for (const fact of facts.slice(-7)) model.apply(fact);
	model.settle();
	expect(driftsIn(told.moments)).toEqual([0, 0, 0]);
});

test("what an agent does after /clear is in the ledger of the session that is current then", () => {
	const facts: Fact[] = [
		run,
		...turn("one", 1000, 100),
		answer("one", 1500, 10, { promptId: "prompt 1000", agentId: "a" }),
		end("one", 3000, "clear"),
		ledger("one", 1, 110),
		...turn("two", 4000, 200),
		answer("one", 4500, 20, { promptId: "prompt 4000", agentId: "a" }),
		ledger("two", 1, 220),
	];
	expect(driftsIn(settle(facts).moments)).toEqual([0, 0]);
});

test("an attempt that was cut and of which no record tells is no drift where the client counts it in the answer's cost", () => {
	const cut: Fact[] = [
		run,
		...turn("one", 1000, 100),
		{
			source: "native",
			kind: "request.answered",
			at: AT + 1110,
			sessionId: "one",
			promptId: "prompt 1000",
			requestId: "request 1100",
			model: MODEL,
			usage: usageOf(100),
			picoUsd: 30_100,
			querySource: "main",
		},
	];
	const { model, told } = startModel();
	for (const fact of cut) model.apply(fact);
	model.advance(AT + 5000);
	model.apply(ledger("one", 1, 30_100));
	model.settle();
	expect(driftsIn(told.moments)).toEqual([0]);
	const session = told.episodes.find((episode) => episode.kind === "session");
	expect(session?.totals).toMatchObject({ picoUsd: 30_100, lost: usageOf(30_000) });
});

test("a summary that Rewind makes hangs under the session, though its records have the id of a turn that is over", () => {
	const compacted = (time: number) =>
		at(time, "one", { kind: "compacted", promptId: "prompt 1000", id: "c", trigger: "manual", durationMs: 50 }) as Fact;
	const request: Fact = {
		source: "native",
		kind: "request.answered",
		at: AT + 6990,
		sessionId: "one",
		promptId: "prompt 1000",
		requestId: "summary",
		model: MODEL,
		usage: usageOf(500),
		picoUsd: 500,
		querySource: "compact",
	};
	const tell = (facts: Fact[]) => settle([run, ...facts]).episodes;
	const rewound = tell([...turn("one", 1000, 100), compacted(7000), request, ...turn("one", 9000, 10)]);
	const find = (kind: Episode["kind"]) => rewound.filter((episode) => episode.kind === kind);
	expect(find("compaction")).toMatchObject([{ parent: { kind: "session" } }]);
	expect(find("chat").find(({ parent }) => parent.kind === "compaction")?.promptId).toBeUndefined();
	expect(find("turn")).toMatchObject([{ totals: { usage: usageOf(100) } }, { totals: { usage: usageOf(10) } }]);
	expect(find("session")).toMatchObject([{ totals: { usage: usageOf(610) } }]);

	// One in the midst of a turn stays there.
	const during = tell([...turn("one", 1000, 100), compacted(1050)]);
	expect(during.find(({ kind }) => kind === "compaction")).toMatchObject({ parent: { kind: "turn" } });
});
