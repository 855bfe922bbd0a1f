import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { afterEach, describe, expect, test } from "vitest";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { until } from "../support/run.ts";
import { startUnpackingRelay } from "./collectors.ts";
import { emitOne, openSinks, SCOPE, TRACE_ID } from "./open.ts";

let receiver: Receiver | undefined;
afterEach(async () => {
	await receiver?.close();
	receiver = undefined;
});

describe.each(["grpc", "http/protobuf", "http/json"])("over %s", (protocol) => {
	const endpointOf = (to: Receiver) => (protocol === "grpc" ? to.grpc : to.http);
	const open = async (more: Record<string, string> = {}) => {
		receiver = await startReceiver();
		const sinks = await openSinks({
			OTEL_EXPORTER_OTLP_ENDPOINT: endpointOf(receiver),
			OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
			...more,
		});
		return { receiver, sinks };
	};

	test("a span, a metric and a log record arrive with scope, resource and headers", async () => {
		const { receiver, sinks } = await open({
			OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20abc%3D,x-team=blue",
			OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-team=red",
			OTEL_RESOURCE_ATTRIBUTES: "team=a%2Cb,service.name=ignored",
			OTEL_SERVICE_NAME: "mine",
			OTEL_SERVICE_NAMESPACE: "ours",
		});
		emitOne(sinks);
		const delivery = await sinks.shutdown(10_000);

		expect(delivery.line).toBeUndefined();
		expect(delivery.signals.map(({ signal, exported, lost }) => ({ signal, exported, lost }))).toEqual([
			{ signal: "traces", exported: 1, lost: 0 },
			{ signal: "metrics", exported: 1, lost: 0 },
			{ signal: "logs", exported: 1, lost: 0 },
		]);
		expect(receiver.spans).toMatchObject([{ name: "one", traceId: TRACE_ID, attributes: { size: 1 }, scope: SCOPE }]);
		expect(receiver.metrics).toMatchObject([
			{ name: "things_total", value: 2, temporality: "cumulative", monotonic: true },
		]);
		expect(receiver.logs).toMatchObject([{ body: "one happened", attributes: { "event.name": "thing" } }]);
		for (const { resource } of [...receiver.spans, ...receiver.metrics, ...receiver.logs]) {
			expect(resource).toEqual({
				"service.name": "mine",
				"service.namespace": "ours",
				"service.instance.id": "run-1",
				team: "a,b",
				"telemetry.sdk.language": "nodejs",
				"telemetry.sdk.name": "opentelemetry",
				"telemetry.sdk.version": expect.any(String),
			});
		}
		const header = (path: RegExp, name: string) => {
			const request = receiver.requests.find((candidate) => path.test(candidate.path));
			const metadata = JSON.parse(JSON.stringify(request?.metadata ?? {})) as Record<string, string[]>;
			return request?.headers?.[name] ?? metadata[name]?.join();
		};
		expect(header(/trace/i, "authorization")).toBe("Bearer abc=");
		expect(header(/trace/i, "x-team")).toBe("red");
		expect(header(/logs/i, "x-team")).toBe("blue");
	});

	test("a burst of 20,000 spans and records at once arrives whole", async () => {
		const { receiver, sinks } = await open();
		for (let number = 0; number < 20_000; number++) {
			sinks.tracer.startSpan(`span ${number}`).end();
			sinks.logger.emit({ body: "record" });
		}
		const delivery = await sinks.shutdown(50_000);
		expect(delivery.line).toBeUndefined();
		expect(receiver.spans.length).toBe(20_000);
		expect(receiver.logs.length).toBe(20_000);
		expect(new Set(receiver.spans.map(({ spanId }) => spanId)).size).toBe(20_000);
	});

	test("what the queue cannot hold is counted and told", async () => {
		const { receiver, sinks } = await open({
			OTEL_BSP_MAX_QUEUE_SIZE: "10",
			OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "5",
			OTEL_BLRP_MAX_QUEUE_SIZE: "10",
			OTEL_METRICS_EXPORTER: "none",
		});
		for (let number = 0; number < 100; number++) {
			sinks.tracer.startSpan("span").end();
			sinks.logger.emit({ body: "record" });
		}
		const delivery = await sinks.shutdown(10_000);
		const [spans, logs] = delivery.signals;
		expect(spans?.exported).toBe(receiver.spans.length);
		expect((spans?.exported ?? 0) + (spans?.dropped ?? 0)).toBe(100);
		expect(spans?.dropped).toBeGreaterThanOrEqual(85);
		expect((logs?.exported ?? 0) + (logs?.dropped ?? 0)).toBe(100);
		expect(delivery.line).toMatch(
			/^claude-otel: \d+ spans and \d+ log records were not delivered to http:\/\/127.0.0.1:\d+ \(more at once than the queue holds\); raise OTEL_BSP_MAX_QUEUE_SIZE/,
		);
	});

	test("warming up connects and leaves nothing to be counted", async () => {
		const { receiver, sinks } = await open();
		sinks.warm();
		emitOne(sinks);
		await sinks.flush(10_000);
		expect(receiver.spans.length).toBe(1);
		const delivery = await sinks.shutdown(10_000);
		expect(delivery.signals.map(({ failed }) => failed)).toEqual([0, 0, 0]);
		expect(sinks.failures).toEqual([]);
	});
});

