// Wraps the exporter of spans to a back end: each batch goes as the back end's own views want it.
import type { ExportResult } from "@opentelemetry/core";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BatchExporter } from "../exporter.ts";

export class AdaptingExporter implements BatchExporter<ReadableSpan[]> {
	private readonly inner: BatchExporter<ReadableSpan[]>;
	private readonly adapt: (batch: ReadableSpan[]) => ReadableSpan[];

	constructor(inner: BatchExporter<ReadableSpan[]>, adapt: (batch: ReadableSpan[]) => ReadableSpan[]) {
		this.inner = inner;
		this.adapt = adapt;
	}

	export(batch: ReadableSpan[], done: (result: ExportResult) => void): void {
		this.inner.export(this.adapt(batch), done);
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}
}
