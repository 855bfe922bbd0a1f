// What a collector did not take waits on the disk, and goes out when it is back: once, in order, in the same bytes.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ExportResultCode } from "@opentelemetry/core";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { createDiagnostics } from "../../src/diagnostics.ts";
import { flushSpool } from "../../src/pipeline/flush-spool.ts";
import { CountingExporter, newTally } from "../../src/sinks/counting-exporter.ts";
import { summarize } from "../../src/sinks/delivery.ts";
import type { BatchExporter } from "../../src/sinks/exporter.ts";
import { createLane, type Lane } from "../../src/sinks/spool/lane.ts";
import { laneOf } from "../../src/sinks/spool/lane-name.ts";
import { createSpool, LEASE_MS, type Spool } from "../../src/sinks/spool/spool.ts";
import { SpoolingExporter } from "../../src/sinks/spool/spooling-exporter.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { until } from "../support/run.ts";
import {
	type Place,
	readBody,
	startFickle,
	startGrpc,
	startHanging,
	startHttp,
	startRelay,
	unusedAddress,
} from "./collectors.ts";
import { emitOne, millisecondsOf, type Opened, openSinks, TRACE_ID } from "./open.ts";
import { metadataOf, retryInfo } from "./retry-info.ts";

const GRACE_MS = 1_000;
const JSON_TEXT = { OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" };
let folder: string;
let notes: string[];
const places: { close(): Promise<void> }[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-spool-"));
	notes = [];
});
afterEach(async () => {
	for (const place of places.splice(0)) await place.close();
	rmSync(folder, { recursive: true });
});

async function keep<P extends { close(): Promise<void> }>(place: Promise<P>): Promise<P> {
	const kept = await place;
	places.push(kept);
	return kept;
}

/** Another process would open it just so. */
function spool(maxBytes = 10_000_000): Spool {
	return createSpool({ path: join(folder, "spool.db"), maxBytes, note: (sentence) => notes.push(sentence) });
}

/** As `claude-otel flush` does. */
async function flushed(protocol: string, endpoint: string, env: Record<string, string> = {}) {
	const { config } = loadConfig({
		...env,
		HOME: "/nonexistent",
		OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
		OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
	});
	return flushSpool(spool(), config, createDiagnostics({ target: { to: "nowhere" }, level: "none", clock: Date.now }));
}

function answering(body: string | Buffer, type?: string): RequestListener {
	return (incoming, response) => {
		incoming.resume();
		response.writeHead(200, type === undefined ? {} : { "content-type": type }).end(body);
	};
}

const names = (receiver: Receiver) => receiver.spans.map(({ name }) => name);

