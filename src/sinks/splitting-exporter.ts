// Wraps an OTLP exporter of a signal whose batches are lists: a batch that the collector finds too large (4 MB is
// usual) goes again in halves, so that a few long attributes do not cost hundreds of spans.
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { BatchExporter } from "./exporter.ts";
import { describeFailure } from "./failure.ts";

/** Tells how much of a batch is lost, where it is not all. */
export class PartlyFailed extends Error {
	readonly lost: number;

	constructor(lost: number, cause: unknown) {
		super("a part was not taken", { cause });
		this.lost = lost;
	}
}

export class SplittingExporter<T> implements BatchExporter<T[]> {
	private readonly inner: BatchExporter<T[]>;

	constructor(inner: BatchExporter<T[]>) {
		this.inner = inner;
	}

	export(batch: T[], done: (result: ExportResult) => void): void {
		this.inner.export(batch, (result) => {
			if (batch.length < 2 || !isTooLarge(result)) return done(result);
			const half = Math.ceil(batch.length / 2);
			this.export(batch.slice(0, half), (first) => {
				this.export(batch.slice(half), (second) => done(combine(first, half, second, batch.length - half)));
			});
		});
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}
}

function isTooLarge({ code, error }: ExportResult): boolean {
	return code !== ExportResultCode.SUCCESS && describeFailure(error).cure === "tooLarge";
}

function combine(first: ExportResult, firstSize: number, second: ExportResult, secondSize: number): ExportResult {
	const lost = lostOf(first, firstSize) + lostOf(second, secondSize);
	if (lost === 0) return first;
	const { error } = first.code === ExportResultCode.SUCCESS ? second : first;
	return {
		code: ExportResultCode.FAILED,
		error: new PartlyFailed(lost, error instanceof PartlyFailed ? error.cause : error),
	};
}

export function lostOf({ code, error }: ExportResult, size: number): number {
	if (code === ExportResultCode.SUCCESS) return 0;
	return error instanceof PartlyFailed ? error.lost : size;
}
