// Wraps the exporter of spans to a back end: each gets the attributes that the back end's views read. A span that stood
// for one that had begun is left out where that one has come to its end in the same batch.
import type { Attributes } from "@opentelemetry/api";
import type { ExportResult } from "@opentelemetry/core";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BatchExporter } from "../exporter.ts";
import { withAttributes } from "./with-attributes.ts";

export class AddingExporter implements BatchExporter<ReadableSpan[]> {
	private readonly inner: BatchExporter<ReadableSpan[]>;
	private readonly attributesOf: (span: ReadableSpan) => Attributes;
	private readonly isPending: (span: ReadableSpan) => boolean;

	constructor(
		inner: BatchExporter<ReadableSpan[]>,
		attributesOf: (span: ReadableSpan) => Attributes,
		isPending: (span: ReadableSpan) => boolean,
	) {
		this.inner = inner;
		this.attributesOf = attributesOf;
		this.isPending = isPending;
	}

	export(batch: ReadableSpan[], done: (result: ExportResult) => void): void {
		const ended = new Set(batch.map((span) => span.spanContext().spanId));
		const current = batch.filter((span) => !this.isPending(span) || !ended.has(span.parentSpanContext?.spanId ?? ""));
		this.inner.export(
			current.map((span) => withAttributes(span, this.attributesOf(span))),
			done,
		);
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}
}
