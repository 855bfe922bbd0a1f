// What a killed run was told is told again from its journal: up to the kill the same spans and records in the same bytes,
// whenever the kill came; and then to the end, each once.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import type { Fact, RawFact } from "../../src/model/fact.ts";
import { createFlow } from "../../src/pipeline/flow.ts";
import { toldOf } from "../../src/pipeline/run-context.ts";
import type { Journal } from "../../src/store/journal.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { playRun, runIdOf, scenarios } from "../flows/play.ts";
import { createInMemorySinks, type Exported } from "../signals/in-memory.ts";
import { seededRandom, seeds } from "../support/seed.ts";

let folder: string;
let store: Store;
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-replay-"));
	store = await openStore({ path: join(folder, "store.db"), note: (told) => expect.fail(told) });
});
afterEach(() => {
	store.close();
	rmSync(folder, { recursive: true });
});

const { config } = loadConfig({ HOME: "/nonexistent" }, "linux");
const SEEDS = seeds();

test.each(scenarios().map(({ name }) => name))("%s: a replay repeats what was exported before a kill", async (name) => {
	const scenario = scenarios().find((candidate) => candidate.name === name);
	if (scenario === undefined) throw new Error("no such scenario");
	const { facts } = await playRun(scenario, 0, { live: true });
	for (const seed of SEEDS) {
		const random = seededRandom(seed);
		const journal = store.begin({ runId: `${seed}`, owner: "1:1", startedAt: 0, context: "{}" });
		const cut = random.int(1, facts.length);
		const before = await tellLive(facts.slice(0, cut), journal, () => random.int(0, 3_000));

		const flow = openFlow();
		for (const entry of journal.entries()) {
			if (entry.kind === "fact") flow.apply(entry.fact);
			else flow.advance(entry.at, entry.late);
		}
		// What the transcript has beyond the journal: here all that is left.
		for (const fact of facts.slice(cut)) flow.apply(fact);
		flow.settle();
		const whole = bytesOf(await flow.exported());
		const sent = bytesOf(before);
		for (const [id, bytes] of sent) expect(whole.get(id), `${id} (seed ${seed}, cut ${cut})`).toBe(bytes);
	}
});

function openFlow(journal?: Journal) {
	const sinks = createInMemorySinks();
	const flow = createFlow({
		runId: runIdOf(0),
		told: toldOf(config, false),
		extra: {},
		sinks,
		ids: sinks.ids,
		protect: (fact) => fact as unknown as Fact,
		keep: (facts) => journal?.keep(facts),
		onBug: (error) => expect.fail(String(error)),
		onAdvanced: (at, late) => journal?.advanced(at, late),
	});
	return { ...flow, exported: sinks.exported };
}

/** As a run does it: facts as they come, and now and then the time. */
async function tellLive(facts: readonly Fact[], journal: Journal, pauseMs: () => number): Promise<Exported> {
	const flow = openFlow(journal);
	let now = facts[0]?.at ?? 0;
	for (const fact of facts) {
		flow.take([fact as unknown as RawFact]);
		now = Math.max(now, fact.at) + pauseMs();
		flow.advance(now);
	}
	return flow.exported();
}

/** Of each span and record what goes out. */
function bytesOf({ spans, records }: Exported): Map<string, string> {
	const found = new Map<string, string>();
	const put = (id: string, value: unknown) => {
		expect(found.has(id), `${id} stands twice`).toBe(false);
		found.set(id, JSON.stringify(value));
	};
	for (const span of spans) {
		const { name, attributes, startTime, endTime, status, events, links } = span;
		const { traceId, spanId } = span.spanContext();
		const parent = span.parentSpanContext?.spanId;
		put(`${traceId}:${spanId}`, [name, attributes, startTime, endTime, status, parent, events, links]);
	}
	for (const { attributes, body, hrTime, severityNumber, spanContext } of records) {
		put(String(attributes["log.record.uid"]), [attributes, body, hrTime, severityNumber, spanContext?.spanId]);
	}
	return found;
}