test("over grpc one request opens the connection for all, and none is empty: some receivers stumble over that", async () => {
	const collector = await startReceiver();
	receiver = collector;
	const sinks = await openSinks({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpc });
	sinks.warm();
	await until("the connection is open", () => collector.requests.length > 0);
	expect(collector.requests.map(({ path }) => path)).toEqual([expect.stringMatching(/metrics/i)]);
	emitOne(sinks);
	await sinks.shutdown(10_000);
	expect(collector.requests.filter(({ path }) => !/metrics/i.test(path)).length).toBe(2);
});

test("gzip is used over grpc where it is asked for", async () => {
	receiver = await startReceiver();
	const sinks = await openSinks({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc, OTEL_EXPORTER_OTLP_COMPRESSION: "gzip" });
	emitOne(sinks);
	expect((await sinks.shutdown(10_000)).line).toBeUndefined();
	expect(receiver.spans.length).toBe(1);
});

test.each(["http/protobuf", "http/json"])("gzip is used over %s where it is asked for", async (protocol) => {
	receiver = await startReceiver();
	const relay = await startUnpackingRelay(receiver.http);
	const sinks = await openSinks({
		OTEL_EXPORTER_OTLP_ENDPOINT: relay.url,
		OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
		OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
	});
	emitOne(sinks);
	expect((await sinks.shutdown(10_000)).line).toBeUndefined();
	await relay.close();
	expect(relay.encodings).toEqual(["gzip", "gzip", "gzip"]);
	expect([receiver.spans.length, receiver.metrics.length, receiver.logs.length]).toEqual([1, 1, 1]);
});

test("each signal can have its own endpoint and protocol, or none", async () => {
	receiver = await startReceiver();
	const sinks = await openSinks({
		OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.http}/v1/traces`,
		OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: receiver.grpc,
		OTEL_METRICS_EXPORTER: "none",
	});
	emitOne(sinks);
	const delivery = await sinks.shutdown(10_000);
	expect(delivery.line).toBeUndefined();
	expect(delivery.signals.map(({ signal }) => signal)).toEqual(["traces", "logs"]);
	expect([receiver.spans.length, receiver.metrics.length, receiver.logs.length]).toEqual([1, 0, 1]);
	expect(receiver.requests.map(({ transport }) => transport).toSorted()).toEqual(["grpc", "http"]);
});

test("delta temporality and exponential histograms are chosen by their variables", async () => {
	receiver = await startReceiver();
	const sinks = await openSinks({
		OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc,
		OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta",
		OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: "base2_exponential_bucket_histogram",
	});
	const counter = sinks.meter.createCounter("things_total");
	sinks.meter.createHistogram("sizes").record(3);
	counter.add(2);
	await sinks.flush(10_000);
	counter.add(3);
	await sinks.shutdown(10_000);
	const things = receiver.metrics.filter(({ name }) => name === "things_total");
	expect(things.map(({ value, temporality }) => ({ value, temporality }))).toEqual([
		{ value: 2, temporality: "delta" },
		{ value: 3, temporality: "delta" },
	]);
	expect(receiver.metrics.find(({ name }) => name === "sizes")?.type).toBe("exponentialHistogram");
});

test("ids come from the caller and parents from the context", async () => {
	receiver = await startReceiver();
	const sinks = await openSinks({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc });
	const parent = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: 1 };
	const context = trace.setSpanContext(ROOT_CONTEXT, parent);
	sinks.tracer.startSpan("child", { kind: SpanKind.CLIENT, startTime: [1, 0] }, context).end([2, 0]);
	await sinks.shutdown(10_000);
	expect(receiver.spans).toMatchObject([
		{
			name: "child",
			kind: "CLIENT",
			traceId: parent.traceId,
			spanId: "0000000000000001",
			parentSpanId: parent.spanId,
			startTime: 1_000_000_000n,
			endTime: 2_000_000_000n,
		},
	]);
});

test("OTEL_SDK_DISABLED sends nothing anywhere", async () => {
	receiver = await startReceiver();
	const sinks = await openSinks({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc, OTEL_SDK_DISABLED: "true" });
	emitOne(sinks);
	expect(await sinks.shutdown(1_000)).toEqual({ signals: [], line: undefined });
	expect(receiver.requests).toEqual([]);
});