describe.each(["grpc", "http/protobuf", "http/json"])("over %s", (protocol) => {
	const open = (endpoint: string, more: Record<string, string> = {}): Promise<Opened> =>
		openSinks(
			{
				OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
				OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
				OTEL_EXPORTER_OTLP_HEADERS: "x-key=of-today",
				...more,
			},
			spool(),
		);
	const endpointOf = (receiver: Receiver) => (protocol === "grpc" ? receiver.grpc : receiver.http);

	test("what nobody took waits, and the next run delivers all three signals, once", async () => {
		const endpoint = await unusedAddress();
		const first = await open(endpoint);
		emitOne(first, "early");
		const { line, signals } = await first.shutdown(GRACE_MS);
		expect(line).toBe(
			`claude-otel: 1 span, the metrics and 1 log record could not be delivered to ${endpoint} yet (connection refused) and wait on this machine for the next run or \`claude-otel flush\`; check that a collector listens there or set OTEL_EXPORTER_OTLP_ENDPOINT.`,
		);
		expect(signals.map(({ waiting, lost }) => ({ waiting, lost }))).toEqual([
			{ waiting: 1, lost: 0 },
			{ waiting: 1, lost: 0 },
			{ waiting: 1, lost: 0 },
		]);
		expect(statSync(join(folder, "spool.db")).mode & 0o777).toBe(0o600);

		const receiver = await keep(startReceiver());
		await keep(startRelay(endpoint, endpointOf(receiver)));
		const second = await open(endpoint);
		second.warm();
		await receiver.waitForSpans(1);
		emitOne(second, "late");
		expect((await second.shutdown(10_000)).line).toBeUndefined();
		expect(names(receiver).toSorted()).toEqual(["early", "late"]);
		expect(receiver.logs.map(({ body }) => body).toSorted()).toEqual(["early happened", "late happened"]);
		expect(receiver.metrics).toHaveLength(2);
		expect(JSON.stringify(receiver.requests.map(({ headers, metadata }) => headers ?? metadata))).toContain("of-today");
		expect(await spool().waiting()).toEqual([]);
		expect(notes).toEqual([]);
	});

	test("a collector that hangs does not hold the end up, and nothing is lost", async () => {
		const hanging = await startHanging();
		const sinks = await open(hanging.url);
		for (let number = 0; number < 5; number++) sinks.tracer.startSpan(`span ${number}`).end();
		const took = await millisecondsOf(async () => {
			expect((await sinks.shutdown(200)).line).toContain("5 spans could not be delivered");
		});
		expect(took).toBeLessThan(GRACE_MS * 10);
		await hanging.close();
		const receiver = await keep(startReceiver());
		await keep(startRelay(hanging.url, endpointOf(receiver)));
		const next = await open(hanging.url);
		next.warm();
		await receiver.waitForSpans(5);
		expect((await next.shutdown(GRACE_MS)).line).toBeUndefined();
		expect(names(receiver)).toEqual([0, 1, 2, 3, 4].map((number) => `span ${number}`));
	});

	test("what was counted after an export that hangs waits too", async () => {
		const hanging = await startHanging();
		const sinks = await open(hanging.url, { OTEL_METRIC_EXPORT_INTERVAL: "600" });
		const counter = sinks.meter.createCounter("tokens");
		counter.add(1);
		await sleep(700);
		counter.add(41);
		const { signals } = await sinks.shutdown(200);
		expect(signals.find(({ signal }) => signal === "metrics")).toMatchObject({ waiting: 2, lost: 0 });
		await hanging.close();
		const receiver = await keep(startReceiver());
		await keep(startRelay(hanging.url, endpointOf(receiver)));
		const next = await open(hanging.url);
		await next.warm();
		await until("both are there", () => receiver.metrics.length === 2);
		expect(receiver.metrics.map(({ value }) => value)).toEqual([1, 42]);
		expect((await next.shutdown(GRACE_MS)).line).toBeUndefined();
	});

	test("a collector that comes back while the run goes on gets everything in order", async () => {
		const endpoint = await unusedAddress();
		const sinks = await open(endpoint, {
			OTEL_BSP_SCHEDULE_DELAY: "20",
			OTEL_EXPORTER_OTLP_TIMEOUT: "500",
			OTEL_METRICS_EXPORTER: "none",
		});
		sinks.tracer.startSpan("one").end();
		await sinks.flush(5 * GRACE_MS);
		sinks.tracer.startSpan("two").end();
		await sinks.flush(5 * GRACE_MS);
		expect((await spool().waiting()).map(({ items }) => items)).toEqual([2]);
		const receiver = await keep(startReceiver());
		await keep(startRelay(endpoint, endpointOf(receiver)));
		sinks.tracer.startSpan("three").end();
		const { line, signals } = await sinks.shutdown(10_000);
		expect(line).toBeUndefined();
		expect(signals[0]).toMatchObject({ exported: 3, waiting: 0, lost: 0 });
		expect(names(receiver)).toEqual(["one", "two", "three"]);
	});
});

