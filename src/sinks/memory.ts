// Sinks whose spans, records and metric points stay in memory, as plain objects, to be looked at by tests. They are the
// same over several runs, in the order in which they came.
import type { Attributes } from "@opentelemetry/api";
import { LoggerProvider, type ReadableLogRecord, SimpleLogRecordProcessor } from "@opentelemetry/sdk-logs";
import {
	AggregationTemporality,
	InMemoryMetricExporter,
	MeterProvider,
	PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { type ReadableSpan, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import type { SinkOptions, Sinks } from "./providers.ts";
import { createResource } from "./resource.ts";
import { createSampler } from "./sampler.ts";
import type { TelemetrySink } from "./sink-types.ts";

export interface MemorySpan {
	name: string;
	traceId: string;
	spanId: string;
	/** Absent: a root, or a child of a span of somebody else's. */
	parentSpanId?: string;
	/** Milliseconds since the epoch. */
	start: number;
	end: number;
	attributes: Attributes;
	status: "unset" | "ok" | "error";
	/** Of an error: its class. */
	statusMessage?: string;
}

export interface MemoryRecord {
	eventName?: string;
	severity?: string;
	traceId?: string;
	spanId?: string;
	attributes: Attributes;
}

export interface MemoryPoint {
	name: string;
	attributes: Attributes;
	/** Of a counter or gauge; of a histogram its sum. */
	value: number;
}

export interface MemorySink extends TelemetrySink {
	spans: MemorySpan[];
	records: MemoryRecord[];
	/** The last value of each metric of each run. */
	points: MemoryPoint[];
	clear(): void;
}

/** Nothing is read before the end of a run. */
const NEVER_MS = 2_147_483_647;

export function createMemorySink(): MemorySink {
	const spans: MemorySpan[] = [];
	const records: MemoryRecord[] = [];
	const points: MemoryPoint[] = [];

	async function open({ config, resource, scope, idGenerator }: SinkOptions): Promise<Sinks> {
		const { name, version } = scope;
		const made = createResource(config.otel, resource);
		const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
		const tracers = new TracerProvider({
			resource: made,
			idGenerator,
			sampler: createSampler(config.otel.sampler),
			spanProcessors: [
				new SimpleSpanProcessor({
					exporter: {
						export(batch, done) {
							spans.push(...batch.map(plainSpan));
							done({ code: 0 });
						},
						shutdown: async () => {},
					},
				}),
			],
		});
		const loggers = new LoggerProvider({
			resource: made,
			processors: [
				new SimpleLogRecordProcessor({
					exporter: {
						export(batch, done) {
							records.push(...batch.map(plainRecord));
							done({ code: 0 });
						},
						forceFlush: async () => {},
						shutdown: async () => {},
					},
				}),
			],
		});
		const meters = new MeterProvider({
			resource: made,
			readers: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: NEVER_MS })],
		});
		const flush = async () => {
			await Promise.all([tracers.forceFlush(), loggers.forceFlush(), meters.forceFlush()]);
		};
		return {
			tracer: tracers.getTracer(name, version),
			meter: meters.getMeter(name, version),
			logger: loggers.getLogger(name, version),
			resource: made.attributes,
			meters: [],
			async warm() {},
			flush,
			async shutdown() {
				await flush();
				points.push(...plainPoints(metrics));
				await Promise.all([tracers.shutdown(), loggers.shutdown(), meters.shutdown()]);
				return { signals: [] };
			},
		};
	}

	return {
		open,
		spans,
		records,
		points,
		clear() {
			for (const list of [spans, records, points]) list.length = 0;
		},
	};
}

const STATUSES = ["unset", "ok", "error"] as const;

function plainSpan(span: ReadableSpan): MemorySpan {
	const { traceId, spanId } = span.spanContext();
	return {
		name: span.name,
		traceId,
		spanId,
		parentSpanId: span.parentSpanContext?.spanId,
		start: millisOf(span.startTime),
		end: millisOf(span.endTime),
		attributes: { ...span.attributes },
		status: STATUSES[span.status.code],
		statusMessage: span.status.message,
	};
}

function plainRecord({ eventName, severityText, spanContext, attributes }: ReadableLogRecord): MemoryRecord {
	return {
		eventName,
		severity: severityText,
		traceId: spanContext?.traceId,
		spanId: spanContext?.spanId,
		attributes: { ...(attributes as Attributes) },
	};
}

function plainPoints(exporter: InMemoryMetricExporter): MemoryPoint[] {
	return (exporter.getMetrics().at(-1)?.scopeMetrics ?? []).flatMap(({ metrics }) =>
		metrics.flatMap(({ descriptor: { name }, dataPoints }) =>
			dataPoints.map(({ attributes, value }) => ({
				name,
				attributes,
				value: typeof value === "number" ? value : ((value as { sum?: number }).sum ?? 0),
			})),
		),
	);
}

function millisOf([seconds, nanoseconds]: [number, number]): number {
	return seconds * 1000 + nanoseconds / 1e6;
}
