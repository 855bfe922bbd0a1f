// What every exporter has in common, whatever signal and protocol. Comes in: a batch. Goes out: a result.
import type { ExportResult } from "@opentelemetry/core";
import type { LogRecordExporter, ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { PushMetricExporter, ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type { OtelConfig } from "../config.ts";
import type { ProxyTold } from "./proxy.ts";
import type { Exit } from "./spool/exit.ts";

export interface Batches {
	traces: ReadableSpan[];
	metrics: ResourceMetrics;
	logs: ReadableLogRecord[];
}

export interface Exporters {
	traces: SpanExporter;
	metrics: PushMetricExporter;
	logs: LogRecordExporter;
}

/** What the three SDK interfaces share. */
export interface BatchExporter<B> {
	export(batch: B, done: (result: ExportResult) => void): void;
	forceFlush?(): Promise<void>;
	shutdown(): Promise<void>;
}

/** How a batch that was not taken can be sent again, by whichever process. */
export interface Spoolable<B> {
	/** Where it goes and how it is written; nothing secret. */
	lane: string;
	serialize(batch: B): Uint8Array | undefined;
	openExit(): Promise<Exit>;
}

/** An exporter and what it is connected to. */
export interface Route<B> {
	exporter: BatchExporter<B>;
	spoolable?: Spoolable<B>;
	/** In words for a person: an endpoint or a file. */
	destination: string;
	/** The variable that names the destination. */
	variable: string;
	/** The variable that lets us in, of a back end that was chosen by its name. */
	credentials?: string;
	/** What stands between us and it. */
	proxy?: ProxyTold;
	/** Where metrics are taken in one way alone. */
	temporality?: OtelConfig["temporality"];
	/** What tells the destination of a span that has begun and will last. */
	pendingOf?(span: ReadableSpan): ReadableSpan;
	/** Calls back when a batch was taken, but for some of what was in it. */
	onRejected?(listener: (count: number) => void): void;
	/** Opens the connection before there is anything to send. */
	warm?(): void;
	/** No further attempt from now on where `isOver` says so of the reason of the last, or where it is not given. */
	close?(isOver?: (error: Error) => boolean): void;
	/** Lets go of sockets. */
	destroy?(): void;
}

export function spansIn(batch: ReadableSpan[]): number {
	return batch.length;
}

export function recordsIn(batch: ReadableLogRecord[]): number {
	return batch.length;
}

export function pointsIn(batch: ResourceMetrics): number {
	let points = 0;
	for (const scope of batch.scopeMetrics) for (const metric of scope.metrics) points += metric.dataPoints.length;
	return points;
}
