// A session made of chance: tools of every outcome, one by one and several at once, in the main loop and in agents to
// any depth. In: a source of random numbers and limits. Out: a script, and how each call must end.

import type { ScriptBlock, ScriptStep, ScriptUsage } from "../../src/testing/scripted-model.ts";
import { agent, bash, read, step, type ToolBlock, text, tool } from "./scripting.ts";
import type { Random } from "./seed.ts";

export type RandomScript = {
	script: { main: ScriptStep[]; agents: Record<string, ScriptStep[]> };
	/** tool.status by call id. */
	statuses: Map<string, string>;
	agents: number;
	/** For claude: what the denied calls are denied by. */
	args: string[];
};

/** At most so many of each; `callsFrom` is the fewest calls. */
export type RandomLimits = { callsFrom?: number; calls: number; agents: number; retries: number };

const DENIED = "echo denied-by-rule";
/** A file that the test lays into the working directory. */
export const PRESENT_FILE = "present.txt";

type Lane = { prompt: string; background: boolean; steps: ScriptBlock[][] };

export function randomScript(random: Random, limits: RandomLimits): RandomScript {
	const statuses = new Map<string, string>();
	const call = () => {
		const [block, status] = randomCall(random);
		statuses.set(block.id, status);
		return block;
	};

	const lanes: Lane[] = [{ prompt: "", background: false, steps: [] }];
	let callsLeft = random.int(limits.callsFrom ?? 1, limits.calls);
	const agents = random.int(0, Math.min(limits.agents, callsLeft - 1));
	for (let n = 0; n < agents; n++) {
		const parent = random.pick(lanes);
		const prompt = `LANE-${n}-task`;
		const background = parent === lanes[0] && random.chance(0.3);
		const starts = agent(prompt, { run_in_background: background });
		statuses.set(starts.id, "ok");
		callsLeft--;
		parent.steps.push([starts]);
		lanes.push({ prompt, background, steps: [] });
	}
	while (callsLeft > 0) {
		const together = Math.min(callsLeft, random.chance(0.4) ? random.int(2, 6) : 1);
		callsLeft -= together;
		random.pick(lanes).steps.push(Array.from({ length: together }, call));
	}

	let retries = limits.retries;
	const script = (lane: Lane): ScriptStep[] => {
		const steps = random.shuffle(lane.steps).map((blocks) => {
			const told: ScriptBlock[] = random.chance(0.5) ? [text("I go on."), ...blocks] : blocks;
			return { ...step(...told), usage: randomUsage(random) };
		});
		const all: ScriptStep[] = [...steps, { ...step(text(`end of ${lane.prompt}`)), usage: randomUsage(random) }];
		if (retries > 0 && random.chance(0.3)) {
			retries--;
			all.splice(random.int(0, all.length - 1), 0, { fault: { status: random.pick([529, 500]) } });
		}
		return all;
	};
	const [main, ...others] = lanes as [Lane, ...Lane[]];
	return {
		script: { main: script(main), agents: Object.fromEntries(others.map((lane) => [lane.prompt, script(lane)])) },
		statuses,
		agents,
		args: ["--disallowedTools", `Bash(${DENIED})`],
	};
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

/** Far below what fills the window, so that nothing is compacted. */
function randomUsage(random: Random): ScriptUsage {
	return {
		input: random.int(0, 500),
		output: random.int(1, 2_000),
		cacheRead: random.pick([0, random.int(1, 30_000)]),
		cacheWrite5m: random.pick([0, random.int(1, 5_000)]),
		cacheWrite1h: random.pick([0, random.int(1, 5_000)]),
	};
}
