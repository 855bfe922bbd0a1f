// What claude's own telemetry adds to what hooks and transcripts tell, and what it tells alone.
import { describe, expect, test } from "vitest";
import type { ChatEpisode, Episode } from "../../src/model/episode.ts";
import type { Fact, FactOf, Usage } from "../../src/model/fact.ts";
import { NO_USAGE } from "../../src/model/usage.ts";
import { runEnded, runStarted, SEEN, START } from "./facts.ts";
import { bytesOf, orphansOf, settle, startModel } from "./run-model.ts";

const USAGE: Usage = { ...NO_USAGE, input: 100, output: 10 };

const started = runStarted({ native: true });
const ended = runEnded();

function prompt(source: "transcript" | "native", at = START + 10): Fact {
	return { ...SEEN, source, kind: "prompt.submitted", at, synthetic: false };
}

function message(requestId: string, at: number, more: Partial<FactOf<"message.seen">> = {}): FactOf<"message.seen"> {
	return {
		...SEEN,
		source: "transcript",
		kind: "message.seen",
		at,
		messageId: `msg-${requestId}`,
		requestId,
		requestedModel: "m",
		responseModel: "m",
		usage: USAGE,
		stopReason: "end_turn",
		failedAttempts: 0,
		retryMs: 0,
		textBytes: 0,
		blockIndex: 0,
		...more,
	};
}

function request(requestId: string, at: number, more: Partial<FactOf<"request.answered">> = {}): Fact {
	return {
		...SEEN,
		source: "native",
		kind: "request.answered",
		at,
		requestId,
		model: "m",
		usage: USAGE,
		picoUsd: 777,
		durationMs: 40,
		firstChunkMs: 5,
		querySource: "main",
		...more,
	};
}

function chatsOf(episodes: readonly Episode[]): ChatEpisode[] {
	return episodes.filter((episode) => episode.kind === "chat").toSorted((a, b) => a.start - b.start);
}

test("an attempt that native telemetry tells as a request of its own is none of the next one's", () => {
	const asked = message("r2", START + 200, { failedAttempts: 1, anew: { failedAttempts: 0, retryMs: 0 } });
	const told = [request("r1", START + 100), request("r2", START + 200)];
	const attempts = (facts: Fact[]) =>
		chatsOf(settle([started, prompt("transcript"), asked, ...facts, ended]).episodes).map((chat) => chat.attempts);
	expect(attempts(told)).toEqual([undefined, 1]);
	expect(attempts([])).toEqual([2]);
});

describe("a request that the transcript tells too", () => {
	const facts = [started, prompt("transcript"), message("r1", START + 100), request("r1", START + 103), ended];

	test("is one chat: tokens of the transcript, times and cost of the client", () => {
		const [chat, ...others] = chatsOf(settle(facts).episodes);
		expect(others).toEqual([]);
		expect(chat).toMatchObject({
			messageId: "msg-r1",
			usage: USAGE,
			tokensSource: "transcript",
			start: START + 63,
			end: START + 103,
			timesSource: "native",
			firstChunkMs: 5,
			picoUsd: 777,
			costBasis: "native",
		});
	});

	test("is the same in any order and doubled", () => {
		const once = bytesOf(settle(facts));
		expect(bytesOf(settle(facts.toReversed()))).toBe(once);
		expect(bytesOf(settle([...facts, ...facts]))).toBe(once);
	});

	test("without the client's word keeps list price and the transcript's times", () => {
		const [chat] = chatsOf(settle(facts.filter(({ source }) => source !== "native")).episodes);
		expect(chat).toMatchObject({ costBasis: "list", timesSource: "transcript", picoUsd: 150 });
	});

	test("waits with its turn until the client has told of it, and no longer than two seconds", () => {
		const { model, told } = startModel();
		const stop: Fact = { ...SEEN, source: "hook", kind: "turn.stopped", at: START + 110 };
		const hookPrompt: Fact = { ...SEEN, source: "hook", kind: "prompt.submitted", at: START + 11, synthetic: false };
		const read: Fact = { ...SEEN, source: "transcript", kind: "turn.read", at: START + 120 };
		for (const fact of [started, hookPrompt, prompt("transcript"), message("r1", START + 100), stop, read]) {
			model.apply(fact);
		}
		model.advance(START + 500);
		expect(told.episodes).toEqual([]);
		model.apply(request("r1", START + 103));
		model.advance(START + 600);
		expect(chatsOf(told.episodes)).toMatchObject([{ costBasis: "native" }]);
	});

	test("told of too late is counted, and is no second chat", () => {
		const { model, told } = startModel();
		for (const fact of facts.filter(({ source }) => source !== "native")) model.apply(fact);
		model.advance(START + 20_000);
		model.settle();
		model.apply(request("r1", START + 103));
		expect(told.late).toEqual(["native"]);
		expect(chatsOf(told.episodes)).toHaveLength(1);
	});
});

