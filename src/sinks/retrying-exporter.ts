// Wraps exporters that try once (OpenTelemetry's for gRPC, and ours): what the OTLP specification
// calls retryable is tried again until the export's own time is over, and not before the receiver wants it.
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { BatchExporter } from "./exporter.ts";
import { retryAfterMs } from "./is-retryable.ts";

export const FIRST_WAIT_MS = 1_000;
export const LONGEST_WAIT_MS = 5_000;
export const ATTEMPT_LIMIT = 6;

export class RetryingExporter<B> implements BatchExporter<B> {
	private readonly inner: BatchExporter<B>;
	private readonly timeoutMs: number;
	private readonly isRetryable: (error: Error) => boolean;
	private readonly waiting = new Set<(isOver: (error: Error) => boolean) => void>();
	private isOver: (error: Error) => boolean = () => false;

	constructor(inner: BatchExporter<B>, timeoutMs: number, isRetryable: (error: Error) => boolean) {
		this.inner = inner;
		this.timeoutMs = timeoutMs;
		this.isRetryable = isRetryable;
	}

	export(batch: B, done: (result: ExportResult) => void): void {
		const deadline = performance.now() + this.timeoutMs;
		const attempt = (number: number) => {
			this.inner.export(batch, (result) => {
				const { code, error } = result;
				if (code === ExportResultCode.SUCCESS || error === undefined) return done(result);
				const own = Math.min(FIRST_WAIT_MS * 1.5 ** (number - 1), LONGEST_WAIT_MS) * (0.8 + Math.random() * 0.4);
				const wait = Math.max(own, retryAfterMs(error) ?? 0);
				const again =
					this.isRetryable(error) &&
					!this.isOver(error) &&
					number < ATTEMPT_LIMIT &&
					performance.now() + wait < deadline;
				if (!again) return done(result);
				const giveUp = (isOver: (error: Error) => boolean) => {
					if (!isOver(error)) return;
					clearTimeout(timer);
					this.waiting.delete(giveUp);
					done(result);
				};
				const timer = setTimeout(() => {
					this.waiting.delete(giveUp);
					attempt(number + 1);
				}, wait);
				this.waiting.add(giveUp);
			});
		};
		attempt(1);
	}

	/** No further attempt where `isOver` says so of the reason of the last: what waits for one fails with it. */
	close(isOver: (error: Error) => boolean = () => true): void {
		this.isOver = isOver;
		for (const giveUp of this.waiting) giveUp(isOver);
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}
}
