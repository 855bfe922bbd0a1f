// Wraps the gRPC exporters, which try once: what the OTLP specification calls retryable is tried again
// until the export's own time is over. The http exporters do this themselves.
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { BatchExporter } from "./exporter.ts";

export const FIRST_WAIT_MS = 1_000;
export const LONGEST_WAIT_MS = 5_000;
export const ATTEMPT_LIMIT = 6;
/** CANCELLED, DEADLINE_EXCEEDED, ABORTED, OUT_OF_RANGE, UNAVAILABLE, DATA_LOSS. */
const RETRYABLE = new Set([1, 4, 10, 11, 14, 15]);

export class RetryingExporter<B> implements BatchExporter<B> {
	private readonly inner: BatchExporter<B>;
	private readonly timeoutMs: number;
	private readonly waiting = new Set<() => void>();
	private closed = false;

	constructor(inner: BatchExporter<B>, timeoutMs: number) {
		this.inner = inner;
		this.timeoutMs = timeoutMs;
	}

	export(batch: B, done: (result: ExportResult) => void): void {
		const deadline = performance.now() + this.timeoutMs;
		const attempt = (number: number) => {
			this.inner.export(batch, (result) => {
				const wait = Math.min(FIRST_WAIT_MS * 1.5 ** (number - 1), LONGEST_WAIT_MS) * (0.8 + Math.random() * 0.4);
				const again =
					isRetryable(result) && !this.closed && number < ATTEMPT_LIMIT && performance.now() + wait < deadline;
				if (!again) return done(result);
				const giveUp = () => {
					clearTimeout(timer);
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

	/** No further attempt: what waits for one fails with the reason of the last. */
	close(): void {
		this.closed = true;
		for (const giveUp of this.waiting) giveUp();
		this.waiting.clear();
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}
}

function isRetryable({ code, error }: ExportResult): boolean {
	if (code === ExportResultCode.SUCCESS || !error || !("code" in error)) return false;
	return RETRYABLE.has(Number(error.code));
}