describe("requests that no transcript shows", () => {
	test("a side request is a chat of its own below its turn", () => {
		const side = request("r2", START + 200, { querySource: "auxiliary" });
		const told = settle([
			started,
			prompt("transcript"),
			message("r1", START + 100),
			request("r1", START + 103),
			side,
			ended,
		]);
		expect(chatsOf(told.episodes)).toMatchObject([
			{ messageId: "msg-r1" },
			{ requestId: "r2", querySource: "auxiliary", tokensSource: "native", parent: { kind: "turn" } },
		]);
	});

	test("an answer that the transcript lost is told by the client, when nothing more comes", () => {
		const told = settle([started, prompt("transcript"), message("r1", START + 100), request("r2", START + 300), ended]);
		expect(chatsOf(told.episodes)).toMatchObject([
			{ messageId: "msg-r1", costBasis: "list" },
			{ requestId: "r2", tokensSource: "native", costBasis: "native" },
		]);
		const [session] = told.episodes.filter((episode) => episode.kind === "session");
		expect(session?.totals.usage).toEqual({ ...NO_USAGE, input: 200, output: 20 });
	});

	test("a compaction has the client's sizes, and its request below it, once", () => {
		const boundary = { ...SEEN, kind: "compacted" as const, trigger: "auto" };
		const told = settle([
			started,
			prompt("transcript"),
			{ ...boundary, source: "transcript", at: START + 500, id: "uuid", preTokens: 30, postTokens: 3, durationMs: 90 },
			{
				...boundary,
				source: "native",
				at: START + 502,
				id: "native:1",
				preTokens: 2500,
				postTokens: 20,
				durationMs: 95,
			},
			request("r3", START + 480, { querySource: "compact" }),
			{
				...SEEN,
				source: "transcript",
				kind: "cost.state",
				at: START,
				totalCostUsd: 1,
				models: { m: { ...USAGE, costUsd: 777e-12 } },
				baseline: false,
				index: 1,
			},
			ended,
		]);
		const compactions = told.episodes.filter((episode) => episode.kind === "compaction");
		expect(compactions).toMatchObject([{ preTokens: 2500, postTokens: 20, durationMs: 95 }]);
		expect(chatsOf(told.episodes)).toMatchObject([
			{ requestId: "r3", querySource: "compact", usage: USAGE, parent: { kind: "compaction", id: "uuid" } },
		]);
	});
});

describe("a compaction that was handed on before native telemetry told of it", () => {
	test("is told once, and its late request stands below it", () => {
		const { model, told } = startModel();
		const boundary = { ...SEEN, kind: "compacted" as const, trigger: "auto" };
		const facts: Fact[] = [
			started,
			prompt("transcript"),
			message("r1", START + 100),
			{ ...boundary, source: "transcript", at: START + 500, id: "uuid", preTokens: 30, postTokens: 3, durationMs: 90 },
			{ ...boundary, source: "transcript", at: START + 1500, id: "uuid-2", durationMs: 90 },
		];
		for (const fact of facts) model.apply(fact);
		model.advance(START + 20_000);
		model.apply({ ...boundary, source: "native", at: START + 502, id: "native:1", preTokens: 2500 });
		model.apply(request("r3", START + 480, { querySource: "compact" }));
		model.apply(request("r4", START + 1480, { querySource: "compact" }));
		model.apply(ended);
		model.settle();
		expect(told.episodes.filter(({ kind }) => kind === "compaction")).toHaveLength(2);
		expect(chatsOf(told.episodes)).toMatchObject([
			{ messageId: "msg-r1" },
			{ requestId: "r3", parent: { kind: "compaction", id: "uuid" } },
			{ requestId: "r4", parent: { kind: "compaction", id: "uuid-2" } },
		]);
	});
});

