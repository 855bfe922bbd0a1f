// Comes in: batches of any signal. Goes out: one JSON line a record, kept until claude has left the terminal
// and then written to standard error; never to standard output, which is claude's answer.
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { ExportResultCode, hrTimeToMilliseconds } from "@opentelemetry/core";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import { DataPointType, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BatchExporter, Batches, Route } from "./exporter.ts";

/** Lines that are kept for the end of a session; what comes after is counted as not delivered. */
export const CONSOLE_LINE_LIMIT = 50_000;

export class ConsoleRoutes {
	private readonly lines: string[] = [];
	/** Metrics come again and again with their totals: only the last ones are written. */
	private metricLines: string[] = [];

	create<S extends keyof Batches>(signal: S): Route<Batches[S]> {
		const exporter: BatchExporter<Batches[S]> = {
			export: (batch, done) => {
				const kept = this.keep(toLines(signal, batch), signal);
				done(kept ? { code: ExportResultCode.SUCCESS } : FULL);
			},
			shutdown: () => Promise.resolve(),
		};
		return { exporter, destination: "standard error", variable: `OTEL_${signal.toUpperCase()}_EXPORTER` };
	}

	/** What was kept, once; the metrics last. */
	writeTo(write: (text: string) => void): void {
		for (const line of [...this.lines.splice(0), ...this.metricLines.splice(0)]) write(`${line}\n`);
	}

	private keep(lines: string[], signal: keyof Batches): boolean {
		if (signal === "metrics") {
			this.metricLines = lines.slice(0, CONSOLE_LINE_LIMIT);
			return lines.length <= CONSOLE_LINE_LIMIT;
		}
		if (this.lines.length + lines.length > CONSOLE_LINE_LIMIT) return false;
		this.lines.push(...lines);
		return true;
	}
}

const FULL = { code: ExportResultCode.FAILED, error: new Error("console limit") };

const TO_LINES: { [S in keyof Batches]: (batch: Batches[S]) => string[] } = {
	traces: (spans) => spans.map(spanLine),
	metrics: metricLines,
	logs: (records) => records.map(recordLine),
};

function toLines<S extends keyof Batches>(signal: S, batch: Batches[S]): string[] {
	return TO_LINES[signal](batch);
}

function spanLine(span: ReadableSpan): string {
	const { traceId, spanId } = span.spanContext();
	return JSON.stringify({
		span: span.name,
		traceId,
		spanId,
		parentSpanId: span.parentSpanContext?.spanId,
		kind: SpanKind[span.kind],
		start: isoTime(span.startTime),
		durationMs: hrTimeToMilliseconds(span.duration),
		status: span.status.code === SpanStatusCode.UNSET ? undefined : SpanStatusCode[span.status.code],
		statusMessage: span.status.message,
		attributes: span.attributes,
		events:
			span.events.length > 0
				? span.events.map(({ name, time, attributes }) => ({ name, time: isoTime(time), attributes }))
				: undefined,
		links:
			span.links.length > 0
				? span.links.map(({ context }) => ({ traceId: context.traceId, spanId: context.spanId }))
				: undefined,
		resource: span.resource.attributes,
	});
}

function recordLine(record: ReadableLogRecord): string {
	return JSON.stringify({
		log: record.eventName ?? record.body,
		time: isoTime(record.hrTime),
		severity: record.severityText,
		body: record.body,
		traceId: record.spanContext?.traceId,
		spanId: record.spanContext?.spanId,
		attributes: record.attributes,
		resource: record.resource.attributes,
	});
}

function metricLines(batch: ResourceMetrics): string[] {
	return batch.scopeMetrics.flatMap((scope) =>
		scope.metrics.flatMap((metric) =>
			metric.dataPoints.map((point) =>
				JSON.stringify({
					metric: metric.descriptor.name,
					unit: metric.descriptor.unit || undefined,
					type: DataPointType[metric.dataPointType],
					time: isoTime(point.endTime),
					attributes: point.attributes,
					value: point.value,
					resource: batch.resource.attributes,
				}),
			),
		),
	);
}

function isoTime(time: [number, number]): string {
	return new Date(hrTimeToMilliseconds(time)).toISOString();
}
