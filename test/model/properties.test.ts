// What holds of any run, recorded or random: the order and the number of times in which facts come do not matter,
// nothing is handed on twice, nothing is lost, and nothing throws.
import {
	type Arbitrary,
	boolean as anyBoolean,
	double as anyDouble,
	assert as assertProperty,
	asyncProperty,
	constantFrom,
	integer,
	nat,
	property,
	record,
	tuple,
} from "fast-check";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../src/model/fact.ts";
import { playRun, scenarios } from "../flows/play.ts";
import { createInMemorySignals } from "../signals/in-memory.ts";
import { assertSound } from "../signals/sound.ts";
import { seededRandom, seeds } from "../support/seed.ts";
import { createRandomSession, type RandomSession, type SessionSize } from "./random-session.ts";
import { bytesOf, orphansOf, refsOf, settle, startModel, sumOf } from "./run-model.ts";

const SEEDS = seeds();
/** How many random cases of each property, by TEST_SEEDS. */
const RUNS = SEEDS.length * 8;

const anySize = record({
	turns: integer({ min: 1, max: 6 }),
	calls: integer({ min: 0, max: 60 }),
	agents: integer({ min: 0, max: 5 }),
	hooks: constantFrom("all" as const, "few" as const, "none" as const),
	transcript: anyBoolean(),
});
const anySession = record({ seed: nat(), size: anySize }).map(({ seed, size }) => {
	// A run that leaves no transcript registers every hook.
	const hooks = size.hooks === "few" && !size.transcript ? "all" : size.hooks;
	return make(seed, { ...size, hooks });
});

function make(seed: number, size: SessionSize): RandomSession {
	return createRandomSession(seededRandom(seed), size);
}

function check<T>(arbitrary: Arbitrary<T>, holds: (value: T) => void): void {
	assertProperty(property(arbitrary, holds), { numRuns: RUNS, seed: SEEDS[0] });
}

function shuffled(facts: readonly Fact[], seed: number): Fact[] {
	const random = seededRandom(seed);
	return random.shuffle([...facts, ...facts.filter(() => random.chance(0.5))]);
}

describe("facts of a random session", () => {
	test("in any order, and doubled, give the same bytes", () => {
		check(tuple(anySession, nat()), ([{ facts }, seed]) => {
			expect(bytesOf(settle(shuffled(facts, seed)))).toBe(bytesOf(settle(facts)));
		});
	});

	test("give every episode once, and every parent that is named", () => {
		check(anySession, ({ facts }) => {
			const told = settle(facts);
			const refs = refsOf(told);
			expect(new Set(refs).size).toBe(refs.length);
			expect(orphansOf(told)).toEqual([]);
			expect(told.episodes.filter(({ start, end }) => !(end >= start))).toEqual([]);
			expect([...told.flying.values()].filter((count) => count !== 0)).toEqual([]);
		});
	});

	test("give tokens, calls, turns and agents as they were", () => {
		check(anySession, (session) => {
			const { episodes } = settle(session.facts);
			expect(sumOf(episodes, "session")).toEqual(sumOf(episodes, "chat"));
			// A compaction takes what the ledger has beyond the answers, here the stumps of cut streams.
			const answered = episodes.filter((episode) => episode.kind !== "chat" || episode.querySource !== "compact");
			expect(sumOf(answered, "chat")).toEqual(session.billed);
			const count = (kind: string) => episodes.filter((episode) => episode.kind === kind).length;
			const { facts } = session;
			if (!facts.some(({ kind }) => kind === "prompt.submitted")) return;
			expect(count("turn")).toBe(session.humanTurns + session.syntheticTurns);
			expect(count("tool")).toBe(session.calls);
			expect(count("agent")).toBe(session.agents);
			const sessions = episodes.filter((episode) => episode.kind === "session");
			expect(sessions.reduce((sum, { turns }) => sum + turns, 0)).toBe(session.humanTurns);
			expect(sessions.reduce((sum, { totals }) => sum + totals.toolsUsed, 0)).toBe(session.calls);
		});
	});

	test("make a sound export: no orphan, no span unended, no id twice, sums that agree", async () => {
		await assertProperty(
			asyncProperty(anySession, constantFrom("session" as const, "turn" as const), async ({ facts }, shape) => {
				const signals = createInMemorySignals({ shape });
				const { model } = startModel(undefined, signals.output);
				for (const fact of facts) model.apply(fact);
				model.settle();
				const exported = await signals.exported();
				expect(() => assertSound(exported)).not.toThrow();
			}),
			{ numRuns: RUNS, seed: SEEDS[0] },
		);
	});

	test("never throw, and are sound, where some of them are missing", () => {
		check(tuple(anySession, nat(), anyDouble({ min: 0, max: 1, noNaN: true })), ([{ facts }, seed, kept]) => {
			const random = seededRandom(seed);
			const told = settle(shuffled(facts, seed).filter(() => random.chance(kept)));
			const refs = refsOf(told);
			expect(new Set(refs).size).toBe(refs.length);
			expect(orphansOf(told)).toEqual([]);
			expect(sumOf(told.episodes, "session")).toEqual(sumOf(told.episodes, "chat"));
		});
	});

	test("are handed on once each while they come, and add up to the same", () => {
		check(tuple(anySession, nat()), ([{ facts }, seed]) => {
			const random = seededRandom(seed);
			const { model, told } = startModel();
			let now = 0;
			for (const fact of arrival(facts, seed)) {
				model.apply(fact.fact);
				now = Math.max(now, fact.at);
				if (random.chance(0.3)) model.advance(now);
			}
			model.settle();
			const refs = refsOf(told);
			expect(new Set(refs).size).toBe(refs.length);
			expect(told.late).toEqual([]);
			const atOnce = settle(facts);
			expect(refs).toEqual(refsOf(atOnce));
			expect(settledPartsOf(told)).toEqual(settledPartsOf(atOnce));
			expect(sumOf(told.episodes, "chat")).toEqual(sumOf(atOnce.episodes, "chat"));
		});
	});

	test("are handed on at most once however late they come", () => {
		check(tuple(anySession, nat()), ([{ facts }, seed]) => {
			const random = seededRandom(seed);
			const { model, told } = startModel();
			let now = 0;
			for (const fact of shuffled(facts, seed)) {
				model.apply(fact);
				now = Math.max(now, fact.at);
				if (random.chance(0.2)) model.advance(now);
			}
			model.settle();
			const refs = refsOf(told);
			expect(new Set(refs).size).toBe(refs.length);
		});
	});
});