describe("over http", () => {
	const traces = {
		OTEL_METRICS_EXPORTER: "none",
		OTEL_LOGS_EXPORTER: "none",
		OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
	};
	const open = (place: Place, more: Record<string, string> = {}) =>
		openSinks({ ...traces, OTEL_EXPORTER_OTLP_ENDPOINT: place.url, ...more }, spool());

	const ill: Record<string, RequestListener> = {
		"answers 500": (incoming, response) => {
			incoming.resume();
			response.writeHead(500).end();
		},
		"answers 503": (incoming, response) => {
			incoming.resume();
			response.writeHead(503).end();
		},
		"is a login page of the network": answering(
			"\ufeff\n<!DOCTYPE html><html>Log in</html>",
			"text/html; charset=utf-8",
		),
		"resets connections": (incoming) => incoming.socket.resetAndDestroy(),
		"never ends its answer": (incoming, response) => {
			incoming.resume();
			response.writeHead(200, { "content-length": "100" }).write("a");
		},
	};
	test.each(Object.keys(ill))("a collector that %s gets it all when it is well again", async (what) => {
		const receiver = await keep(startReceiver());
		const collector = await keep(startFickle(() => receiver.http));
		collector.behave(ill[what]);
		const sinks = await open(collector, { OTEL_EXPORTER_OTLP_TIMEOUT: "300" });
		emitOne(sinks);
		expect((await sinks.shutdown(400)).signals[0]).toMatchObject({ waiting: 1, lost: 0 });
		collector.behave();
		const next = await open(collector);
		next.warm();
		await receiver.waitForSpans(1);
		await next.shutdown(GRACE_MS);
		// What was given up may be on its way still.
		expect(new Set(names(receiver))).toEqual(new Set(["one"]));
		expect(await spool().waiting()).toEqual([]);
	});

	test.each(["http/protobuf", "http/json"])("over %s, a web page is told as what it is", async (protocol) => {
		const portal = await keep(startFickle(() => ""));
		portal.behave(answering("<html>Log in</html>"));
		const sinks = await open(portal, { OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
		emitOne(sinks);
		expect((await sinks.shutdown(GRACE_MS)).line).toBe(
			`claude-otel: 1 span could not be delivered to ${portal.url} yet (a web page came back, so no collector answered) and waits on this machine for the next run or \`claude-otel flush\`; log in to the network if it wants that, or check that OTEL_EXPORTER_OTLP_ENDPOINT names a collector.`,
		);
		const failure = {
			reason: "a web page came back, so no collector answered",
			cure: "log in to the network if it wants that, or check that OTEL_EXPORTER_OTLP_ENDPOINT names a collector",
		};
		expect(await flushed(protocol, portal.url)).toMatchObject([{ waiting: 1, failure }]);
	});

	const odd: [string, string | Buffer, string | undefined][] = [
		["nothing", "", undefined],
		["{} to protobuf", "{}", "application/json"],
		["JSON called HTML", '{"partialSuccess":{}}', "text/html"],
		["a word", "ok", "text/plain"],
		["a partial success in full", Buffer.from([0x0a, 0x02, 0x08, 0x00]), "application/x-protobuf"],
		["bytes that are no message", Buffer.from([0xff, 0xfe, 0x3c, 0x00]), undefined],
	];
	test.each(odd)("a collector that answers %s has taken it", async (_what, body, type) => {
		const collector = await keep(startFickle(() => ""));
		collector.behave(answering(body, type));
		const sinks = await open(collector);
		emitOne(sinks);
		const { line, signals } = await sinks.shutdown(GRACE_MS);
		expect(line).toBeUndefined();
		expect(signals[0]).toMatchObject({ exported: 1, waiting: 0, lost: 0 });
	});

	test("what a collector refuses is counted, told, and not tried again", async () => {
		let asked = 0;
		const receiver = await keep(startReceiver());
		const collector = await keep(startFickle(() => receiver.http));
		collector.behave((incoming, response) => {
			incoming.resume();
			asked++;
			response.writeHead(400).end();
		});
		const sinks = await open(collector);
		emitOne(sinks);
		const { line, signals } = await sinks.shutdown(GRACE_MS);
		expect(signals[0]).toMatchObject({ waiting: 0, lost: 1 });
		expect(line).toContain("1 span was not delivered");
		const next = await open(collector);
		next.warm();
		await next.shutdown(GRACE_MS);
		expect(asked).toBe(1);
	});

	test("a waiting batch that is refused at last is counted, and the ones behind it go on", async () => {
		const receiver = await keep(startReceiver());
		const collector = await keep(startFickle(() => receiver.http));
		const dead = await open({ ...collector, url: collector.url }, { OTEL_EXPORTER_OTLP_TIMEOUT: "100" });
		collector.behave((incoming) => incoming.socket.resetAndDestroy());
		for (const name of ["one", "two"]) {
			dead.tracer.startSpan(name).end();
			await dead.flush(GRACE_MS);
		}
		await dead.shutdown(300);
		expect((await spool().waiting()).map(({ batches }) => batches)).toEqual([2]);
		const taken: string[] = [];
		collector.behave(async (incoming, response) => {
			const body = (await readBody(incoming)).toString("latin1");
			const name = body.includes("one") ? "one" : "two";
			response.writeHead(name === "one" ? 400 : 200).end();
			taken.push(name);
		});
		const next = await open(collector);
		next.warm();
		await until("both are gone", () => taken.includes("two"));
		await next.shutdown(GRACE_MS);
		expect(next.failures).toEqual([{ signal: "traces", count: 1, reason: "HTTP 400" }]);
		expect(await spool().waiting()).toEqual([]);
	});

	test("what a collector took only in part is counted", async () => {
		const collector = await keep(startFickle(() => ""));
		collector.behave((incoming) => incoming.socket.resetAndDestroy());
		const sinks = await open(collector, {
			OTEL_EXPORTER_OTLP_TIMEOUT: "100",
			OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
		});
		for (let number = 0; number < 3; number++) sinks.tracer.startSpan("span").end();
		await sinks.shutdown(300);
		collector.behave(async (incoming, response) => {
			await readBody(incoming);
			response.writeHead(200, { "content-type": "application/json" }).end('{"partialSuccess":{"rejectedSpans":"2"}}');
		});
		expect(await flushed("http/json", collector.url)).toMatchObject([{ delivered: 1, refused: 2, waiting: 0 }]);
	});

	test("what a full spool drops is told in the diagnostics too", async () => {
		const place = await unusedAddress();
		const sinks = await openSinks({ ...traces, OTEL_EXPORTER_OTLP_ENDPOINT: place }, spool(1500));
		const attributes = { filler: "x".repeat(400) };
		sinks.tracer.startSpan("one", { attributes }).end();
		sinks.tracer.startSpan("two", { attributes }).end();
		await sinks.shutdown(GRACE_MS);
		const next = await openSinks({ ...traces, OTEL_EXPORTER_OTLP_ENDPOINT: place }, spool(1500));
		await next.warm();
		next.tracer.startSpan("three", { attributes }).end();
		const { line } = await next.shutdown(GRACE_MS);
		const told = "claude-otel: 2 of the oldest spans, points and records that waited for a collector were dropped";
		expect(line).toContain(told);
		expect(next.said()).toMatch(new RegExp(`warn.*${told}`));
	});

	test("what waits for another place is left, and named", async () => {
		const collector = await keep(startFickle(() => ""));
		collector.behave((incoming) => incoming.socket.resetAndDestroy());
		const sinks = await open(collector, { OTEL_EXPORTER_OTLP_TIMEOUT: "100" });
		emitOne(sinks);
		await sinks.shutdown(300);
		expect(await flushed("http/protobuf", "http://127.0.0.1:9")).toEqual([
			{
				signal: "traces",
				destination: collector.url,
				delivered: 0,
				refused: 0,
				waiting: 1,
				because: "elsewhere",
				variable: "OTEL_EXPORTER_OTLP_ENDPOINT",
			},
		]);
	});

	test.each([
		["CLAUDE_OTEL_LEVEL", "off"],
		["OTEL_SDK_DISABLED", "true"],
		["OTEL_TRACES_EXPORTER", "none"],
	])("what waits is left where by %s nothing is sent", async (variable, value) => {
		const collector = await keep(startFickle(() => ""));
		collector.behave((incoming) => incoming.socket.resetAndDestroy());
		const sinks = await open(collector, { OTEL_EXPORTER_OTLP_TIMEOUT: "100" });
		emitOne(sinks);
		await sinks.shutdown(300);
		collector.behave(answering("{}", "application/json"));
		const flushing = flushed("http/protobuf", collector.url, { [variable]: value });
		expect(await flushing).toMatchObject([{ delivered: 0, waiting: 1, because: "silent", variable }]);
	});

	test("Retry-After is honoured: nobody asks before, whichever process", async () => {
		let asked = 0;
		const collector = await keep(startFickle(() => ""));
		collector.behave((incoming) => incoming.socket.resetAndDestroy());
		const sinks = await open(collector, { OTEL_EXPORTER_OTLP_TIMEOUT: "100" });
		emitOne(sinks);
		await sinks.shutdown(300);
		collector.behave((incoming, response) => {
			incoming.resume();
			asked++;
			response.writeHead(429, { "retry-after": "60" }).end();
		});
		for (let process = 0; process < 3; process++) {
			const next = await open(collector);
			next.warm();
			await new Promise((resolve) => setTimeout(resolve, 100));
			await next.shutdown(100);
		}
		expect(asked).toBe(1);
		expect((await spool().waiting()).map(({ items }) => items)).toEqual([1]);
	});

	test("a timer that waits for the lane is not put off by what is kept meanwhile", async () => {
		const receiver = await keep(startReceiver());
		const collector = await keep(startFickle(() => receiver.http));
		collector.behave((incoming) => incoming.socket.resetAndDestroy());
		const sinks = await open(collector, { OTEL_EXPORTER_OTLP_TIMEOUT: "100", OTEL_BSP_SCHEDULE_DELAY: "50" });
		let ended = 0;
		const ending = setInterval(() => sinks.tracer.startSpan(`span ${ended++}`).end(), 100);
		await sleep(300);
		collector.behave();
		await receiver.waitForSpans(1, 3_000);
		clearInterval(ending);
		expect((await sinks.shutdown(5_000)).line).toBeUndefined();
		expect(names(receiver)).toEqual(Array.from({ length: ended }, (_, number) => `span ${number}`));
	});

	test("two that deliver at once deliver each batch once", async () => {
		const receiver = await keep(startReceiver());
		const collector = await keep(startFickle(() => receiver.http));
		const lane = laneOf("traces", { protocol: "http/json", url: `${collector.url}/v1/traces` });
		const filled = spool();
		const all = Array.from({ length: 20 }, (_, number) => `span ${number}`);
		for (const name of all) {
			const span = { traceId: TRACE_ID, spanId: "1".repeat(16), name, startTimeUnixNano: "1", endTimeUnixNano: "2" };
			const body = Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }));
			await filled.add({ lane, signal: "traces", destination: collector.url, items: 1, body, runId: "run" });
		}
		const both = await Promise.all([open(collector, JSON_TEXT), open(collector, JSON_TEXT)]);
		for (const one of both) one.warm();
		await receiver.waitForSpans(20);
		for (const one of both) await one.shutdown(GRACE_MS);
		expect(names(receiver)).toEqual(all);
	});
});

