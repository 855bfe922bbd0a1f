import { afterEach, describe, expect, test } from "vitest";
import type { Delivery } from "../../src/sinks/delivery.ts";
import { startReceiver } from "../support/receiver.ts";
import { readBody, startGrpc, startHanging, startHttp, startRelay, unusedAddress } from "./collectors.ts";
import { emitOne, millisecondsOf, openSinks } from "./open.ts";

const PROTOCOLS = ["grpc", "http/protobuf", "http/json"];
const GRACE_MS = 1_000;

const places: { close(): Promise<void> }[] = [];
afterEach(async () => {
	for (const place of places.splice(0)) await place.close();
});
async function keep<P extends { close(): Promise<void> }>(place: Promise<P>): Promise<P> {
	const kept = await place;
	places.push(kept);
	return kept;
}

describe.each(PROTOCOLS)("over %s", (protocol) => {
	const open = (endpoint: string, more: Record<string, string> = {}) =>
		openSinks({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, ...more });

	test("where nobody listens the end comes at once and the line says so", async () => {
		const endpoint = await unusedAddress();
		const sinks = await open(endpoint);
		for (let number = 0; number < 3; number++) sinks.tracer.startSpan("span").end();
		sinks.logger.emit({ body: "a" });
		sinks.logger.emit({ body: "b" });
		sinks.meter.createCounter("things_total").add(1);
		let line: string | undefined;
		const took = await millisecondsOf(async () => {
			({ line } = await sinks.shutdown(10_000));
		});
		expect(line).toBe(
			`claude-otel: 3 spans, the metrics and 2 log records were not delivered to ${endpoint} (connection refused); check that a collector listens there or set OTEL_EXPORTER_OTLP_ENDPOINT.`,
		);
		// It took the ten seconds, or one retry, if it waited for anything.
		expect(took).toBeLessThan(GRACE_MS);
		expect(sinks.failures.toSorted((a, b) => a.count - b.count)).toEqual([
			{ signal: "metrics", count: 1, reason: "connection refused" },
			{ signal: "logs", count: 2, reason: "connection refused" },
			{ signal: "traces", count: 3, reason: "connection refused" },
		]);
	});

	test("a batch that waits for its next attempt does not hold the end up", async () => {
		const sinks = await open(await unusedAddress(), { OTEL_METRICS_EXPORTER: "none", OTEL_BSP_SCHEDULE_DELAY: "1" });
		sinks.tracer.startSpan("span").end();
		await new Promise((resolve) => setTimeout(resolve, 200));
		let lost: number | undefined;
		const took = await millisecondsOf(async () => {
			lost = (await sinks.shutdown(10_000)).signals[0]?.lost;
		});
		expect(lost).toBe(1);
		expect(took).toBeLessThan(GRACE_MS);
	});

	test("warming up in vain holds nothing up and is nobody's loss", async () => {
		const sinks = await open(await unusedAddress());
		sinks.warm();
		await new Promise((resolve) => setTimeout(resolve, 100));
		let delivery: Delivery | undefined;
		const took = await millisecondsOf(async () => {
			delivery = await sinks.shutdown(10_000);
		});
		expect(delivery?.line).toBeUndefined();
		expect(took).toBeLessThan(GRACE_MS);
	});

	test("a collector that hangs is left after the grace time", async () => {
		const { url } = await keep(startHanging());
		const sinks = await open(url);
		emitOne(sinks);
		let line: string | undefined;
		const took = await millisecondsOf(async () => {
			({ line } = await sinks.shutdown(200));
		});
		expect(took).toBeLessThan(2_000);
		expect(line).toBe(
			`claude-otel: 1 span, the metrics and 1 log record were not delivered to ${url} (no answer within 0.2 s); check the collector: it took the connection but did not answer in time.`,
		);
	});

	test("flush is over after its time as well, and later spans are still taken", async () => {
		const { url } = await keep(startHanging());
		const sinks = await open(url, { OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" });
		emitOne(sinks);
		expect(await millisecondsOf(() => sinks.flush(100))).toBeLessThan(1_000);
		emitOne(sinks);
		expect((await sinks.shutdown(100)).signals[0]).toMatchObject({ exported: 0, lost: 2 });
	});

	test("a collector that appears while we wait gets what was tried before", async () => {
		const receiver = await keep(startReceiver());
		const endpoint = await unusedAddress();
		const sinks = await open(endpoint, { OTEL_METRICS_EXPORTER: "none", OTEL_BSP_SCHEDULE_DELAY: "1" });
		sinks.tracer.startSpan("early").end();
		await new Promise((resolve) => setTimeout(resolve, 200));
		await keep(startRelay(endpoint, protocol === "grpc" ? receiver.grpc : receiver.http));
		await receiver.waitForSpans(1, 20_000);
		expect((await sinks.shutdown(GRACE_MS)).line).toBeUndefined();
	});
});

describe.each(["http/protobuf", "http/json"])("over %s, answers", (protocol) => {
	const open = (endpoint: string) =>
		openSinks({
			OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
			OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
			OTEL_METRICS_EXPORTER: "none",
			OTEL_LOGS_EXPORTER: "none",
		});

	test.each([
		[401, "(HTTP 401); check the credentials in OTEL_EXPORTER_OTLP_HEADERS."],
		[404, "(HTTP 404); check the path in OTEL_EXPORTER_OTLP_ENDPOINT."],
		[413, "(HTTP 413); lower OTEL_BSP_MAX_EXPORT_BATCH_SIZE or raise the limit of the collector."],
		[500, "(HTTP 500); the log of the collector tells why."],
	])("HTTP %i becomes a sentence with its cure, without the answer's text", async (status, end) => {
		const { url } = await keep(
			startHttp((_, response) => response.writeHead(status).end("your key sk-secret is wrong")),
		);
		const sinks = await open(url);
		emitOne(sinks);
		const { line } = await sinks.shutdown(10_000);
		expect(line).toBe(`claude-otel: 1 span was not delivered to ${url} ${end}`);
	});

	test("a slow collector within the grace time loses nothing", async () => {
		const { url } = await keep(
			startHttp((incoming, response) => {
				incoming.resume();
				setTimeout(() => response.writeHead(200).end(), 300);
			}),
		);
		const sinks = await open(url);
		emitOne(sinks);
		expect((await sinks.shutdown(10_000)).line).toBeUndefined();
	});

	test("what a collector takes only in part is counted as lost", async () => {
		// ExportTraceServiceResponse { partial_success { rejected_spans: 2 } }
		const [type, body] =
			protocol === "http/json"
				? ["application/json", JSON.stringify({ partialSuccess: { rejectedSpans: "2", errorMessage: "too old" } })]
				: ["application/x-protobuf", Buffer.from([0x0a, 0x02, 0x08, 0x02])];
		const { url } = await keep(
			startHttp((incoming, response) => {
				incoming.resume();
				response.writeHead(200, { "content-type": type }).end(body);
			}),
		);
		const sinks = await open(url);
		for (let number = 0; number < 5; number++) sinks.tracer.startSpan("span").end();
		const { signals, line } = await sinks.shutdown(10_000);
		expect(signals).toMatchObject([{ exported: 3, failed: 2, lost: 2 }]);
		expect(line).toContain("2 spans were not delivered");
		expect(line).toContain("(rejected by the collector)");
		expect(sinks.failures).toEqual([{ signal: "traces", count: 2, reason: "rejected by the collector" }]);
	});
});

test("over grpc, what a collector takes only in part is counted as lost", async () => {
	const { url } = await keep(startGrpc((_, answer) => answer(null, Buffer.from([0x0a, 0x02, 0x08, 0x02]))));
	const sinks = await openSinks({
		OTEL_EXPORTER_OTLP_ENDPOINT: url,
		OTEL_METRICS_EXPORTER: "none",
		OTEL_LOGS_EXPORTER: "none",
	});
	for (let number = 0; number < 5; number++) sinks.tracer.startSpan("span").end();
	expect((await sinks.shutdown(10_000)).signals).toMatchObject([{ exported: 3, failed: 2, lost: 2 }]);
});

test.each([
	[16, "(gRPC UNAUTHENTICATED); check the credentials in OTEL_EXPORTER_OTLP_HEADERS."],
	[8, "(gRPC RESOURCE_EXHAUSTED); the collector is overloaded or asks for fewer requests."],
	[13, "(gRPC INTERNAL); the log of the collector tells why."],
])("gRPC status %i becomes a sentence with its cure, without the answer's text", async (code, end) => {
	const { url } = await keep(startGrpc((_, answer) => answer({ code, details: "your key sk-secret is wrong" })));
	const sinks = await openSinks({
		OTEL_EXPORTER_OTLP_ENDPOINT: url,
		OTEL_METRICS_EXPORTER: "none",
		OTEL_LOGS_EXPORTER: "none",
	});
	emitOne(sinks);
	expect((await sinks.shutdown(10_000)).line).toBe(`claude-otel: 1 span was not delivered to ${url} ${end}`);
});

test("over grpc, a batch that is too large for the collector arrives in parts", async () => {
	// The receiver takes 4 MB at once, as collectors do.
	const receiver = await keep(startReceiver());
	const sinks = await openSinks({
		OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc,
		OTEL_METRICS_EXPORTER: "none",
		OTEL_LOGS_EXPORTER: "none",
	});
	for (let number = 0; number < 500; number++)
		sinks.tracer.startSpan("span", { attributes: { text: "x".repeat(20_000) } }).end();
	expect((await sinks.shutdown(30_000)).signals).toMatchObject([{ exported: 500, lost: 0 }]);
	expect(new Set(receiver.spans.map(({ spanId }) => spanId)).size).toBe(500);
});

test("over http, only what is too large by itself is lost", async () => {
	const { url } = await keep(
		startHttp(async (incoming, response) => {
			const body = await readBody(incoming);
			response.writeHead(body.length > 50_000 ? 413 : 200).end();
		}),
	);
	const sinks = await openSinks({
		OTEL_EXPORTER_OTLP_ENDPOINT: url,
		OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
		OTEL_METRICS_EXPORTER: "none",
	});
	for (let number = 0; number < 100; number++) {
		const text = "x".repeat(number === 50 ? 60_000 : 5_000);
		sinks.tracer.startSpan("span", { attributes: { text } }).end();
		sinks.logger.emit({ body: text });
	}
	const { signals, line } = await sinks.shutdown(30_000);
	expect(signals).toMatchObject([
		{ exported: 99, failed: 1, lost: 1 },
		{ exported: 99, failed: 1, lost: 1 },
	]);
	expect(line).toContain("1 span and 1 log record were not delivered");
	expect(line).toContain("(HTTP 413)");
});

test("a protocol and a port that do not go together are told with both ways out", async () => {
	const receiver = await keep(startReceiver());
	const over = async (protocol: string, endpoint: string) => {
		const sinks = await openSinks({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
		emitOne(sinks);
		return (await sinks.shutdown(5_000)).line;
	};
	const cure = "check OTEL_EXPORTER_OTLP_PROTOCOL and the port in OTEL_EXPORTER_OTLP_ENDPOINT";
	expect(await over("http/protobuf", receiver.grpc)).toContain(cure);
	expect(await over("grpc", receiver.http)).toContain(cure);
});
