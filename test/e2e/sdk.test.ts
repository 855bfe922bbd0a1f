// The second way to run: by the Agent SDK. For the same script the trace must be the wrapper's.

import { afterEach, expect, test } from "vitest";
import type { Script } from "../../src/testing/scripted-model.ts";
import { assertTold } from "../support/oracle.ts";
import type { RunOptions, RunResult } from "../support/run.ts";
import { agent, bash, read, step, text, tool } from "../support/scripting.ts";
import { FREE_HAND, openStage, type Stage, type StageOptions } from "../support/stage.ts";
import { buildTree, printTree } from "../support/tree.ts";

const stages: Stage[] = [];
afterEach(async () => {
	for (const stage of stages.splice(0)) await stage.close();
});

async function stageFor(script: Script, options?: StageOptions): Promise<Stage> {
	const stage = await openStage(script, options);
	stages.push(stage);
	return stage;
}

interface Both {
	wrapper: Stage;
	sdk: Stage;
	runs: { wrapper: RunResult; sdk: RunResult };
}

/** The same script and arguments, in two homes. */
async function runBoth(
	script: () => Script,
	args: string[],
	options: RunOptions & { stage?: StageOptions } = {},
): Promise<Both> {
	const wrapper = await stageFor(script(), options.stage);
	const sdk = await stageFor(script(), options.stage);
	const runs = {
		wrapper: await wrapper.run(["-p", ...args], options),
		sdk: await sdk.run(["--use-sdk", ...args], options),
	};
	return { wrapper, sdk, runs };
}

/** Of a run and its moment: everything else must be equal. */
const MOMENTARY =
	/(?:_ms|\.id|_id|first_chunk|\.key|revision|hash)$|^(?:claude\.args_|log\.record\.uid|tool\.input\.|tool\.response\.)/;

function told(stage: Stage): string {
	const { spans } = stage.receiver;
	const names = [...new Set(spans.flatMap((span) => Object.keys(span.attributes)))].toSorted();
	const attributes = names.filter((name) => !MOMENTARY.test(name));
	return printTree(buildTree(spans), { sorted: true, attributes }).replaceAll(stage.home.home, "/HOME");
}

test("x", async () => {
	const first = bash("echo one");
	const { wrapper, sdk, runs } = await runBoth(
		() => ({ main: [step(first)].map((s) => ({ ...s, usage: { input: 5, output: 6 } })).concat([{ blocks: [text("All done.")], usage: { input: 7, output: 8 } } as never]) }),
		["use the tools", FREE_HAND],
	);
	console.log(runs.sdk, told(wrapper), told(sdk));
	expect(told(sdk)).toBe(told(wrapper));
	assertTold(sdk.receiver.spans, sdk.model.requests);
	void read; void tool; void agent;
});
