// Comes in: options of the signals. Goes out: the real signals over the OpenTelemetry SDK, whose spans, points and
// records stay in memory to be looked at.
import type { Attributes } from "@opentelemetry/api";
import {
	InMemoryLogRecordExporter,
	LoggerProvider,
	type ReadableLogRecord,
	SimpleLogRecordProcessor,
} from "@opentelemetry/sdk-logs";
import {
	AggregationTemporality,
	InMemoryMetricExporter,
	MeterProvider,
	PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { OtelConfig } from "../../src/config/otel.ts";
import { isSampled } from "../../src/config/sampled.ts";
import { createPresetIds } from "../../src/signals/ids.ts";
import { createSignals, type SignalOptions, type Signals } from "../../src/signals/signals.ts";
import { createSampler } from "../../src/sinks/sampler.ts";

export interface MetricPoint {
	name: string;
	unit: string;
	attributes: Attributes;
	/** Of a counter; of a histogram its sum. */
	value: number;
	/** Of a histogram. */
	count?: number;
	bounds?: number[];
}

export interface Exported {
	spans: ReadableSpan[];
	records: ReadableLogRecord[];
	points: MetricPoint[];
	/** Spans that were started as episodes and never ended. */
	unended: string[];
}

export interface InMemorySignals extends Signals {
	/** Ends the export and gives what was exported. */
	exported(): Promise<Exported>;
}

export type Chosen = Partial<Omit<SignalOptions, "tracer" | "meter" | "logger" | "ids" | "isSampled">> & {
	sampler?: OtelConfig["sampler"];
};

export interface InMemorySinks extends Pick<SignalOptions, "tracer" | "meter" | "logger" | "ids"> {
	/** Ends the export and gives what was exported. */
	exported(): Promise<Exported>;
}

export function createInMemorySinks(
	sampler: OtelConfig["sampler"] = { name: "parentbased_always_on", ratio: 1 },
): InMemorySinks {
	const ids = createPresetIds();
	const spanExporter = new InMemorySpanExporter();
	const recordExporter = new InMemoryLogRecordExporter();
	const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
	const started = new Map<string, string>();
	const spanProcessor = new SimpleSpanProcessor({ exporter: spanExporter });
	const tracers = new TracerProvider({
		idGenerator: ids,
		sampler: createSampler(sampler),
		spanProcessors: [
			{
				onStart(span) {
					started.set(span.spanContext().spanId, span.name);
				},
				onEnd(span) {
					started.delete(span.spanContext().spanId);
					spanProcessor.onEnd(span);
				},
				forceFlush: () => spanProcessor.forceFlush(),
				shutdown: () => spanProcessor.shutdown(),
			},
		],
	});
	const meters = new MeterProvider({
		readers: [new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 3_600_000 })],
	});
	const loggers = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: recordExporter })] });
	return {
		tracer: tracers.getTracer("claude-otel", "0.0.0"),
		meter: meters.getMeter("claude-otel", "0.0.0"),
		logger: loggers.getLogger("claude-otel", "0.0.0"),
		ids,
		async exported() {
			await Promise.all([tracers.forceFlush(), meters.forceFlush(), loggers.forceFlush()]);
			const exported = {
				spans: [...spanExporter.getFinishedSpans()],
				records: [...recordExporter.getFinishedLogRecords()],
				points: pointsOf(metricExporter),
				unended: [...started.values()],
			};
			await Promise.all([tracers.shutdown(), meters.shutdown(), loggers.shutdown()]);
			return exported;
		},
	};
}

export function createInMemorySignals(chosen: Chosen = {}): InMemorySignals {
	const { sampler = { name: "parentbased_always_on", ratio: 1 }, ...options } = chosen;
	const sinks = createInMemorySinks(sampler);
	const signals = createSignals({
		runId: "11111111-2222-4333-8444-555555555555",
		inbound: undefined,
		shape: "session",
		level: "standard",
		semconv: "v1.41",
		extra: {},
		deniedModels: [],
		sample: { ratio: 1, costUsd: 1, slowTurnMs: 120_000 },
		...options,
		isSampled: (traceId, inbound) => isSampled(sampler, traceId, inbound),
		...sinks,
	});
	return { ...signals, exported: sinks.exported };
}

function pointsOf(exporter: InMemoryMetricExporter): MetricPoint[] {
	const last = exporter.getMetrics().at(-1);
	return (last?.scopeMetrics ?? []).flatMap(({ metrics }) =>
		metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
			dataPoints.map(({ attributes, value }): MetricPoint => {
				if (typeof value === "number") return { name, unit, attributes, value };
				const histogram = value as { sum?: number; count: number; buckets?: { boundaries: number[] } };
				return {
					name,
					unit,
					attributes,
					value: histogram.sum ?? 0,
					count: histogram.count,
					bounds: histogram.buckets?.boundaries,
				};
			}),
		),
	);
}
