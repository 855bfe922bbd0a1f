// One random session through the real claude, in several runs: begun, continued, resumed, forked, compacted, each with a
// model of its own. Each run is checked against its script and the model's bill. In: a seed and limits.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

import type { ScriptedRequest } from "../../src/testing/scripted-model.ts";
import { type Asked, askedOf } from "./asked.ts";
import { assertCost, clientTotals, NOTHING } from "./client-ledger.ts";
import { lostFaults } from "./lost-tokens.ts";
import { assertTold, callsOf, outline, spanNamed } from "./oracle.ts";
import type { Span } from "./otlp-plain.ts";
import {
	EITHER,
	MAX_RETRIES,
	MODELS,
	PRESENT_FILE,
	type RandomLimits,
	randomScript,
	randomSummaries,
} from "./random-script.ts";
import { type Random, seededRandom } from "./seed.ts";
import { FREE_HAND, openStage, PROTOCOLS, type Stage } from "./stage.ts";
import { addUp, type Tokens, tokensOf, usageTokens } from "./tokens.ts";

const EXIT_GRACE_MS = 15_000;

type Begin = "startup" | "continue" | "resume" | "fork" | "compact";
const LATER: readonly Begin[] = ["continue", "continue", "resume", "fork", "compact"];

export async function runRandomSession(
	seed: number,
	limits: RandomLimits & { runs: number },
	timeoutMs: number,
	way: Way = "-p",
): Promise<void> {
	const random = seededRandom(seed);
	const protocol = random.pick(PROTOCOLS);
	const transport = random.pick(["http", "http", "socket"]);
	const runs = random.int(1, limits.runs);
	const share = (calls: number) => Math.ceil(calls / runs);
	const perRun = { ...limits, callsFrom: share(limits.callsFrom ?? 1), calls: share(limits.calls) };
	const env = {
		CLAUDE_OTEL_HOOK_TRANSPORT: transport,
		CLAUDE_CODE_MAX_RETRIES: String(MAX_RETRIES),
		// How long a busy machine may take to deliver is not what is asked here.
		CLAUDE_OTEL_EXIT_GRACE_MS: String(EXIT_GRACE_MS),
	};
	const stage = await openStage({ main: [] }, { protocol, env });
	const begun: Begin[] = [];
	try {
		writeFileSync(join(stage.home.work, PRESENT_FILE), "present\n");
		const sessions: string[] = [];
		for (let run = 0; run < runs; run++) {
			const begin = run === 0 ? "startup" : random.pick(LATER);
			begun.push(begin);
			sessions.push(await runOnce(stage, random, { begin, run, limits: perRun, sessions, timeoutMs, way }));
		}
		const { spans } = stage.receiver;
		expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
		const told = spans.filter(({ name }) => name === "claude.session").map((span) => tokensOf(span.attributes));
		expect(addUp(told)).toEqual(addUp(Object.values(stage.model.billed()).map(usageTokens)));
	} catch (error) {
		const what = error instanceof Error ? error.message : String(error);
		throw new Error(`Seed ${seed} (${way}, ${protocol}, ${transport}, ${begun.join(", ")}): ${what}\n${show(stage)}`, {
			cause: error,
		});
	} finally {
		await stage.close();
	}
}

/** For whom looks into a failure: what was asked, and what was told. */
function show({ model, receiver }: Stage): string {
	const log = model.requests.map(
		({ at, lane, model: name, isCompaction, outcome, requestId, usage }) =>
			`${at} ${lane} ${name}${isCompaction ? " (summary)" : ""} ${outcome} ${requestId} ${JSON.stringify(usage)}`,
	);
	return `${log.join("\n")}${outline(receiver.spans, { attributes: SHOWN })}`;
}

const SHOWN = "tool.status turn.status agent.status error.type query_source request.id request.attempts tokens.total"
	.concat(" tokens.lost.input tokens.source claude.cost_usd claude.cost_basis")
	.split(" ");

type Way = "-p" | "--use-sdk";
type RunPlan = {
	begin: Begin;
	run: number;
	limits: RandomLimits;
	sessions: string[];
	timeoutMs: number;
	way: Way;
};

