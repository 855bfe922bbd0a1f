// Each scenario folder is a session that really took place: what came in is played through the real code, and what
// goes out is compared with the golden beside it. `UPDATE_GOLDENS=1` rewrites the goldens; read what changed.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { describe, expect, test } from "vitest";
import type { Usage } from "../../src/model/fact.ts";
import { NO_USAGE } from "../../src/model/usage.ts";
import type { Exported } from "../signals/in-memory.ts";
import { assertSound } from "../signals/sound.ts";
import { playRun, type Scenario, scenarios, sumUsage } from "./play.ts";
import { printAdded, printOutcomes, printPoints, printRecords, printSpans, printTotals } from "./print.ts";

const UPDATE = process.env.UPDATE_GOLDENS === "1";

for (const scenario of scenarios()) {
	test(`${scenario.name}: ${scenario.about}`, async () => {
		const texts: string[] = [];
		for (const [index, run] of scenario.runs.entries()) {
			const played = await playRun(scenario, index);
			texts.push(`run ${index + 1}\n${printAll(played, run.startedAt)}`);
		}
		const path = join(scenario.folder, "expected.txt");
		const text = texts.join("\n");
		if (UPDATE) writeFileSync(path, text);
		expect(text).toBe(readFileSync(path, "utf8"));
	});
}

describe("what was exported", () => {
	for (const scenario of scenarios()) {
		test(`${scenario.name}: is a sound tree, and its tokens are what the model billed`, async () => {
			const sum = { ...NO_USAGE };
			for (const index of scenario.runs.keys()) {
				const played = await playRun(scenario, index);
				assertSound(played);
				addSessions(sum, played.spans);
			}
			expect(sum).toEqual(EXCEPTIONS[scenario.name] ?? sumUsage(scenario.billed));
		});

		test(`${scenario.name}: is the same when it is handed on while it happens`, async () => {
			for (const [index, run] of scenario.runs.entries()) {
				const [atOnce, live] = [await playRun(scenario, index), await playRun(scenario, index, { live: true })];
				const outlivedTurns = OUTLIVED.has(scenario.name);
				assertSound(live, { outlivedTurns });
				expect(live.late).toEqual([]);
				const print = (exported: Exported) =>
					outlivedTurns ? printTotals(exported.spans) : printAll(exported, run.startedAt);
				expect(print(live)).toBe(print(atOnce));
			}
		});
	}

	for (const scenario of scenarios()) {
		test(`${scenario.name}: has the same spans, statuses and tokens where every hook tells`, async () => {
			for (const index of scenario.runs.keys()) {
				const [registered, all] = [await playRun(scenario, index), await playRun(scenario, index, { allHooks: true })];
				assertSound(all);
				expect(printOutcomes(all.spans)).toBe(printOutcomes(registered.spans));
			}
		});
	}

	test.each(["tools", "denied", "fatal401", "sendmessage-revived", "interactive-prompt-while-tool-runs"])(
		"%s: at level full the contents come on top of all that level standard tells",
		async (name) => {
			const scenario = scenarios().find((one) => one.name === name) as Scenario;
			const standard = await playRun(scenario, 0);
			const full = await playRun(scenario, 0, { level: "full" });
			const text = printAdded(standard, full);
			const path = join(scenario.folder, "expected-full.txt");
			if (UPDATE) writeFileSync(path, text);
			expect(text).toBe(readFileSync(path, "utf8"));
		},
	);
});

/**
 * A background agent goes on for more than two seconds after its turn: live, the turn is exported without what its
 * agent did, which goes with the session. By design; spans and session totals are the same.
 */
const OUTLIVED = new Set(["interactive-esc-agent", "interactive-woken-agent"]);

/** Streams that a person or a signal broke off: what was told before the break counts (there was no other answer). */
const EXCEPTIONS: Record<string, Usage> = {
	"sigint-in-stream": { input: 23, output: 24, cacheRead: 2021, cacheCreation5m: 6, cacheCreation1h: 15 },
	"interactive-esc-stream": { input: 53, output: 72, cacheRead: 2231, cacheCreation5m: 66, cacheCreation1h: 165 },
	"interactive-queued-esc-stream": {
		input: 105,
		output: 150,
		cacheRead: 2595,
		cacheCreation5m: 170,
		cacheCreation1h: 425,
	},
	// Without a transcript nobody tells of tokens.
	"no-persistence": NO_USAGE,
};

function addSessions(sum: Usage, spans: readonly ReadableSpan[]): void {
	for (const { name, attributes } of spans) {
		if (name !== "claude.session") continue;
		sum.input += Number(attributes["tokens.input"] ?? 0);
		sum.output += Number(attributes["tokens.output"] ?? 0);
		sum.cacheRead += Number(attributes["tokens.cache_read"] ?? 0);
		sum.cacheCreation5m += Number(attributes["tokens.cache_creation_5m"] ?? 0);
		sum.cacheCreation1h += Number(attributes["tokens.cache_creation_1h"] ?? 0);
	}
}

function printAll(exported: Exported, startedAt: number): string {
	return [
		`spans\n${indent(printSpans(exported.spans, startedAt))}`,
		`records\n${indent(printRecords(exported, startedAt))}`,
		`points\n${indent(printPoints(exported.points))}`,
	].join("");
}

function indent(text: string): string {
	return text.replaceAll(/^(?=.)/gm, "  ");
}
