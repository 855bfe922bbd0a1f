// Metrics leave one export at a time, whatever becomes of the one before: totals and times never go back at the receiver.
import { mkdtempSync, rmSync } from "node:fs";
import { type RequestListener, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createSpool } from "../../src/sinks/spool/spool.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { type Place, readBody, startFickle } from "./collectors.ts";
import { millisecondsOf, type Opened, openSinks } from "./open.ts";

let folder: string;
let receiver: Receiver;
let collector: Place & { behave(answer?: RequestListener): void };
beforeEach(async () => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-reader-"));
	receiver = await startReceiver();
	collector = await startFickle(() => receiver.http);
});
afterEach(async () => {
	await collector.close();
	await receiver.close();
	rmSync(folder, { recursive: true });
});

function open(temporality: string, spooled: boolean): Promise<Opened> {
	const path = join(folder, "spool.db");
	return openSinks(
		{
			OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
			OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
			OTEL_METRIC_EXPORT_INTERVAL: "40",
		},
		spooled ? createSpool({ path, maxBytes: 1e7, note: () => {} }) : undefined,
	);
}

/** Hands on what comes first so much later than the rest. */
function firstLate(delayMs: number): { most(): number } {
	let number = 0;
	let underway = 0;
	let most = 0;
	collector.behave(async (incoming, response) => {
		most = Math.max(most, ++underway);
		const body = await readBody(incoming);
		if (++number === 1) await sleep(delayMs);
		const headers = { "content-type": incoming.headers["content-type"] };
		const onward = request(new URL(incoming.url ?? "/", receiver.http), { method: "POST", headers }, (answer) => {
			underway--;
			response.writeHead(answer.statusCode ?? 500, answer.headers);
			answer.pipe(response);
		});
		onward.end(body);
	});
	return { most: () => most };
}

/** The first comes to nothing, and the rest arrives. */
function firstFails(fail: RequestListener): void {
	collector.behave((incoming, response) => {
		collector.behave();
		fail(incoming, response);
	});
}

async function count(sinks: Opened, times: number): Promise<void> {
	const counter = sinks.meter.createCounter("tokens");
	for (let number = 0; number < times; number++) {
		counter.add(1);
		await sleep(20);
	}
}

function expectOrder(temporality: string, total: number): void {
	const points = receiver.metrics.filter(({ name }) => name === "tokens");
	const values = points.map(({ value }) => Number(value));
	const times = points.map(({ time }) => Number(time));
	expect(times).toEqual(times.toSorted((a, b) => a - b));
	let sum = 0;
	const totals = temporality === "cumulative" ? values : values.map((value) => (sum += value));
	expect(totals).toEqual(totals.toSorted((a, b) => a - b));
	expect(totals.at(-1)).toBe(total);
}

const WAYS = ["cumulative", "delta"].flatMap((temporality) =>
	[true, false].map((spooled) => ({ temporality, spooled })),
);

test.each(WAYS)("one that is slow is waited for, also at the end: $temporality, spool $spooled", async (way) => {
	const { most } = firstLate(300);
	const sinks = await open(way.temporality, way.spooled);
	await count(sinks, 8);
	expect((await sinks.shutdown(5_000)).line).toBeUndefined();
	expect(most()).toBe(1);
	expectOrder(way.temporality, 8);
});

test.each<[string, RequestListener]>([
	["reset", (incoming) => incoming.socket.resetAndDestroy()],
	["answered 503", (incoming, response) => void incoming.resume().on("end", () => response.writeHead(503).end())],
])("one that is %s is sent again before the next", async (_what, fail) => {
	firstFails(fail);
	const sinks = await open("cumulative", true);
	await count(sinks, 8);
	expect((await sinks.shutdown(5_000)).line).toBeUndefined();
	expectOrder("cumulative", 8);
});

test("one that hangs costs the end its time, and goes to the spool before the last", async () => {
	collector.behave(() => {});
	const sinks = await open("cumulative", true);
	await count(sinks, 4);
	const took = await millisecondsOf(async () => {
		const { signals } = await sinks.shutdown(200);
		expect(signals.find(({ signal }) => signal === "metrics")).toMatchObject({ waiting: 2, lost: 0 });
	});
	expect(took).toBeLessThan(200 + 200 + 300);
	collector.behave();
	const next = await open("cumulative", true);
	await next.warm();
	await next.shutdown(5_000);
	expectOrder("cumulative", 4);
});