describe("native telemetry alone", () => {
	test("gives a closed tree: a turn that went well, its requests, calls and agents", () => {
		const agent = { ...SEEN, source: "native" as const, agentId: "a1" };
		const told = settle([
			started,
			prompt("native"),
			request("r1", START + 100),
			{
				...SEEN,
				source: "native",
				kind: "tool.decided",
				at: START + 101,
				toolUseId: "t1",
				toolName: "Bash",
				decision: "accept",
			},
			{
				...SEEN,
				source: "native",
				kind: "tool.ended",
				at: START + 150,
				toolUseId: "t1",
				toolName: "Bash",
				outcome: "error",
				durationMs: 45,
			},
			{
				...SEEN,
				source: "native",
				kind: "tool.decided",
				at: START + 151,
				toolUseId: "t2",
				toolName: "Write",
				decision: "reject",
				decisionSource: "config",
			},
			{ ...agent, kind: "agent.started", at: START + 200, agentType: "Explore" },
			request("r2", START + 250, { agentId: "a1", querySource: "subagent" }),
			{ ...agent, kind: "agent.stopped", at: START + 260, agentType: "Explore" },
			ended,
		]);
		expect(orphansOf(told)).toEqual([]);
		expect(told.episodes.filter((episode) => episode.kind === "turn")).toMatchObject([
			{ status: "ok", totals: { picoUsd: 1554, toolsUsed: 2 } },
		]);
		expect(told.episodes.filter((episode) => episode.kind === "tool")).toMatchObject([
			{ toolUseId: "t1", status: "error", durationMs: 45 },
			{ toolUseId: "t2", status: "denied", decision: "reject", decisionSource: "config" },
		]);
		expect(told.episodes.filter((episode) => episode.kind === "agent")).toMatchObject([
			{ type: "Explore", start: START + 200, end: START + 260 },
		]);
		expect(chatsOf(told.episodes)).toMatchObject([{ requestId: "r1" }, { requestId: "r2", querySource: "subagent" }]);
	});
});

describe("both counts of the cost", () => {
	const ledger = (costUsd: number): Fact => ({
		...SEEN,
		source: "transcript",
		kind: "cost.state",
		at: START,
		totalCostUsd: costUsd,
		models: { m: { ...USAGE, costUsd } },
		baseline: false,
		index: 1,
	});
	const driftOf = (...more: Fact[]) =>
		settle([started, prompt("transcript"), message("r1", START + 100), ...more, ended]).moments.filter(
			({ kind }) => kind === "cost.drift",
		);

	test("are compared for each model; more than a hundredth apart is notable", () => {
		expect(driftOf(ledger(150e-12))).toMatchObject([
			{ model: "m", ownPicoUsd: 150, clientPicoUsd: 150, notable: false },
		]);
		expect(driftOf(ledger(152e-12))).toMatchObject([{ clientPicoUsd: 152, notable: true }]);
	});

	test("agree on a search of the web, of which the ledger and a request of its own tell the cost", () => {
		const searched = (picoUsd: number) =>
			request("r2", START + 300, { picoUsd, querySource: "auxiliary", searchesWeb: true });
		const both = { ...USAGE, input: 2 * USAGE.input, output: 2 * USAGE.output };
		const client = (costUsd: number) => ({ ...ledger(costUsd), models: { m: { ...both, costUsd } } });
		const twice = 300 + 2 * 10e9;
		const own = request("r1", START + 103, { picoUsd: 150 });
		expect(driftOf(own, searched(150 + 2 * 10e9), client(twice / 1e12))).toMatchObject([
			{ ownPicoUsd: twice, clientPicoUsd: twice, notable: false },
		]);
		expect(driftOf(own, searched(150 + 2 * 10e9))).toMatchObject([{ ownPicoUsd: twice, clientPicoUsd: twice }]);
		// What is less than a search, or more than it may make, is none.
		expect(driftOf(own, searched(150 + 9e9))).toMatchObject([{ ownPicoUsd: 300, notable: true }]);
		expect(driftOf(own, searched(150 + 20 * 10e9))).toMatchObject([{ ownPicoUsd: 300 + 8 * 10e9, notable: true }]);
	});

	test("the client's word on each request stands in for a ledger; without either there is nothing to compare", () => {
		expect(driftOf(request("r1", START + 103))).toMatchObject([{ ownPicoUsd: 150, clientPicoUsd: 777, notable: true }]);
		expect(driftOf()).toEqual([]);
	});
});

