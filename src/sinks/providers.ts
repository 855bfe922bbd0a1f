// Comes in: the configuration, a resource, and the ids that spans are to get. Goes out: a tracer, a meter and a
// logger whose records reach every configured destination, and at the end the account of what arrived. Loaded
// after claude has been started, and loads no more than the configuration needs.
import type { Attributes, Logger, Meter, Tracer } from "@opentelemetry/api";
import { TraceFlags } from "@opentelemetry/api";
import { BatchLogRecordProcessor, LoggerProvider, type LogRecordProcessor } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
	BatchSpanProcessor,
	type IdGenerator,
	type ReadableSpan,
	type SpanProcessor,
	TracerProvider,
} from "@opentelemetry/sdk-trace";
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { CountingExporter, newTally } from "./counting-exporter.ts";
import { type Counted, type Delivery, summarize } from "./delivery.ts";
import { type BatchExporter, type Batches, pointsIn, type Route, recordsIn, spansIn } from "./exporter.ts";
import { describeFailure, noAnswerWithin } from "./failure.ts";
import { createResource } from "./resource.ts";
import { openRoutes } from "./routes.ts";
import { createSampler } from "./sampler.ts";
import { listenToSdk } from "./sdk-messages.ts";
import { SplittingExporter } from "./splitting-exporter.ts";
import { asMetricExporter } from "./temporality.ts";

export interface SinkOptions {
	config: Pick<Config, "otel" | "file" | "backends">;
	/** What the signals say of us; OTEL_RESOURCE_ATTRIBUTES and the service's name come on top. */
	resource: Attributes;
	/** Name and version that stand on every span, metric and record. */
	scope: { name: string; version: string };
	idGenerator: IdGenerator;
	diagnostics: Diagnostics;
	/** Standard error after claude has left the terminal, for console exporters. */
	writeAfter: (text: string) => void;
	onExportFailure?: (signal: keyof Batches, count: number, reason: string) => void;
}

export interface Sinks {
	tracer: Tracer;
	meter: Meter;
	logger: Logger;
	/** Connects, while claude runs, so that the last export finds everything ready. */
	warm(): void;
	/** Resolves when all is sent or time is over; never rejects. */
	flush(timeoutMs: number): Promise<void>;
	/** The same, and the end. Never rejects. */
	shutdown(timeoutMs: number): Promise<Delivery>;
}

interface Line<B> extends Counted {
	route: Route<B>;
	counting: CountingExporter<B>;
}

export async function createSinks(options: SinkOptions): Promise<Sinks> {
	const { otel } = options.config;
	const { routes, console } = await openRoutes(options.config, options.diagnostics);
	const follow = <S extends keyof Batches>(
		signal: S,
		sizeOf: (batch: Batches[S]) => number,
		wrap: (exporter: BatchExporter<Batches[S]>) => BatchExporter<Batches[S]> = (exporter) => exporter,
	): Line<Batches[S]>[] =>
		routes[signal].map((route) => {
			const tally = newTally();
			const counting = new CountingExporter(wrap(route.exporter), sizeOf, tally, (count, failure, error) => {
				const told = `${count} ${signal} not delivered to ${route.destination}: ${failure.words}`;
				options.diagnostics.say("warn", error ? `${told} (${String(error)})` : told);
				options.onExportFailure?.(signal, count, failure.words);
			});
			const { destination, variable, credentials, temporality = otel.temporality } = route;
			const cumulative = temporality === "cumulative";
			return { signal, destination, variable, credentials, tally, cumulative, route, counting };
		});
	const traces = follow("traces", spansIn, (exporter) => new SplittingExporter(exporter));
	const metrics = follow("metrics", pointsIn);
	const logs = follow("logs", recordsIn, (exporter) => new SplittingExporter(exporter));
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
	const meterProvider = new MeterProvider({
		resource,
		readers: metrics.map(
			({ counting, route }) =>
				new PeriodicExportingMetricReader({
					exporter: asMetricExporter(counting, { ...otel, temporality: route.temporality ?? otel.temporality }),
					exportIntervalMillis: otel.metricIntervalMs,
					exportTimeoutMillis: otel.metricTimeoutMs,
				}),
		),
	});
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
		warm() {
			for (const { route } of lines) route.warm?.();
		},
		async flush(timeoutMs) {
			await within(timeoutMs, settle(providers.map((provider) => provider.forceFlush())));
		},
		async shutdown(timeoutMs) {
			for (const { route, counting } of lines) route.close?.((error) => counting.abandon(describeFailure(error)));
			const done = settle(providers.map((provider) => provider.shutdown()));
			await within(timeoutMs, done);
			for (const { counting } of lines) counting.abandon(noAnswerWithin(timeoutMs));
			for (const { route } of lines) route.destroy?.();
			console?.writeTo(options.writeAfter);
			return summarize(lines);
		},
	};
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

async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const timeout = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, milliseconds);
	});
	await Promise.race([work, timeout]);
	clearTimeout(timer);
}
