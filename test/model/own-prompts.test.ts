// Two claudes in one session, in one transcript: which facts are this run's.
import { expect, test } from "vitest";
import type { Fact } from "../../src/model/fact.ts";
import { UNNAMED_FACTS_MAX } from "../../src/model/limits.ts";
import { createOwnPrompts } from "../../src/model/own-prompts.ts";
import { NO_USAGE } from "../../src/model/usage.ts";
import { seededRandom, seeds } from "../support/seed.ts";
import { runEnded, runStarted, START } from "./facts.ts";

const AT = START;
const SEEDS = seeds();

const run = (native: boolean) => runStarted({ interactive: true, native });
const exit = (end: { exitCode?: number; signal?: string }) =>
	runEnded({ at: AT + 100_000, exitCode: undefined, ...end });
const prompt = (source: Fact["source"], promptId: string, at: number, agentId?: string): Fact => ({
	source,
	kind: "prompt.submitted",
	at: AT + at,
	sessionId: "s",
	promptId,
	agentId,
	synthetic: false,
});
const answer = (promptId: string, at: number, agentId?: string): Fact => ({
	source: "transcript",
	kind: "message.seen",
	at: AT + at,
	sessionId: "s",
	promptId,
	agentId,
	messageId: `m ${promptId} ${agentId ?? ""}`,
	requestedModel: "claude-opus-5-5",
	responseModel: "claude-opus-5-5",
	usage: NO_USAGE,
	textBytes: 0,
	blockIndex: 0,
});
const ledger = (index: number): Fact => ({
	source: "transcript",
	kind: "cost.state",
	at: AT,
	sessionId: "s",
	totalCostUsd: index,
	models: {},
	baseline: false,
	index,
});
const described = (agentId: string): Fact => ({
	source: "transcript",
	kind: "agent.described",
	at: AT,
	sessionId: "s",
	agentId,
	agentType: "general-purpose",
});

/** What each fact that goes through tells of. */
function pass(facts: readonly Fact[]): { told: Fact[]; dropped: number } {
	let dropped = 0;
	const own = createOwnPrompts(() => dropped++);
	const told = facts.flatMap((fact) => own.admit(fact));
	return { told: [...told, ...own.rest()], dropped };
}

const OURS = [prompt("hook", "ours", 0), prompt("transcript", "ours", 1), answer("ours", 500)];
const OUR_AGENT = [described("our agent"), answer("ours", 600, "our agent")];
const THEIRS = [
	prompt("transcript", "theirs", 2000),
	answer("theirs", 2500),
	described("their agent"),
	answer("theirs", 2600, "their agent"),
];
/** Of prompts that are answered together, the last alone is named. */
const TOGETHER: Fact[] = [
	prompt("transcript", "first", 20_000),
	{ ...prompt("transcript", "last", 20_005), together: "first" } as Fact,
	{ source: "hook", kind: "turn.stopped", at: AT + 21_000, sessionId: "s", promptId: "last" },
];
const LATER = [prompt("native", "later", 9000), prompt("transcript", "later", 9000), answer("later", 9500)];

test("of two claudes in one transcript the facts of this run's go through, once and in whatever order they come", () => {
	const ours = [...OURS, ...OUR_AGENT, ...LATER, ...TOGETHER];
	for (const seed of SEEDS) {
		const facts = [...seededRandom(seed).shuffle([...ours, ...THEIRS]), exit({ exitCode: 0 })];
		const { told, dropped } = pass([run(true), ...facts]);
		const texts = (list: readonly Fact[]) => list.map((fact) => JSON.stringify(fact)).toSorted();
		expect(texts(told), `seed ${seed}`).toEqual(texts([run(true), ...ours, exit({ exitCode: 0 })]));
		expect(dropped, `seed ${seed}`).toBe(THEIRS.length);
	}
});

test("what waits goes through as soon as somebody names its prompt, behind what named it", () => {
	const own = createOwnPrompts(() => expect.fail("a fact was dropped"));
	own.admit(run(true));
	expect(own.admit(prompt("transcript", "ours", 0))).toEqual([]);
	expect(own.admit(answer("ours", 10))).toEqual([]);
	const named = prompt("native", "ours", 0);
	expect(own.admit(named)).toEqual([named, prompt("transcript", "ours", 0), answer("ours", 10)]);
	expect(own.admit(answer("ours", 20))).toEqual([answer("ours", 20)]);
});