/** Returns the id of the session that it was. */
async function runOnce(stage: Stage, random: Random, plan: RunPlan): Promise<string> {
	const { begin, run, sessions, timeoutMs, way } = plan;
	const made = randomScript(random, plan.limits);
	const summarize = randomSummaries(random);
	const script = begin === "compact" ? summarize : made.script;
	stage.model.setScript(script);
	const earlier = random.pick([...sessions, ""]) || sessions.at(-1);
	const model = random.chance(0.5) ? ["--model", random.pick(MODELS)] : [];
	const args = [...beginArgs(begin, earlier ?? ""), ...model, ...made.args];
	const from = { spans: stage.receiver.spans.length, requests: stage.model.requests.length };
	const before = clientTotals(stage.home);
	const { code, stderr } = await stage.run([way, begin === "compact" ? "/compact" : `run ${run}`, FREE_HAND, ...args], {
		timeoutMs,
	});

	const spans = stage.receiver.spans.slice(from.spans);
	const requests = stage.model.requests.slice(from.requests);
	const asked = askedOf(requests);
	const broken = asked.some(({ lane, isCompaction, end }) => lane === "main" && !isCompaction && end === "failed");
	expect({ code, stderr }).toEqual({ code: broken ? 1 : 0, stderr: "" });
	assertTold(spans, requests);
	assertOutcomes(spans, requests, asked, made.statuses);

	const { attributes } = spanNamed(spans, "claude.session");
	const sessionId = String(attributes["session.id"]);
	expect(attributes["session.source"]).toBe({ startup: "startup", fork: "fork" }[begin as string] ?? "resume");
	const goneOn = before.get(begin === "fork" ? (earlier ?? "") : sessionId) ?? NOTHING;
	const counted = clientTotals(stage.home).get(sessionId) ?? goneOn;
	assertCost(spans, counted.usd - goneOn.usd);
	assertLost(attributes, requests, minus(counted.tokens, goneOn.tokens));
	expect(lostFaults(spans, asked)).toEqual([]);
	return sessionId;
}

function beginArgs(begin: Begin, earlier: string): string[] {
	switch (begin) {
		case "startup":
			return [];
		case "continue":
		case "compact":
			return ["--continue"];
		case "resume":
			return ["--resume", earlier];
		case "fork":
			return ["--resume", earlier, "--fork-session"];
		default:
			return begin satisfies never;
	}
}

/** Each call, each agent and each turn ended as the script has it. */
function assertOutcomes(
	spans: Span[],
	requests: ScriptedRequest[],
	asked: Asked[],
	statuses: ReadonlyMap<string, string>,
): void {
	const softened = (id: unknown, status: unknown) =>
		statuses.get(String(id)) === EITHER && (status === "ok" || status === "error") ? EITHER : status;
	const told = spans.flatMap(({ attributes }) =>
		attributes["gen_ai.operation.name"] === "execute_tool"
			? [[attributes["tool.use_id"], softened(attributes["tool.use_id"], attributes["tool.status"])] as const]
			: [],
	);
	const expected = callsOf(asked).map(({ block: { id = "" } }) => [id, statuses.get(id)] as const);
	expect(new Map(told.toSorted())).toEqual(new Map(expected.toSorted()));

	const agents = spans.flatMap(({ attributes }) =>
		attributes["gen_ai.agent.id"] === undefined
			? []
			: [`${attributes["gen_ai.agent.id"]} ${attributes["agent.status"]}`],
	);
	const lanes = new Set(requests.map(({ lane }) => lane).filter((lane) => lane !== "main"));
	const failed = new Set(
		asked.flatMap(({ lane, end, isCompaction }) => (end === "failed" && !isCompaction ? [lane] : [])),
	);
	expect(agents.toSorted()).toEqual(
		[...lanes].map((lane) => `${lane} ${failed.has(lane) ? "error" : "ok"}`).toSorted(),
	);
}

/** What the client counts beyond the answers, of attempts that were cut, is told as lost. */
function assertLost(session: Span["attributes"], requests: ScriptedRequest[], counted: Tokens): void {
	const answered = requests.filter(({ outcome }) => outcome === "answered");
	const billed = addUp(answered.map(({ usage }) => usageTokens(usage)));
	expect({
		input: session["tokens.lost.input"] ?? 0,
		output: session["tokens.lost.output"] ?? 0,
		cacheRead: session["tokens.lost.cache_read"] ?? 0,
		cacheWrite: session["tokens.lost.cache_creation"] ?? 0,
	}).toEqual(lostOf(minus(counted, billed)));
}

function lostOf({ input, output, cacheRead, cacheWrite }: Tokens) {
	return { input, output, cacheRead, cacheWrite };
}

function minus(tokens: Tokens, others: Tokens): Tokens {
	const entries = Object.entries(tokens).map(([key, count]) => [key, count - others[key as keyof Tokens]]);
	return Object.fromEntries(entries) as Tokens;
}
