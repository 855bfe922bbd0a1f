// Wraps an exporter of metrics whose points are increments, and writes down up to which entry of the journal they have
// been taken: a later process that tells the run again sends what comes after that. Totals need no such mark.
import type { ExportResult } from "@opentelemetry/core";
import { ExportResultCode } from "@opentelemetry/core";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import type { BatchExporter } from "./exporter.ts";

export interface Metered {
	/** The last entry that the collected increments contain. */
	position(): number;
	metered(upTo: number): void;
}

export class MeteredExporter implements BatchExporter<ResourceMetrics> {
	private readonly inner: BatchExporter<ResourceMetrics>;
	private readonly journal: Metered;

	constructor(inner: BatchExporter<ResourceMetrics>, journal: Metered) {
		this.inner = inner;
		this.journal = journal;
	}

	export(batch: ResourceMetrics, done: (result: ExportResult) => void): void {
		const upTo = this.journal.position();
		this.inner.export(batch, (result) => {
			if (result.code === ExportResultCode.SUCCESS) this.journal.metered(upTo);
			done(result);
		});
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}
}