test("where the transcript tells alone, all of it is this run's", () => {
	const own = createOwnPrompts(() => expect.fail("a fact was dropped"));
	own.admit(run(false));
	for (const fact of [...OURS.slice(1), ...THEIRS]) expect(own.admit(fact)).toEqual([fact]);
});

test("what a killed claude could not tell any more is its own", () => {
	const last = [prompt("transcript", "last", 9400), answer("last", 9900)];
	expect(pass([run(true), ...OURS, ...LATER, ...last, exit({ signal: "SIGKILL" })]).dropped).toBe(0);
	expect(pass([run(true), ...OURS, ...LATER, ...last]).dropped).toBe(0);
	expect(pass([run(true), ...OURS.slice(1), exit({ signal: "SIGKILL" })]).dropped).toBe(0);
	// But before what it told last it told all.
	expect(pass([run(true), ...OURS, ...THEIRS, ...LATER, exit({ signal: "SIGKILL" })]).dropped).toBe(THEIRS.length);
});

test("a queued prompt that was broken off is this claude's though no hook names it, and no more than were queued", () => {
	// Its hook comes when it is typed, with the id of the prompt that is answered then; told twice it is one prompt all the same.
	const typed = prompt("hook", "ours", 300);
	const queued = [prompt("transcript", "queued", 1000), answer("queued", 1200)];
	const next = [prompt("hook", "next", 9000), prompt("transcript", "next", 9001), answer("next", 9500)];
	const theirs = THEIRS.slice(0, 2);
	const facts = [...OURS, typed, typed, ...queued, ...theirs, ...next, exit({ exitCode: 0 })];
	const { told, dropped } = pass([run(false), ...facts]);
	expect(told).toEqual(expect.arrayContaining(queued));
	expect(dropped).toBe(theirs.length);
	// Native telemetry names all of them.
	expect(pass([run(true), ...facts, ...LATER]).dropped).toBe(theirs.length + queued.length);
});

test("where nobody heard its prompts any more, its end names them", () => {
	const deaf = [prompt("transcript", "next", 9000), answer("next", 9500), prompt("transcript", "last", 9600)];
	const ended = (promptId: string): Fact => ({
		source: "hook",
		kind: "session.ended",
		at: AT + 20_000,
		sessionId: "s",
		promptId,
		reason: "prompt_input_exit",
	});
	const { dropped } = pass([run(true), ...OURS, ...deaf, ended("last"), exit({ exitCode: 0 })]);
	expect(dropped).toBe(0);
	expect(pass([run(true), ...OURS, ...deaf, ended("ours"), exit({ exitCode: 0 })]).dropped).toBe(deaf.length);
});

test("a command of Claude Code's own is this run's, though no hook tells of it", () => {
	const { told, dropped } = pass([run(false), ...OURS, answer("/compact", 3000), exit({ exitCode: 0 })]);
	expect(dropped).toBe(0);
	expect(told).toContainEqual(answer("/compact", 3000));
	expect(pass([run(false), ...OURS, ...THEIRS, exit({ exitCode: 0 })]).dropped).toBeGreaterThan(0);
});

test("a ledger behind another claude's prompts counts nowhere: whose it is nobody says", () => {
	const { told } = pass([run(true), ...OURS, ledger(1), ...THEIRS, ledger(2), ...LATER, exit({ exitCode: 0 })]);
	expect(told.filter(({ kind }) => kind === "cost.state")).toEqual([ledger(1)]);
	const alone = pass([run(true), ...OURS.slice(1), ledger(1), OURS[0] as Fact, exit({ exitCode: 0 })]);
	expect(alone.told).toContainEqual(ledger(1));
});

test("beyond a limit the oldest is not this run's; where nobody ever named a prompt, all is", () => {
	const many = Array.from({ length: UNNAMED_FACTS_MAX }, (_, index) => answer("theirs", 2000 + index));
	let dropped = 0;
	const own = createOwnPrompts(() => dropped++);
	for (const fact of [run(true), ...OURS, ...many, answer("next", 3000)]) own.admit(fact);
	expect(dropped).toBe(UNNAMED_FACTS_MAX);
	const silent = createOwnPrompts(() => expect.fail("a fact was dropped"));
	const told = [run(true), ...many, answer("next", 3000)].flatMap((fact) => silent.admit(fact));
	expect(told).toHaveLength(1 + UNNAMED_FACTS_MAX + 1);
	expect(silent.admit(answer("next", 3001))).toHaveLength(1);
});
