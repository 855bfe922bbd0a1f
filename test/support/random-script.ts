// One run made of chance: tools of every outcome, one by one and several at once, in the main loop and in agents to any
// depth and of any model; contexts that fill up; attempts that fail, are cut, or fail for good.
// In: a source of random numbers and limits. Out: a script, and how each call must end.

import { followScript } from "../../src/testing/script.ts";
import type {
	Script,
	ScriptBlock,
	ScriptedRequest,
	ScriptStep,
	ScriptUsage,
} from "../../src/testing/scripted-model.ts";
import { agent, bash, read, step, type ToolBlock, text, tool } from "./scripting.ts";
import type { Random } from "./seed.ts";

export type RandomScript = {
	script: Script;
	/** tool.status by call id, of calls that are made and come back; EITHER where claude may call it ok or an error. */
	statuses: Map<string, string>;
	/** For claude: what the denied calls are denied by. */
	args: string[];
};

/** At most so many of each; `callsFrom` is the fewest calls. */
export type RandomLimits = {
	callsFrom?: number;
	calls: number;
	agents: number;
	/** Attempts that fail or are cut before an answer comes. */
	mishaps: number;
};

/** For claude: so many attempts after the first, so that one that fails for good does so within a second or two. */
export const MAX_RETRIES = 2;
export const MODELS = ["opus", "sonnet", "haiku"] as const;

/** claude hands on what an agent had said before it failed, unless that was compacted away. */
export const EITHER = "ok or error";

const DENIED = "echo denied-by-rule";
/** A file that the test lays into the working directory. */
export const PRESENT_FILE = "present.txt";

/** How often a lane has each of these; a session of several runs has most of them. */
const FULL_CHANCE = 0.25;
const FATAL_CHANCE = 0.15;
const MISHAP_CHANCE = 0.5;

/** Of Claude Code 2.1.330: agents so deep have no Agent tool. */
const AGENT_DEPTH_MAX = 3;

type Lane = { prompt: string; depth: number; steps: ScriptBlock[][]; startedBy?: ToolBlock };

export function randomScript(random: Random, limits: RandomLimits): RandomScript {
	const statuses = new Map<string, string>();
	const call = () => {
		const [block, status] = randomCall(random);
		statuses.set(block.id, status);
		return block;
	};
	const lanes = randomLanes(random, limits, call, statuses);
	/** Steps that answer everything that their lane asks from then on. */
	const fatal = new Set<ScriptStep>();
	let mishaps = limits.mishaps;

	function stepsOf(lane: Lane): ScriptStep[] {
		const steps: ScriptStep[] = random.shuffle(lane.steps).map((blocks) => {
			const told: ScriptBlock[] = random.chance(0.5) ? [text("I go on."), ...blocks] : blocks;
			return { ...step(...told), usage: randomUsage(random) };
		});
		steps.push({ ...step(text(`end of ${lane.prompt}`)), usage: randomUsage(random) });
		if (random.chance(FULL_CHANCE)) {
			const full = steps[random.int(0, steps.length - 1)] as ScriptStep;
			full.usage = { ...full.usage, cacheRead: FULL_TOKENS };
		}
		const places = steps.map((_step, at) => at);
		for (const at of random.shuffle(places).toSorted((a, b) => b - a)) {
			if (mishaps === 0 || !random.chance(MISHAP_CHANCE / steps.length)) continue;
			const some = random.int(1, Math.min(mishaps, MAX_RETRIES));
			mishaps -= some;
			const usage = steps[at]?.usage;
			// claude would summarise after a cut answer with a full context, too.
			const prompt = usage?.cacheRead === FULL_TOKENS ? undefined : usage;
			steps.splice(at, 0, ...Array.from({ length: some }, () => randomMishap(random, call, prompt)));
		}
		if (random.chance(FATAL_CHANCE)) {
			const last: ScriptStep = { fault: { status: random.pick([400, 401, 404, 529]) } };
			fatal.add(last);
			steps.splice(random.int(0, steps.length - 1), steps.length, last);
			const told = steps.some(({ blocks = [] }) => blocks.some(({ type }) => type === "text"));
			if (lane.startedBy !== undefined && isAwaited(lane.startedBy))
				statuses.set(lane.startedBy.id, told ? EITHER : "error");
		}
		return steps;
	}
	const [main, ...others] = lanes.map((lane) => [lane.prompt, stepsOf(lane)] as const);
	return {
		script: scriptOf(random, main?.[1] ?? [], Object.fromEntries(others), fatal),
		statuses,
		args: ["--disallowedTools", `Bash(${DENIED})`],
	};
}

