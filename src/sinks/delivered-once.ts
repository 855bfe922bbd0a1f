// Wraps an exporter of spans or records and writes down the id of each that was taken, so that a later process that tells
// the same session again leaves those out. Comes in: batches. Goes out: the same, less what has been taken before.
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BatchExporter } from "./exporter.ts";

export interface TakenIds {
	has(id: string): boolean;
	note(ids: readonly string[]): void;
}

export class DeliveredOnceExporter<T> implements BatchExporter<T[]> {
	private readonly inner: BatchExporter<T[]>;
	private readonly idOf: (item: T) => string | undefined;
	private readonly taken: TakenIds;

	constructor(inner: BatchExporter<T[]>, idOf: (item: T) => string | undefined, taken: TakenIds) {
		this.inner = inner;
		this.idOf = idOf;
		this.taken = taken;
	}

	export(batch: T[], done: (result: ExportResult) => void): void {
		const left = batch.filter((item) => !this.isTaken(item));
		if (left.length === 0 && batch.length > 0) return done({ code: ExportResultCode.SUCCESS });
		this.inner.export(left, (result) => {
			if (result.code === ExportResultCode.SUCCESS) this.taken.note(left.flatMap((item) => this.idOf(item) ?? []));
			done(result);
		});
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}

	private isTaken(item: T): boolean {
		const id = this.idOf(item);
		return id !== undefined && this.taken.has(id);
	}
}

export function idOfSpan(span: ReadableSpan): string {
	return span.spanContext().spanId;
}

export function idOfRecord({ attributes }: ReadableLogRecord): string | undefined {
	const uid = attributes["log.record.uid"];
	return typeof uid === "string" ? uid : undefined;
}