describe("the context window", () => {
	test.each([
		["transcript", message],
		["native", request],
	] as const)(
		"tells each crossing of a threshold once, and again when it was emptied in between (%s)",
		(witness, tell) => {
			const { model, told } = startModel(undefined, undefined, { windowOf: () => 1000, thresholds: [0.5, 0.8] });
			const fill = (requestId: string, at: number, input: number) =>
				model.apply(tell(requestId, START + at, { usage: { ...NO_USAGE, input } }));
			model.apply(started);
			model.apply(prompt(witness));
			fill("r1", 100, 400);
			fill("r2", 200, 600);
			fill("r3", 300, 700);
			fill("r4", 400, 900);
			fill("r5", 500, 100);
			fill("r6", 600, 850);
			model.apply(tell("r7", START + 700, { agentId: "a1", usage: { ...NO_USAGE, input: 990 } }));
			model.settle();
			const crossings = told.moments.flatMap((moment) =>
				moment.kind === "context.threshold" ? [[moment.usedRatio, moment.threshold]] : [],
			);
			expect(crossings).toEqual([
				[0.6, 0.5],
				[0.9, 0.8],
				[0.85, 0.5],
				[0.85, 0.8],
			]);
		},
	);
});

describe("a call whose begin no hook tells", () => {
	const call = { toolUseId: "t1", toolName: "Read" };
	const requested: Fact = {
		...SEEN,
		source: "transcript",
		kind: "tool.requested",
		at: START + 100,
		messageId: "m",
		...call,
	};
	const hookEnd: Fact = {
		...SEEN,
		source: "hook",
		kind: "tool.ended",
		at: START + 200,
		outcome: "ok",
		durationMs: 30,
		inputDigest: "d",
		...call,
	};
	const asked: Fact = {
		...SEEN,
		source: "hook",
		kind: "permission.asked",
		at: START + 120,
		toolName: "Read",
		inputDigest: "d",
	};
	const toolOf = (...facts: Fact[]) => {
		const { episodes } = settle([started, prompt("transcript"), ...facts, ended]);
		return { tool: episodes.find(({ kind }) => kind === "tool"), wait: episodes.find(({ kind }) => kind === "wait") };
	};

	test("begins as long before its end as it took", () => {
		expect(toolOf(requested, hookEnd).tool).toMatchObject({ start: START + 170, end: START + 200, durationMs: 30 });
	});

	test("never begins before it was written, nor after the question about it", () => {
		const late: Fact = { ...requested, at: START + 180 };
		expect(toolOf(late, hookEnd).tool).toMatchObject({ start: START + 180 });
		const { tool, wait } = toolOf(requested, hookEnd, asked);
		expect(tool).toMatchObject({ start: START + 120 });
		expect(wait).toMatchObject({ start: START + 120, end: START + 170, parent: { kind: "tool", toolUseId: "t1" } });
	});

	test("that was refused after a question began when it was written", () => {
		const refused: Fact = {
			...SEEN,
			source: "transcript",
			kind: "tool.ended",
			at: START + 300,
			outcome: "denied",
			...call,
		};
		const { tool, wait } = toolOf(requested, refused, asked);
		expect(tool).toMatchObject({ start: START + 100, end: START + 300, status: "denied" });
		expect(wait).toMatchObject({ start: START + 120, end: START + 300 });
	});
});