describe("a protocol that was wrong, and is put right", () => {
	const open = (protocol: string, endpoint: string) =>
		openSinks(
			{
				OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
				OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
				OTEL_EXPORTER_OTLP_TIMEOUT: "500",
				OTEL_BSP_SCHEDULE_DELAY: "20",
			},
			spool(),
		);

	/** Two spans in a batch each, the metrics and two records. */
	async function leaveBehind(protocol: string, endpoint: string): Promise<void> {
		const sinks = await open(protocol, endpoint);
		for (const name of ["one", "two"]) {
			emitOne(sinks, name);
			await sinks.flush(5 * GRACE_MS);
		}
		const { signals } = await sinks.shutdown(GRACE_MS);
		expect(signals.map(({ waiting, lost }) => [waiting > 0, lost])).toEqual([
			[true, 0],
			[true, 0],
			[true, 0],
		]);
	}

	const pairs: [string, string, "http" | "grpc"][] = [
		["grpc", "http/protobuf", "http"],
		["http/protobuf", "grpc", "grpc"],
	];
	test.each(pairs)(
		"over %s, then %s: the next run delivers it all, once, before its own",
		async (wrong, right, door) => {
			const receiver = await keep(startReceiver());
			await leaveBehind(wrong, receiver[door]);
			expect(receiver.requests).toEqual([]);
			const next = await open(right, receiver[door]);
			next.warm();
			await receiver.waitForSpans(2);
			emitOne(next, "three");
			expect((await next.shutdown(10_000)).line).toBeUndefined();
			expect(names(receiver)).toEqual(["one", "two", "three"]);
			expect(receiver.logs.map(({ body }) => body)).toEqual(["one", "two", "three"].map((name) => `${name} happened`));
			expect(await spool().waiting()).toEqual([]);
		},
	);

	test.each(pairs)("over %s, then %s: a flush delivers it, once", async (wrong, right, door) => {
		const receiver = await keep(startReceiver());
		await leaveBehind(wrong, receiver[door]);
		const found = await flushed(right, receiver[door]);
		expect(found.map(({ signal, waiting, refused }) => [signal, waiting, refused]).toSorted()).toEqual([
			["logs", 0, 0],
			["metrics", 0, 0],
			["traces", 0, 0],
		]);
		expect(names(receiver)).toEqual(["one", "two"]);
		expect(await flushed(right, receiver[door])).toEqual([]);
	});

	const traces = { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
	test.each<[string, string, string, string, string]>([
		["JSON, by gRPC,", "http/json", "/", "grpc", "/"],
		["JSON, as protobuf,", "http/json", "/", "http/protobuf", "/"],
		["protobuf, as JSON,", "http/protobuf", "/", "http/json", "/"],
		["what was for another path, by gRPC,", "http/protobuf", "/tenant", "grpc", "/"],
		["what was for gRPC, to another path,", "grpc", "/", "http/protobuf", "/tenant"],
	])("%s is not sent, and what would deliver it is told", async (_what, before, path, after, pathAfter) => {
		const endpoint = await unusedAddress();
		const first = await openSinks(
			{ ...traces, OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}${path}`, OTEL_EXPORTER_OTLP_PROTOCOL: before },
			spool(),
		);
		emitOne(first);
		await first.shutdown(GRACE_MS);
		const receiver = await keep(startReceiver());
		await keep(startRelay(endpoint, receiver.http));
		const url = `${endpoint}${path === "/" ? "" : path}/v1/traces`;
		const place = { protocol: before === "http/json" ? before : "http/protobuf", url };
		expect(await flushed(after, `${endpoint}${pathAfter}`)).toMatchObject([
			{ delivered: 0, waiting: 1, because: "otherwise", place },
		]);
		expect(receiver.spans).toEqual([]);
		// And that is true.
		const followed = { OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: place.protocol, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url };
		expect(await flushed(after, endpoint, followed)).toMatchObject([{ delivered: 1, waiting: 0 }]);
	});
});

const PATIENCE_S = 1;
/** Refuses the first export of each signal and takes the rest; `asked` has when each came. */
const refusals: Record<string, (asked: number[]) => Promise<Place>> = {
	grpc: (asked) =>
		startGrpc((_call, answer) => {
			asked.push(Date.now());
			if (asked.length > 1) return answer(null, Buffer.alloc(0));
			answer({ code: 14, details: "busy", metadata: metadataOf(retryInfo(PATIENCE_S)) });
		}),
	"http/protobuf": (asked) => startRefusing(asked, () => String(PATIENCE_S)),
	"http/json": (asked) => startRefusing(asked, () => new Date(Date.now() + 2_000 * PATIENCE_S).toUTCString()),
};

function startRefusing(asked: number[], retryAfter: () => string): Promise<Place> {
	return startHttp(async (incoming, response) => {
		await readBody(incoming);
		asked.push(Date.now());
		if (asked.length > 1) response.end();
		else response.writeHead(503, { "retry-after": retryAfter() }).end();
	});
}

describe.each(Object.entries(refusals))("over %s", (protocol, start) => {
	// Shorter than the patience: the batch goes to the spool at once. Longer: when the run ends, while it waits.
	test.each(["500", "10000"])(
		"what a collector wants later, with a time limit of %s ms, waits so long",
		async (limit) => {
			const asked: number[] = [];
			const collector = await keep(start(asked));
			const open = () =>
				openSinks(
					{
						OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
						OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
						OTEL_EXPORTER_OTLP_TIMEOUT: limit,
						OTEL_METRICS_EXPORTER: "none",
						OTEL_LOGS_EXPORTER: "none",
						OTEL_BSP_SCHEDULE_DELAY: "1",
					},
					spool(),
				);
			const run = await open();
			run.tracer.startSpan("one").end();
			await until("it was refused", () => asked.length === 1);
			expect((await run.shutdown(GRACE_MS)).signals[0]).toMatchObject({ waiting: 1, lost: 0 });
			expect(await flushed(protocol, collector.url)).toMatchObject([{ delivered: 0, waiting: 1, because: "patience" }]);
			const next = await open();
			await next.warm();
			await until("it is asked again", () => asked.length === 2);
			expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(PATIENCE_S * 1_000 - 5);
			await next.shutdown(GRACE_MS);
			expect(await spool().waiting()).toEqual([]);
		},
	);
});

describe("the spool", () => {
	const batch = (items: number, bytes: number) => ({
		lane: "traces http://a",
		signal: "traces" as const,
		destination: "http://a",
		items,
		body: new Uint8Array(bytes),
		runId: "run",
	});

	test("that is full drops the oldest, and counts them", async () => {
		const small = spool(1000);
		for (const items of [1, 2, 3, 4]) expect(await small.add(batch(items, 300))).toBe(true);
		expect(small.dropped()).toBe(1);
		expect((await small.first("traces http://a"))?.items).toBe(2);
		expect(small.bytes()).toBe(900);
		expect(await small.add(batch(9, 2000))).toBe(false);
		expect(small.dropped()).toBe(1);
	});

	test("that several find damaged in the same instant is put aside once, and each keeps what it has", async () => {
		writeFileSync(join(folder, "spool.db"), "no database at all ".repeat(500));
		const all = Array.from({ length: 6 }, () => spool());
		expect(await Promise.all(all.map((one) => one.add(batch(1, 10))))).toEqual(all.map(() => true));
		expect(await spool().waiting()).toMatchObject([{ batches: 6 }]);
		expect(readdirSync(folder).filter((name) => name.includes(".damaged-"))).toHaveLength(1);
		expect(notes).toEqual([expect.stringContaining("was damaged: it was put aside as")]);
	});

	test("that is damaged while it is open is begun anew, by whoever meets the damage and for all others", async () => {
		const path = join(folder, "spool.db");
		const [first, second] = [spool(), spool()];
		for (const one of [first, second]) expect(await one.add(batch(1, 10))).toBe(true);
		const between = new Sqlite(path);
		between.pragma("wal_checkpoint(TRUNCATE)");
		between.close();
		writeFileSync(path, Buffer.alloc(statSync(path).size, 0xab), { flag: "r+" });
		expect(await first.add(batch(2, 10))).toBe(true);
		expect(await second.add(batch(3, 10))).toBe(true);
		expect(await spool().waiting()).toMatchObject([{ batches: 2, items: 5 }]);
		expect([first.failed(), second.failed()]).toEqual([true, false]);
		expect(notes).toEqual([expect.stringContaining("was damaged: it was put aside as")]);
	});

	test("where it cannot be made says so once, and what comes is lost", async () => {
		const nowhere = createSpool({ path: "/proc/none/spool.db", maxBytes: 1000, note: (told) => notes.push(told) });
		expect(await nowhere.add(batch(1, 10))).toBe(false);
		expect(await nowhere.add(batch(1, 10))).toBe(false);
		expect(notes).toHaveLength(1);
		expect(notes[0]).toContain(
			"so what a collector does not take is lost: mend it, name another file in CLAUDE_OTEL_SPOOL",
		);
	});

	test.each<[string, () => void, string]>([
		["a folder", () => mkdirSync(join(folder, "spool.db")), "it is no plain file"],
		["a link to nowhere", () => symlinkSync(join(folder, "gone"), join(folder, "spool.db")), "it is no plain file"],
		["below a file", () => writeFileSync(`${folder}/file`, ""), "it cannot be written"],
	])("that is %s does not pass for an empty one", async (what, plant, reason) => {
		plant();
		const path = join(folder, what === "below a file" ? "file/spool.db" : "spool.db");
		const ill = createSpool({ path, maxBytes: 1000, note: (told) => notes.push(told) });
		expect(await ill.waiting()).toEqual([]);
		expect(ill.failed()).toBe(true);
		expect(notes).toEqual([expect.stringContaining(`${path} cannot be used (${reason}`)]);
	});

	test("where it cannot be made leaves later batches the straight way", async () => {
		const nowhere = createSpool({ path: "/proc/none/spool.db", maxBytes: 1000, note: (told) => notes.push(told) });
		const lane = createLane({
			spool: nowhere,
			lane: "traces here",
			signal: "traces",
			destination: "here",
			runId: "run",
			openExit: () => Promise.reject(new Error("nothing is to be delivered")),
			listener: { delivered: () => undefined, refused: () => undefined, waits: () => undefined },
		});
		expect(await lane.add(new Uint8Array(10), 1)).toBe(false);
		expect(lane.isBehind()).toBe(false);
		lane.stop();
	});

	test("of an earlier version keeps what waits by gRPC, and who delivers it", async () => {
		const older = spool();
		const url = "http://there:4317";
		const lanes = { older: `traces grpc ${url}`, newer: laneOf("traces", { protocol: "grpc", url }) };
		const holder = older.newHolder();
		await older.add({ ...batch(7, 10), lane: lanes.older });
		await older.add({ ...batch(8, 10), lane: "logs http/json http://there:4318/v1/logs" });
		expect(await older.lease(lanes.older, holder, 1_000_000)).toBe(true);
		older.close();
		await sleep(20);
		const database = new Sqlite(join(folder, "spool.db"));
		database.pragma("user_version = 1");
		database.close();
		const ours = spool();
		expect((await ours.waiting()).map(({ lane, items }) => [lane, items])).toEqual([
			[lanes.newer, 7],
			["logs http/json http://there:4318/v1/logs", 8],
		]);
		expect(await ours.lease(lanes.newer, ours.newHolder(), 1_000_001)).toBe(false);
	});

	test("leaves a lane to whoever has it, until he lets go or hangs", async () => {
		const ours = spool();
		const lane = "traces http://a";
		await ours.add(batch(1, 10));
		const [one, two] = [ours.newHolder(), ours.newHolder()];
		expect(await ours.lease(lane, one, 1_000_000)).toBe(true);
		expect(await ours.lease(lane, one, 1_000_001)).toBe(true);
		expect(await ours.lease(lane, two, 1_000_001)).toBe(false);
		expect(await ours.lease(lane, two, 1_000_001 + LEASE_MS)).toBe(true);
		await ours.release(lane, two, 2_000_000);
		expect(await ours.lease(lane, one, 1_999_999)).toBe(false);
		expect(await ours.lease(lane, one, 2_000_000)).toBe(true);
		// A clock that was set back: what was to come in a minute is years away, and nobody waits for that.
		await ours.release(lane, one, 1_000_000_000);
		expect(await ours.lease(lane, two, 1_000)).toBe(true);
	});
});

test("a batch that is just being kept when its destination is given up waits, and is not told as lost", async () => {
	const kept = Promise.withResolvers<boolean>();
	const lane = { isBehind: () => false, add: () => kept.promise } as unknown as Lane;
	const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
	const inner: BatchExporter<string[]> = {
		export: (_batch, done) => done({ code: ExportResultCode.FAILED, error }),
		shutdown: () => Promise.resolve(),
	};
	const sizeOf = (batch: string[]) => batch.length;
	const spooling = new SpoolingExporter(inner, {
		serialize: () => new Uint8Array(1),
		sizeOf,
		lane,
		lastFailure: () => undefined,
	});
	const counting = new CountingExporter(spooling, sizeOf, newTally(), () => {});
	counting.export(["a", "b"], () => {});
	const givenUp = spooling.abandon({ words: "connection refused", cure: "unreachable" });
	setTimeout(() => kept.resolve(true), 20);
	await givenUp;
	counting.abandon({ words: "connection refused", cure: "unreachable" });
	expect(counting.tally).toMatchObject({ spooled: 2, failed: 0, exported: 0 });
});

test("batches that fail in another order than theirs are kept in theirs, and what comes meanwhile queues up", async () => {
	const added: number[] = [];
	const lane = {
		isBehind: () => false,
		add: async ([number]: Uint8Array) => added.push(number ?? 0) > 0,
	} as unknown as Lane;
	const fails: (() => void)[] = [];
	const error = Object.assign(new Error("14 UNAVAILABLE"), { code: 14 });
	const inner: BatchExporter<number> = {
		export: (number, done) => {
			fails[number] = () => done({ code: ExportResultCode.FAILED, error });
		},
		shutdown: () => Promise.resolve(),
	};
	const spooling = new SpoolingExporter(inner, {
		serialize: (number) => Uint8Array.of(number),
		sizeOf: () => 1,
		lane,
		lastFailure: () => undefined,
	});
	const done: number[] = [];
	const start = (number: number) => spooling.export(number, () => done.push(number));
	for (const number of [1, 2, 3]) start(number);
	fails[3]?.();
	start(4);
	expect(fails[4]).toBeUndefined();
	fails[1]?.();
	await until("the first is kept", () => done.length > 0);
	expect(added).toEqual([1]);
	// The second hangs until its time is over.
	await spooling.abandon({ words: "no answer", cure: "noAnswer" });
	expect([added, done]).toEqual([
		[1, 2, 3, 4],
		[1, 2, 3, 4],
	]);
});

test("what finds the spool full is lost for the reason that it was not taken, and metrics of which some wait are told so", async () => {
	let room = true;
	const error = Object.assign(new Error("HTTP 500"), { code: 500 });
	const inner: BatchExporter<number> = {
		export: (_batch, done) => done({ code: ExportResultCode.FAILED, error }),
		shutdown: () => Promise.resolve(),
	};
	const tally = newTally();
	const spooling = new SpoolingExporter(inner, {
		serialize: () => new Uint8Array(1),
		sizeOf: (points) => points,
		lane: { isBehind: () => !room, add: async () => room } as unknown as Lane,
		lastFailure: () => tally.failure,
	});
	const counting = new CountingExporter(
		spooling,
		(points) => points,
		tally,
		() => {},
	);
	const exported = (points: number) => new Promise((resolve) => counting.export(points, resolve));
	const line = () =>
		summarize([{ signal: "metrics", destination: "http://here", variable: "X", tally, cumulative: true }]).line;
	await exported(4);
	expect(line()).toMatch(/^claude-otel: the metrics could not be delivered to http:\/\/here yet \(HTTP 500\) and wait/);
	room = false;
	await exported(5);
	expect(line()).toBe(
		"claude-otel: some metrics were not delivered to http://here (HTTP 500); the log of the collector tells why. claude-otel: some metrics could not be delivered to http://here yet (HTTP 500) and wait on this machine for the next run or `claude-otel flush`; the log of the collector tells why.",
	);
});