describe("facts of recorded sessions", () => {
	test.each(scenarios())("$name: in any order, and doubled, give the same bytes", async (scenario) => {
		for (const index of scenario.runs.keys()) {
			const { facts } = await playRun(scenario, index, { level: "full" });
			const inOrder = bytesOf(settle(facts));
			for (const seed of SEEDS) expect(bytesOf(settle(shuffled(facts, seed)))).toBe(inOrder);
		}
	});

	test.each(scenarios())("$name: each fact alone left out neither throws nor tears the tree", async (scenario) => {
		const { facts } = await playRun(scenario, 0);
		for (const left of facts.keys()) {
			const told = settle(facts.filter((_fact, at) => at !== left));
			expect(orphansOf(told)).toEqual([]);
		}
	});
});

/**
 * What does not depend on when it is handed on. The rest does by design: a turn and an agent are told without what
 * their agents do more than two seconds after their end; of attempts that were cut only the stumps are known before the
 * client's ledger is written; a call that nobody ever closed ends with what it lies in, as far as that is known.
 */
function settledPartsOf({ episodes }: ReturnType<typeof settle>): string[] {
	const lost = new Set(episodes.flatMap((it) => (it.kind === "tool" && it.status === "lost" ? [it.toolUseId] : [])));
	const parts = episodes.map((episode) => {
		const { ref } = episode;
		if (ref.kind === "wait" && lost.has(ref.toolUseId)) return { ...episode, end: undefined };
		if (episode.kind === "turn") return { ...episode, totals: undefined, own: undefined };
		if (episode.kind === "agent") return { ...episode, totals: undefined };
		if (episode.kind === "chat") return { ...episode, lost: undefined, picoUsd: undefined };
		return episode.kind === "tool" && episode.status === "lost" ? { ...episode, end: undefined } : episode;
	});
	return parts.map((part) => JSON.stringify(part)).toSorted();
}

/** Hooks arrive at once and in order; what a transcript tells is read up to 400 ms later. */
function arrival(facts: readonly Fact[], seed: number): { at: number; fact: Fact }[] {
	const random = seededRandom(seed);
	const lags = new Map<string, number>();
	const arriving = facts.map((fact) => {
		if (fact.source !== "transcript") return { at: fact.at, fact };
		// A file is read in its order; an agent's description lies beside its file.
		const file = `${fact.sessionId} ${fact.agentId ?? ""}`;
		const at = Math.max(lags.get(file) ?? 0, fact.at + random.int(0, 400));
		lags.set(file, at);
		return { at, fact };
	});
	return arriving.toSorted((a, b) => a.at - b.at);
}
