// Comes in: OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE and the kind of histogram wanted. Goes out: what
// the SDK asks an exporter for each instrument; the same for every exporter, OTLP, file or console.
import {
	CumulativeTemporalitySelector,
	DeltaTemporalitySelector,
	LowMemoryTemporalitySelector,
} from "@opentelemetry/exporter-metrics-otlp-http";
import {
	type AggregationOption,
	AggregationType,
	InstrumentType,
	type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";
import type { OtelConfig } from "../config.ts";
import type { BatchExporter, Batches } from "./exporter.ts";

const SELECTORS = {
	cumulative: CumulativeTemporalitySelector,
	delta: DeltaTemporalitySelector,
	lowmemory: LowMemoryTemporalitySelector,
};

export function asMetricExporter(
	exporter: BatchExporter<Batches["metrics"]> & { forceFlush(): Promise<void> },
	{ temporality, histogram }: Pick<OtelConfig, "temporality" | "histogram">,
): PushMetricExporter {
	const exponential = histogram === "base2_exponential_bucket_histogram";
	return {
		export: (batch, done) => exporter.export(batch, done),
		forceFlush: () => exporter.forceFlush(),
		shutdown: () => exporter.shutdown(),
		selectAggregationTemporality: SELECTORS[temporality],
		selectAggregation: (instrument): AggregationOption =>
			exponential && instrument === InstrumentType.HISTOGRAM
				? { type: AggregationType.EXPONENTIAL_HISTOGRAM }
				: { type: AggregationType.DEFAULT },
	};
}
