// Telemetry with all that the OpenTelemetry SDK can put into it: log records, metrics and spans, as exporters are handed them.
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace, ValueType } from "@opentelemetry/api";
import { TraceState } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
	InMemoryLogRecordExporter,
	LoggerProvider,
	type ReadableLogRecord,
	SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
	AggregationTemporality,
	AggregationType,
	InMemoryMetricExporter,
	MeterProvider,
	PeriodicExportingMetricReader,
	type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

const resource = resourceFromAttributes({ "service.name": "claude-code", os: ["linux", "6.1"] });
const parent = trace.setSpanContext(ROOT_CONTEXT, {
	traceId: "0af7651916cd43dd8448eb211c80319c",
	spanId: "b7ad6b7169203331",
	traceFlags: TraceFlags.SAMPLED,
	traceState: new TraceState("vendor=a,other=b"),
	isRemote: true,
});
/** Beyond what a JavaScript number can hold exactly it is no integer for the SDK either. */
const VALUES = {
	text: "é€😀",
	empty: "",
	flag: false,
	whole: 42,
	negative: -7,
	large: Number.MAX_SAFE_INTEGER,
	fraction: -0.25,
	list: ["a", "b"],
};

export function recordedLogs(): ReadableLogRecord[] {
	const exporter = new InMemoryLogRecordExporter();
	const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
	const logger = provider.getLogger("com.anthropic.claude_code.events", "2.1.330", {
		schemaUrl: "https://example.com/1",
	});
	logger.emit({
		eventName: "api_request",
		body: { nested: { deep: [1, "two", { three: true }] }, bytes: new Uint8Array([0, 255, 16]) },
		severityNumber: 9,
		severityText: "INFO",
		timestamp: [1_795_304_139, 573_000_001],
		observedTimestamp: [1_795_304_140, 0],
		attributes: { ...VALUES, map: { a: 1, b: [] }, bytes: new Uint8Array([1, 2, 3]) },
		context: parent,
	});
	logger.emit({ body: "plain" });
	provider.getLogger("other").emit({ body: 1.5 });
	return exporter.getFinishedLogRecords();
}

export async function recordedMetrics(): Promise<ResourceMetrics> {
	const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
	const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 60_000 });
	const exponential = { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const;
	const views = [{ instrumentName: "exponential", aggregation: exponential }];
	const provider = new MeterProvider({ resource, readers: [reader], views });
	const meter = provider.getMeter("com.anthropic.claude_code", "2.1.330");
	const counter = meter.createCounter("claude_code.token.usage", { unit: "tokens", valueType: ValueType.INT });
	counter.add(10, { type: "input" });
	counter.add(3, VALUES);
	meter.createCounter("claude_code.cost.usage", { unit: "USD" }).add(0.125);
	meter.createUpDownCounter("up_down").add(-5);
	meter.createGauge("gauge").record(1.5, { a: "b" });
	const histogram = meter.createHistogram("histogram", { advice: { explicitBucketBoundaries: [1, 10, 100] } });
	for (const value of [0, 5, 50, 5000]) histogram.record(value);
	const other = meter.createHistogram("exponential");
	for (const value of [0, 0.001, 1, 1000]) other.record(value);
	await reader.forceFlush();
	const [metrics] = exporter.getMetrics();
	if (metrics === undefined) throw new Error("the SDK has recorded no metrics");
	await provider.shutdown();
	return metrics;
}

export async function recordedSpans(): Promise<ReadableSpan[]> {
	const exporter = new InMemorySpanExporter();
	const provider = new TracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
	const tracer = provider.getTracer("com.anthropic.claude_code.tracing", "2.1.330");
	const link = { traceId: "f".repeat(32), spanId: "e".repeat(16), traceFlags: TraceFlags.NONE };
	const span = tracer.startSpan(
		"claude_code.interaction",
		{ kind: SpanKind.CLIENT, attributes: VALUES, links: [{ context: link, attributes: { why: "restart" } }] },
		parent,
	);
	span.addEvent("first", { n: 1 }, [1_795_304_139, 1]);
	span.addEvent("second");
	span.setStatus({ code: SpanStatusCode.ERROR, message: "it failed" });
	span.end();
	tracer.startSpan("alone").end();
	await provider.forceFlush();
	return exporter.getFinishedSpans();
}
