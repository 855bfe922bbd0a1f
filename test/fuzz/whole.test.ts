// Everything together: wild hooks, transcripts and telemetry of one run → intake → privacy → model → signals → the bytes
// of an export. Nothing throws, what is open stays small, and what goes out is what OTLP can say.
import { JsonTraceSerializer, ProtobufLogsSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { expect, test } from "vitest";
import { createHookBodyReader } from "../../src/intake/hook-body.ts";
import { readHookPayload } from "../../src/intake/hook-payload.ts";
import { readOtlpJson } from "../../src/intake/otlp-json.ts";
import { createOtlpReader } from "../../src/intake/otlp-payload.ts";
import { createTranscriptReader } from "../../src/intake/transcript-payload.ts";
import type { Fact, Json, RawFact } from "../../src/model/fact.ts";
import { HELD_CALLS_MAX, HELD_OTHERS_MAX } from "../../src/model/limits.ts";
import { createModel } from "../../src/model/model.ts";
import { createPricing } from "../../src/model/pricing.ts";
import { createTestPrivacy } from "../flows/play.ts";
import { startModel } from "../model/run-model.ts";
import { createInMemorySignals, type Exported } from "../signals/in-memory.ts";
import { hookPayloads, otlpRequests, SINCE, transcripts } from "./corpus.ts";
import { type Fuzzed, fuzz, GROWTH_MAX_BYTES } from "./fuzz.ts";

const CONTEXT = { digestKey: Buffer.from("key of the digests") };
const AT = 1_795_315_125_590;
const LAUNCH = { source: "launch" as const, sessionId: "" };
/** The longest text at level full: a payload, or a name that is an id. */
const ATTRIBUTE_MAX = 2_048;

/** One thing that comes through one of the doors, changed or as it was recorded. */
function anyFacts({ random, mutate }: Fuzzed, readOtlp = createOtlpReader(), mark = ""): RawFact[] {
	const change = (sample: Json) => (random.chance(0.5) ? JSON.stringify(sample) : mutate.text(sample));
	const text = (sample: Json) => change(sample).replaceAll("toolu_", `toolu_${mark}`).replaceAll("msg_", `msg_${mark}`);
	switch (random.int(0, 2)) {
		case 0: {
			const reader = createHookBodyReader();
			reader.push(Buffer.from(text(random.pick(hookPayloads) as Json)));
			const body = reader.read(AT + random.int(0, 60_000));
			return body === undefined ? [] : readHookPayload(body, CONTEXT);
		}
		case 1: {
			const sample = random.pick(transcripts);
			const read = createTranscriptReader({ ...sample, since: SINCE });
			const from = random.int(0, sample.lines.length - 1);
			return sample.lines.slice(from, from + 5).flatMap((line) => read(text(JSON.parse(line) as Json)));
		}
		default: {
			const { signal, json } = random.pick(otlpRequests);
			const request = readOtlpJson(signal, text(json as Json));
			return request === undefined ? [] : readOtlp({ signal, json: request });
		}
	}
}

test("a run of anything is exported", async () => {
	const pricing = createPricing();
	pricing.expect("claude-opus-4-1", AT);
	await pricing.ready();
	await expect(
		fuzz("whole runs", {
			share: 0.003,
			async input(fuzzed) {
				const { random } = fuzzed;
				const level = random.pick(["minimal", "standard", "full"] as const);
				const signals = createInMemorySignals({ level, shape: random.pick(["session", "turn"] as const) });
				const context = { windowOf: pricing.windowOf, thresholds: [0.5] };
				const model = createModel({ price: pricing.price, isExcluded: () => false, context }, signals.output);
				const privacy = createTestPrivacy(level);
				const take = (raw: RawFact) => {
					pricing.expect("requestedModel" in raw ? (raw.requestedModel ?? "") : "", raw.at);
					const fact: Fact = privacy.protect(raw);
					signals.metrics.fact(fact.source);
					model.apply(fact);
				};
				const started = { sessionSource: "startup" as const, interactive: false, argsCount: 0, argsPreview: "" };
				take({ ...LAUNCH, kind: "run.started", at: AT - 1000, runId: "run", ...started });
				const readOtlp = createOtlpReader();
				for (let left = random.int(1, 12); left > 0; left--) {
					for (const fact of anyFacts(fuzzed, readOtlp)) take(fact);
					if (random.chance(0.3)) model.advance(AT + random.int(0, 120_000));
				}
				take({ ...LAUNCH, kind: "run.ended", at: AT + 120_000, exitCode: 0 });
				model.settle();
				expect(model.held()).toBe(0);
				assertExportable(await signals.exported());
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

function assertExportable({ spans, records, points, unended }: Exported): void {
	expect(unended).toEqual([]);
	expect(ProtobufTraceSerializer.serializeRequest(spans)?.length).toBeGreaterThan(0);
	expect(JsonTraceSerializer.serializeRequest(spans)?.length).toBeGreaterThan(0);
	ProtobufLogsSerializer.serializeRequest(records);
	for (const { name, startTime, endTime, attributes } of spans) {
		for (const [seconds, nanos] of [startTime, endTime]) {
			if (!(seconds >= 0 && seconds < 2 ** 64 / 1e9 && nanos >= 0 && nanos < 1e9))
				throw new Error(`${name} at ${seconds}`);
		}
		assertAttributes(name, attributes);
	}
	for (const { eventName, attributes } of records) assertAttributes(eventName ?? "", attributes);
	for (const { name, value, attributes } of points) {
		if (!Number.isFinite(value)) throw new Error(`${name} is ${value}`);
		assertAttributes(name, attributes);
	}
}

function assertAttributes(place: string, attributes: object): void {
	for (const [name, value] of Object.entries(attributes)) {
		if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${place}: ${name} is ${value}`);
		if (typeof value === "string" && value.length > ATTRIBUTE_MAX) throw new Error(`${place}: ${name} is too long`);
		if (typeof value === "string" && !value.isWellFormed()) throw new Error(`${place}: ${name} is no text`);
		if (typeof value === "function") throw new Error(`${place}: ${name} is a function`);
	}
}

test("what is open stays small, however long a run of anything goes on", async () => {
	const { model, told } = startModel();
	const privacy = createTestPrivacy("standard");
	const readOtlp = createOtlpReader();
	let now = AT;
	let round = 0;
	let most = 0;
	await expect(
		fuzz("one long run", {
			share: 0.01,
			input(fuzzed) {
				round++;
				now += 50;
				// Each comes now, with ids of its own.
				for (const raw of anyFacts(fuzzed, readOtlp, String(round))) model.apply({ ...privacy.protect(raw), at: now });
				if (round % 20 === 0) model.advance(now);
				most = Math.max(most, model.held());
				for (const list of [told.episodes, told.moments, told.late]) list.length = 0;
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
	expect(most).toBeLessThanOrEqual(2 * HELD_CALLS_MAX + 5 * HELD_OTHERS_MAX);
	model.settle();
	expect(model.held()).toBe(0);
});
