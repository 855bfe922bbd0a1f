// The meter provider → one exporter of metrics, every so often and at the end: one export at a time. What is counted while
// one is on its way goes with the next, so that totals never overtake each other. OpenTelemetry's own reader begins the
// next one as soon as a time is over, while the exporter still tries.
import { diag } from "@opentelemetry/api";
import { MetricReader, type PushMetricExporter } from "@opentelemetry/sdk-metrics";

export interface MetricReaderOptions {
	/** Calls back in any case: nothing else ends an export. */
	exporter: PushMetricExporter;
	exportIntervalMillis: number;
}

export class OneAtATimeMetricReader extends MetricReader {
	private readonly exporter: PushMetricExporter;
	private readonly intervalMillis: number;
	private timer: NodeJS.Timeout | undefined;
	private exporting: Promise<void> | undefined;

	constructor({ exporter, exportIntervalMillis }: MetricReaderOptions) {
		super({
			aggregationSelector: exporter.selectAggregation?.bind(exporter),
			aggregationTemporalitySelector: exporter.selectAggregationTemporality?.bind(exporter),
		});
		this.exporter = exporter;
		this.intervalMillis = exportIntervalMillis;
	}

	protected override onInitialized(): void {
		this.timer = setInterval(() => void this.export(), this.intervalMillis).unref();
	}

	protected async onForceFlush(): Promise<void> {
		// What was counted meanwhile is not in it.
		await this.exporting;
		await this.export();
		await this.exporter.forceFlush();
	}

	protected async onShutdown(): Promise<void> {
		clearInterval(this.timer);
		await this.onForceFlush();
		await this.exporter.shutdown();
	}

	/** Or the one that is on its way. Never rejects. */
	private export(): Promise<void> {
		this.exporting ??= this.exportOnce()
			.catch((error: unknown) => diag.error(`metrics: ${String(error)}`))
			.finally(() => {
				this.exporting = undefined;
			});
		return this.exporting;
	}

	private async exportOnce(): Promise<void> {
		const { resourceMetrics, errors } = await this.collect();
		if (errors.length > 0) diag.error(`metrics: ${errors.map(String).join(", ")}`);
		if (resourceMetrics.scopeMetrics.length === 0) return;
		await new Promise((resolve) => this.exporter.export(resourceMetrics, resolve));
	}
}
