// The parts of the harness that need no claude: the OTLP receiver, the tree, the seeds.

import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { OTLPLogExporter as GrpcLogs } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtoLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as GrpcMetrics } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtoMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraces } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtoTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { describe, expect, test } from "vitest";
import type { Span } from "../support/otlp-plain.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { seededRandom } from "../support/seed.ts";
import { assertSoundTrace, buildTree, printTree } from "../support/tree.ts";

const EXPORTERS = {
	grpc: (to: Receiver) => ({
		traces: new GrpcTraces({ url: to.grpc }),
		metrics: new GrpcMetrics({ url: to.grpc }),
		logs: new GrpcLogs({ url: to.grpc }),
	}),
	"http/protobuf": (to: Receiver) => ({
		traces: new ProtoTraces({ url: `${to.http}/v1/traces` }),
		metrics: new ProtoMetrics({ url: `${to.http}/v1/metrics` }),
		logs: new ProtoLogs({ url: `${to.http}/v1/logs` }),
	}),
	"http/json": (to: Receiver) => ({
		traces: new JsonTraces({ url: `${to.http}/v1/traces` }),
		metrics: new JsonMetrics({ url: `${to.http}/v1/metrics` }),
		logs: new JsonLogs({ url: `${to.http}/v1/logs` }),
	}),
};
const PROTOCOLS = Object.keys(EXPORTERS) as (keyof typeof EXPORTERS)[];
const ATTRIBUTES = {
	text: "x",
	empty: "",
	zero: 0,
	negative: -5,
	big: 2 ** 53 - 1,
	part: 1.5,
	yes: true,
	list: ["p", "q"],
};

describe.each(PROTOCOLS)("over %s", (protocol) => {
	test("spans, metrics and logs arrive as the same plain objects", async () => {
		const receiver = await startReceiver();
		const exporters = EXPORTERS[protocol](receiver);
		const tracers = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: exporters.traces })] });
		const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: exporters.metrics })] });
		const loggers = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter: exporters.logs })] });

		const link = { context: { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 } };
		const span = tracers
			.getTracer("scope", "1")
			.startSpan("work", { kind: SpanKind.CLIENT, attributes: ATTRIBUTES, links: [link], startTime: [1, 0] });
		span.addEvent("happened", { k: 1 }, [1, 500_000_000]);
		span.setStatus({ code: SpanStatusCode.ERROR, message: "bad" });
		span.end([2, 0]);
		meters.getMeter("m").createCounter("count", { unit: "1" }).add(3, { kind: "in" });
		meters.getMeter("m").createHistogram("spread").record(7);
		loggers
			.getLogger("l")
			.emit({ body: "hello", severityNumber: 9, severityText: "INFO", attributes: { deep: { x: [1] } } });
		await Promise.all([tracers.shutdown(), meters.shutdown(), loggers.shutdown()]);
		await receiver.waitForSpans(1);
		await receiver.close();

		expect(receiver.spans).toMatchObject([
			{
				name: "work",
				spanId: span.spanContext().spanId,
				traceId: span.spanContext().traceId,
				parentSpanId: "",
				kind: "CLIENT",
				startTime: 1_000_000_000n,
				endTime: 2_000_000_000n,
				attributes: ATTRIBUTES,
				status: { code: "ERROR", message: "bad" },
				events: [{ name: "happened", time: 1_500_000_000n, attributes: { k: 1 } }],
				links: [{ traceId: link.context.traceId, spanId: link.context.spanId, attributes: {} }],
				scope: { name: "scope", version: "1" },
			},
		]);
		expect(receiver.spans[0]?.resource["telemetry.sdk.language"]).toBe("nodejs");
		expect(receiver.metrics).toMatchObject([
			{
				name: "count",
				unit: "1",
				type: "sum",
				temporality: "cumulative",
				monotonic: true,
				value: 3,
				attributes: { kind: "in" },
			},
			{ name: "spread", type: "histogram", count: 1, value: 7, min: 7, max: 7 },
		]);
		expect(receiver.logs).toMatchObject([
			{ body: "hello", severityNumber: 9, severityText: "INFO", attributes: { deep: { x: [1] } } },
		]);
		expect(receiver.rawBytes()).toContain('"hello"');
	});
});

function span(name: string, spanId: string, parentSpanId: string, times: [bigint, bigint] = [1n, 2n]): Span {
	return {
		name,
		spanId: spanId.padStart(16, "0"),
		parentSpanId: parentSpanId && parentSpanId.padStart(16, "0"),
		traceId: "a".repeat(32),
		startTime: times[0],
		endTime: times[1],
		attributes: { size: 3, word: "two words" },
		status: { code: "UNSET", message: "" },
		traceState: "",
		kind: "INTERNAL",
		events: [],
		links: [],
		droppedAttributes: 0,
		resource: {},
		scope: { name: "", version: "", attributes: {} },
	};
}

test("a tree is printed in order of start, with the chosen attributes", () => {
	const spans = [span("late", "3", "1", [5n, 6n]), span("root", "1", ""), span("early", "2", "1", [3n, 4n])];
	expect(printTree(buildTree(spans), { attributes: ["word", "absent", "size"] })).toBe(
		'root word="two words" size=3\n  early word="two words" size=3\n  late word="two words" size=3\n',
	);
});

test("every fault of a trace is named", () => {
	const good = [span("root", "1", ""), span("child", "2", "1")];
	expect(() => assertSoundTrace(good)).not.toThrow();
	expect(() => assertSoundTrace([...good, span("lost", "3", "9")])).toThrow("orphan lost");
	expect(() => assertSoundTrace([...good, span("lost", "3", "9")], ["9".padStart(16, "0")])).not.toThrow();
	expect(() => assertSoundTrace([...good, span("again", "2", "1")])).toThrow("stands 2 times");
	expect(() => assertSoundTrace([...good, span("backwards", "3", "1", [2n, 1n])])).toThrow("ends before it starts");
	expect(() => buildTree([...good, span("lost", "3", "9")])).toThrow("orphan");
});

test("a seed gives the same numbers again, and another seed others", () => {
	const draw = (seed: number) => {
		const random = seededRandom(seed);
		return [random.int(1, 6), random.pick(["a", "b", "c"]), random.shuffle([1, 2, 3, 4]), random.next()];
	};
	expect(draw(5)).toEqual(draw(5));
	expect(draw(5)).not.toEqual(draw(6));
});
