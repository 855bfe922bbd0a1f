// Wraps an exporter of metrics, so that a series never goes back: cumulative points begin when the run began, whoever
// makes them, so that what a later process recovers continues the same series; and where the clock was set back, no
// point ends before the one before it. Comes in: collected metrics. Goes out: the same with those times.
import type { HrTime } from "@opentelemetry/api";
import { type ExportResult, hrTimeToMilliseconds, millisToHrTime } from "@opentelemetry/core";
import {
	AggregationTemporality,
	DataPointType,
	type MetricData,
	type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { BatchExporter } from "./exporter.ts";

export interface SteadySeriesOptions {
	/** When the run began: milliseconds since the epoch. */
	startedAt: number;
	told?: SeriesTold;
}

/** How far the series of the run have been told, also by a process before this one: milliseconds since the epoch. */
export interface SeriesTold {
	until(): number;
	/** Before it is sent: whoever is killed then is known to have gone so far. */
	note(at: number): void;
}

export class SteadySeriesExporter implements BatchExporter<ResourceMetrics> {
	private readonly inner: BatchExporter<ResourceMetrics>;
	private readonly startTime: HrTime;
	private readonly told: SeriesTold | undefined;
	private latest: HrTime;

	constructor(inner: BatchExporter<ResourceMetrics>, { startedAt, told }: SteadySeriesOptions) {
		this.inner = inner;
		this.startTime = millisToHrTime(startedAt);
		this.latest = this.startTime;
		this.told = told;
	}

	export(batch: ResourceMetrics, done: (result: ExportResult) => void): void {
		if (this.told !== undefined) this.latest = later(this.latest, millisToHrTime(this.told.until()));
		let latest = this.latest;
		const steady = (metric: MetricData): MetricData => {
			const startTime = isCumulative(metric) ? this.startTime : undefined;
			// The kind of the points stays what it was.
			const dataPoints = metric.dataPoints.map((point) => {
				const endTime = later(point.endTime, this.latest);
				latest = later(latest, endTime);
				return { ...point, endTime, startTime: startTime ?? earlier(later(point.startTime, this.latest), endTime) };
			}) as typeof metric.dataPoints;
			return { ...metric, dataPoints } as MetricData;
		};
		const scopeMetrics = batch.scopeMetrics.map((scope) => ({ ...scope, metrics: scope.metrics.map(steady) }));
		this.latest = latest;
		this.told?.note(Math.ceil(hrTimeToMilliseconds(latest)));
		this.inner.export({ ...batch, scopeMetrics }, done);
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}
}

function isCumulative(metric: MetricData): boolean {
	return (
		metric.dataPointType !== DataPointType.GAUGE && metric.aggregationTemporality === AggregationTemporality.CUMULATIVE
	);
}

function later(a: HrTime, b: HrTime): HrTime {
	return hrTimeToMilliseconds(a) >= hrTimeToMilliseconds(b) ? a : b;
}

function earlier(a: HrTime, b: HrTime): HrTime {
	return hrTimeToMilliseconds(a) <= hrTimeToMilliseconds(b) ? a : b;
}
