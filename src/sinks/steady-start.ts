// Wraps an exporter of metrics: cumulative points begin when the run began, whoever makes them, so that what a later
// process recovers continues the same series. Comes in: collected metrics. Goes out: the same with that start.
import { type ExportResult, millisToHrTime } from "@opentelemetry/core";
import {
	AggregationTemporality,
	DataPointType,
	type MetricData,
	type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { BatchExporter } from "./exporter.ts";

export class SteadyStartExporter implements BatchExporter<ResourceMetrics> {
	private readonly inner: BatchExporter<ResourceMetrics>;
	private readonly startTime: ReturnType<typeof millisToHrTime>;

	/** @param startedAt milliseconds since the epoch */
	constructor(inner: BatchExporter<ResourceMetrics>, startedAt: number) {
		this.inner = inner;
		this.startTime = millisToHrTime(startedAt);
	}

	export(batch: ResourceMetrics, done: (result: ExportResult) => void): void {
		const scopeMetrics = batch.scopeMetrics.map((scope) => ({
			...scope,
			metrics: scope.metrics.map((metric) => this.restart(metric)),
		}));
		this.inner.export({ ...batch, scopeMetrics }, done);
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}

	private restart(metric: MetricData): MetricData {
		if (metric.dataPointType === DataPointType.GAUGE) return metric;
		if (metric.aggregationTemporality !== AggregationTemporality.CUMULATIVE) return metric;
		const { startTime } = this;
		// The kind of the points stays what it was.
		const dataPoints = metric.dataPoints.map((point) => ({ ...point, startTime })) as typeof metric.dataPoints;
		return { ...metric, dataPoints } as MetricData;
	}
}
