// Comes in: the configuration, a resource, and the ids that spans are to get. Goes out: a tracer, a meter and a
// logger whose records reach every configured destination, and at the end the account of what arrived. Loaded
// after claude has been started, and loads no more than the configuration needs.
import type { Attributes, Logger, Meter, Tracer } from "@opentelemetry/api";
import { TraceFlags } from "@opentelemetry/api";
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import {
	BatchSpanProcessor,
	type IdGenerator,
	type ReadableSpan,
	type SpanProcessor,
	TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { deliveryLines } from "../errors.ts";
import { type Delivery, summarize } from "./delivery.ts";
import type { Batches } from "./exporter.ts";
import { noAnswerWithin } from "./failure.ts";
import { closeRoute, type Ledger, type Line, logLines, metricLines, traceLines } from "./lines.ts";
import { OneAtATimeMetricReader } from "./metric-reader.ts";
import { createResource } from "./resource.ts";
import { openRoutes } from "./routes.ts";
import { createSampler } from "./sampler.ts";
import { listenToSdk } from "./sdk-messages.ts";
import type { Spool } from "./spool/spool.ts";
import type { SeriesTold } from "./steady-series.ts";
import { asMetricExporter } from "./temporality.ts";

export interface SinkOptions {
	config: Pick<Config, "otel" | "file" | "backends">;
	runId: string;
	/** When the run began: milliseconds since the epoch. */
	startedAt: number;
	told?: SeriesTold;
	/** What the signals say of us; OTEL_RESOURCE_ATTRIBUTES and the service's name come on top. */
	resource: Attributes;
	/** Name and version that stand on every span, metric and record. */
	scope: { name: string; version: string };
	idGenerator: IdGenerator;
	diagnostics: Diagnostics;
	/** Standard error after claude has left the terminal, for console exporters. */
	writeAfter: (text: string) => void;
	onExportFailure?: (signal: keyof Batches, count: number, reason: string) => void;
	/** Where batches wait that a collector did not take. */
	spool?: Spool;
	/** Remembers what has been taken, for whoever tells this run again. */
	ledger?: Ledger;
}

export interface Sinks {
	tracer: Tracer;
	meter: Meter;
	logger: Logger;
	/** As it stands on every signal. */
	resource: Attributes;
	/**
	 * Connects, while claude runs, so that the last export finds everything ready; and sends what earlier runs left. Resolves
	 * when it is known where something was left: what is newer queues up there.
	 */
	warm(): Promise<void>;
	/** Destinations of metrics, and a way to forget what was counted so far: they have it already. */
	meters: { key: string; forget(): Promise<void> }[];
	/** Resolves when all is sent or time is over; never rejects. */
	flush(timeoutMs: number): Promise<void>;
	/** The same, and the end; when `over` resolves, time is over before that. Never rejects. */
	shutdown(timeoutMs: number, over?: Promise<void>): Promise<Delivery>;
}

export async function createSinks(options: SinkOptions): Promise<Sinks> {
	const { otel } = options.config;
	const { routes, console } = await openRoutes(options.config, options.diagnostics);
	const wrapping = { ...options, otel };
	const traces = traceLines(routes.traces, wrapping);
	const metrics = metricLines(routes.metrics, wrapping);
	const logs = logLines(routes.logs, wrapping);
	const lines = [...traces, ...metrics, ...logs];
	for (const { route, counting } of lines) route.onRejected?.((count) => counting.rejectPart(count));
	listenToSdk(options.diagnostics, (signal, rejected) => {
		lines.find((line) => line.signal === signal && !line.route.onRejected)?.counting.rejectPart(rejected);
	});

	const resource = createResource(otel, options.resource);
	const tracerProvider = new TracerProvider({
		resource,
		sampler: createSampler(otel.sampler),
		idGenerator: options.idGenerator,
		spanLimits: {
			attributeValueLengthLimit: otel.spanLimits.attributeValueLength,
			attributeCountLimit: otel.spanLimits.attributeCount,
			eventCountLimit: otel.spanLimits.eventCount,
			linkCountLimit: otel.spanLimits.linkCount,
			attributePerEventCountLimit: otel.spanLimits.attributesPerEvent,
			attributePerLinkCountLimit: otel.spanLimits.attributesPerLink,
		},
		spanProcessors: traces.map((line) => spanProcessor(line, otel.spanBatch)),
	});
	const readers = metrics.map(({ counting, key, route }) => ({
		key,
		reader: new OneAtATimeMetricReader({
			exporter: asMetricExporter(counting, { ...otel, temporality: route.temporality ?? otel.temporality }),
			exportIntervalMillis: otel.metricIntervalMs,
		}),
	}));
	const meterProvider = new MeterProvider({ resource, readers: readers.map(({ reader }) => reader) });
	const loggerProvider = new LoggerProvider({
		resource,
		logRecordLimits: {
			attributeValueLengthLimit: otel.logLimits.attributeValueLength,
			attributeCountLimit: otel.logLimits.attributeCount,
		},
		processors: logs.map((line) => logProcessor(line, otel.logBatch)),
	});
	const providers = [tracerProvider, meterProvider, loggerProvider];
	/** Waits for the providers and for the batches that they no longer wait for: a failed one hides the others. */
	const settle = async (work: Promise<unknown>[]) => {
		await Promise.allSettled(work);
		await Promise.all(lines.map(({ counting }) => counting.drained()));
	};

	return {
		tracer: tracerProvider.getTracer(options.scope.name, options.scope.version),
		meter: meterProvider.getMeter(options.scope.name, options.scope.version),
		logger: loggerProvider.getLogger(options.scope.name, options.scope.version),
		resource: resource.attributes,
		async warm() {
			await Promise.all(lines.map(warmLine));
		},
		meters: readers.map(({ key, reader }) => ({
			key,
			async forget() {
				await reader.collect();
			},
		})),
		async flush(timeoutMs) {
			await within(timeoutMs, settle(providers.map((provider) => provider.forceFlush())));
		},
		async shutdown(timeoutMs, over) {
			for (const line of lines) closeRoute<never>(line as Line<never>);
			const done = settle(providers.map((provider) => provider.shutdown()));
			// A collector that has come back gets what waits, as far as time is left.
			const all = done.then(() =>
				Promise.all(lines.map(({ lane }) => (lane?.isBehind() ? lane.deliver() : undefined))),
			);
			await within(timeoutMs, over === undefined ? all : Promise.race([all, over]));
			const abandon = () => Promise.all(lines.map((line) => line.abandon(noAnswerWithin(timeoutMs))));
			await abandon();
			// The SDK collects for the last time when what was on its way has come to its end.
			await within(LAST_BATCH_MS, done);
			await abandon();
			for (const { route, lane } of lines) {
				lane?.stop();
				route.close?.();
				route.destroy?.();
			}
			console?.writeTo(options.writeAfter);
			const dropped = options.spool?.dropped() ?? 0;
			if (dropped > 0) options.diagnostics.say("warn", deliveryLines.spoolFull(dropped));
			return withDropped(summarize(lines), dropped);
		},
	};
}

/** Where something waits the lane connects, at the time that the collector wants. */
async function warmLine({ route, lane }: Pick<Line<never>, "route" | "lane">): Promise<void> {
	await lane?.start();
	if (!lane?.isBehind()) route.warm?.();
}

function withDropped(delivery: Delivery, dropped: number): Delivery {
	if (dropped === 0) return delivery;
	const told = deliveryLines.spoolFull(dropped);
	return { ...delivery, line: delivery.line === undefined ? told : `${delivery.line} ${told}` };
}

interface Batching {
	delayMs: number;
	timeoutMs: number;
	queueLimit: number;
	batchLimit: number;
}

/** The SDK's batching, which drops silently when its queue is full: counted in front, the difference is known. */
function spanProcessor({ counting, tally, route }: Line<Batches["traces"]>, batching: Batching): SpanProcessor {
	const processor = new BatchSpanProcessor({
		exporter: counting,
		scheduledDelayMillis: batching.delayMs,
		exportTimeoutMillis: batching.timeoutMs,
		maxQueueSize: batching.queueLimit,
		maxExportBatchSize: batching.batchLimit,
	});
	const end = (span: ReadableSpan) => {
		if (span.spanContext().traceFlags & TraceFlags.SAMPLED) tally.offered++;
		processor.onEnd(span);
	};
	return {
		onStart(span) {
			// What is over at once needs no stand-in; most spans are told when they are over.
			if (route.pendingOf) queueMicrotask(() => void (span.ended || end(route.pendingOf?.(span) ?? span)));
		},
		onEnd: end,
		forceFlush: () => processor.forceFlush(),
		shutdown: () => processor.shutdown(),
	};
}

function logProcessor({ counting, tally }: Line<Batches["logs"]>, batching: Batching): LogRecordProcessor {
	const processor = new BatchLogRecordProcessor({
		exporter: counting,
		scheduledDelayMillis: batching.delayMs,
		exportTimeoutMillis: batching.timeoutMs,
		maxQueueSize: batching.queueLimit,
		maxExportBatchSize: batching.batchLimit,
	});
	return {
		onEmit(record) {
			tally.offered++;
			processor.onEmit(record);
		},
		forceFlush: () => processor.forceFlush(),
		shutdown: () => processor.shutdown(),
	};
}

/** To the spool, beside which nothing is waited for. */
const LAST_BATCH_MS = 200;

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const timeout = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, milliseconds);
	});
	await Promise.race([work, timeout]);
	clearTimeout(timer);
}