function randomLanes(
	random: Random,
	limits: RandomLimits,
	call: () => ToolBlock,
	statuses: Map<string, string>,
): Lane[] {
	const lanes: Lane[] = [{ prompt: "", depth: 0, steps: [] }];
	let callsLeft = random.int(limits.callsFrom ?? 1, limits.calls);
	const agents = random.int(0, Math.min(limits.agents, callsLeft - 1));
	for (let n = 0; n < agents; n++) {
		const parent = random.pick(lanes);
		const prompt = `LANE-${n}-task`;
		const background = parent === lanes[0] && random.chance(0.3);
		const model = random.pick([undefined, ...MODELS]);
		const starts = agent(prompt, { run_in_background: background, ...(model === undefined ? {} : { model }) });
		callsLeft--;
		parent.steps.push([starts]);
		const isGiven = parent.depth < AGENT_DEPTH_MAX;
		statuses.set(starts.id, isGiven ? "ok" : "error");
		if (isGiven) lanes.push({ prompt, depth: parent.depth + 1, steps: [], startedBy: starts });
	}
	while (callsLeft > 0) {
		const together = Math.min(callsLeft, random.chance(0.4) ? random.int(2, 6) : 1);
		callsLeft -= together;
		random.pick(lanes).steps.push(Array.from({ length: together }, call));
	}
	return lanes;
}

function isAwaited({ input }: ToolBlock): boolean {
	return (input as { run_in_background?: boolean }).run_in_background !== true;
}

/** Summaries of the conversation come out well, or after an attempt that did not. */
function scriptOf(
	random: Random,
	main: ScriptStep[],
	agents: Record<string, ScriptStep[]>,
	fatal: ReadonlySet<ScriptStep>,
): Script {
	const follow = followScript({ main, agents });
	const broken = new Map<string, ScriptStep>();
	const summarize = randomSummaries(random);
	return (request) => {
		if (request.isCompaction) return summarize(request);
		const next = broken.get(request.lane) ?? follow(request);
		if (fatal.has(next)) broken.set(request.lane, next);
		return next;
	};
}

/** What answers requests for summaries; one seed gives one list, whichever lane asks first. */
export function randomSummaries(random: Random): (request: ScriptedRequest) => ScriptStep {
	const steps = Array.from({ length: SUMMARIES_MAX }, (): ScriptStep[] => [
		...(random.chance(0.2) ? [{ fault: { status: 529 } }] : []),
		...(random.chance(0.1) ? [{ ...step(text("cut")), usage: randomUsage(random), fault: CUT }] : []),
		{ ...step(text("<analysis>a</analysis><summary>in short</summary>")), usage: randomUsage(random) },
	]).flat();
	return () => steps.shift() ?? step(text("<summary>once more</summary>"));
}

function randomCall(random: Random): [ToolBlock, string] {
	const number = random.int(1, 99);
	const made: (() => [ToolBlock, string])[] = [
		() => [bash(`echo ${number}`), "ok"],
		() => [bash(`seq 1 ${number * 20}`), "ok"],
		() => [bash(`exit ${number}`), "error"],
		() => [read(PRESENT_FILE), "ok"],
		() => [read(`absent-${number}.txt`), "error"],
		() => [tool("NoSuchTool", { number }), "error"],
		() => [tool("Bash", { wrong: number }), "error"],
		() => [bash(DENIED), "denied"],
	];
	return random.pick(made)();
}

/**
 * An attempt that will be made again, most often with the same prompt. A call of a cut answer runs all the same if it was told
 * to its end.
 */
function randomMishap(random: Random, call: () => ToolBlock, prompt: ScriptStep["usage"]): ScriptStep {
	if (random.chance(0.5)) return { fault: { status: random.pick([529, 500]) } };
	const cut = random.pick(["before-content", "mid-block", "after-block", "error-event"] as const);
	const blocks = random.pick([[text("this one is cut")], [text("and this"), call()], [call()]]);
	const usage = { ...randomUsage(random), ...(random.chance(0.7) ? prompt : {}) };
	return { ...step(...blocks), usage, fault: { cut } };
}

/** More than any window leaves free: claude summarises before its next request. */
const FULL_TOKENS = 985_000;
const SUMMARIES_MAX = 20;
const CUT = { cut: "mid-block" as const };

/** Far below what fills the window. */
function randomUsage(random: Random): ScriptUsage {
	return {
		input: random.int(0, 500),
		output: random.int(1, 2_000),
		cacheRead: random.pick([0, random.int(1, 30_000)]),
		cacheWrite5m: random.pick([0, random.int(1, 5_000)]),
		cacheWrite1h: random.pick([0, random.int(1, 5_000)]),
	};
}
