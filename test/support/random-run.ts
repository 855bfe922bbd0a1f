// One random session through the real claude, checked against its script and the model's bill. In: a seed and limits.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { ledgersUsd } from "./claude-home.ts";
import { assertCost, assertTold } from "./oracle.ts";
import { PRESENT_FILE, type RandomLimits, randomScript } from "./random-script.ts";
import { seededRandom } from "./seed.ts";
import { FREE_HAND, openStage, PROTOCOLS } from "./stage.ts";

export async function runRandomSession(
	seed: number,
	limits: RandomLimits,
	timeoutMs: number,
	way: "-p" | "--use-sdk" = "-p",
): Promise<void> {
	const random = seededRandom(seed);
	const protocol = random.pick(PROTOCOLS);
	const transport = random.pick(["http", "http", "socket"]);
	const runs = random.chance(0.3) ? 2 : 1;
	const share = (calls: number) => Math.ceil(calls / runs);
	const perRun = { ...limits, callsFrom: share(limits.callsFrom ?? 1), calls: share(limits.calls) };
	const stage = await openStage({ main: [] }, { protocol, env: { CLAUDE_OTEL_HOOK_TRANSPORT: transport } });
	try {
		for (let run = 0; run < runs; run++) {
			writeFileSync(join(stage.home.work, PRESENT_FILE), "present\n");
			const { script, statuses, agents, args } = randomScript(random, perRun);
			stage.model.setScript(script);
			const from = {
				spans: stage.receiver.spans.length,
				requests: stage.model.requests.length,
				ledgers: Math.max(0, ledgersUsd(stage.home).length - 1),
			};
			const more = run === 0 ? args : ["--continue", ...args];
			const { code, stderr } = await stage.run([way, `run ${run}`, FREE_HAND, ...more], { timeoutMs });
			expect({ code, stderr }).toEqual({ code: 0, stderr: "" });

			const spans = stage.receiver.spans.slice(from.spans);
			assertTold(spans, stage.model.requests.slice(from.requests));
			assertCost(spans, ledgersUsd(stage.home).slice(from.ledgers));
			const told = spans.flatMap(({ attributes }) =>
				attributes["gen_ai.operation.name"] === "execute_tool"
					? [[attributes["tool.use_id"], attributes["tool.status"]] as const]
					: [],
			);
			expect(new Map(told.toSorted())).toEqual(new Map([...statuses].toSorted()));
			expect(spans.filter((span) => span.attributes["gen_ai.agent.id"] !== undefined)).toHaveLength(agents);
		}
	} catch (error) {
		throw new Error(
			`Seed ${seed} (${way}, ${protocol}, ${transport}): ${error instanceof Error ? error.message : error}`,
			{
				cause: error,
			},
		);
	} finally {
		await stage.close();
	}
}
