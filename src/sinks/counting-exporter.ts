// Wraps an exporter and counts what became of each batch, so that what is lost is known to the item.
// Comes in: batches. Goes out: the same to the exporter within, and the tally; a batch that is given up
// counts as failed at once, whatever the exporter within says later.
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { BatchExporter } from "./exporter.ts";
import { describeFailure, type Failure } from "./failure.ts";
import { lostOf, PartlyFailed } from "./splitting-exporter.ts";
import { isPermanent } from "./spool/is-permanent.ts";
import { GivenUp, Spooled } from "./spool/spooling-exporter.ts";

export interface Tally {
	/** Handed to the queue in front of the exporter (spans and log records). */
	offered: number;
	exported: number;
	/** Kept on the disk until the destination takes it. */
	spooled: number;
	failed: number;
	/** Of the failed: for good, whoever sends them again. */
	refused: number;
	/** Items of the last batch, if it failed: of cumulative metrics nothing else is lost. */
	lastFailed: number;
	/** Of the last failure that lost something or made it wait. */
	failure?: Failure;
}

export function newTally(): Tally {
	return { offered: 0, exported: 0, spooled: 0, failed: 0, refused: 0, lastFailed: 0 };
}

export class CountingExporter<B> implements BatchExporter<B> {
	readonly tally: Tally;
	private readonly inner: BatchExporter<B>;
	private readonly sizeOf: (batch: B) => number;
	private readonly onFailure: (count: number, failure: Failure, error?: Error) => void;
	private readonly flights = new Set<(result: ExportResult, failure?: Failure) => void>();
	private landed: (() => void)[] = [];

	constructor(
		inner: BatchExporter<B>,
		sizeOf: (batch: B) => number,
		tally: Tally,
		onFailure: (count: number, failure: Failure, error?: Error) => void,
	) {
		this.inner = inner;
		this.sizeOf = sizeOf;
		this.tally = tally;
		this.onFailure = onFailure;
	}

	export(batch: B, done: (result: ExportResult) => void): void {
		const count = this.sizeOf(batch);
		const settle = (result: ExportResult, failure?: Failure) => {
			if (!this.flights.delete(settle)) return;
			const lost = lostOf(result, count);
			if (result.error instanceof Spooled) {
				this.tally.spooled += count;
				this.tally.failure = result.error.failure;
			} else this.tally.exported += count - lost;
			this.tally.lastFailed = 0;
			if (lost > 0) this.fail(lost, failure ?? failureOf(result.error), result.error);
			done(result);
			if (this.flights.size === 0) for (const wake of this.landed.splice(0)) wake();
		};
		this.flights.add(settle);
		try {
			this.inner.export(batch, settle);
		} catch (error) {
			settle(failed(error));
		}
	}

	/** The collector took the batch but not all that was in it. */
	rejectPart(count: number): void {
		this.tally.exported -= count;
		this.tally.refused += count;
		this.fail(count, { words: "rejected by the collector", cure: "rejected" });
	}

	/** Settles every batch that is on its way as failed. */
	abandon(failure: Failure): void {
		for (const settle of this.flights) settle(failed(new Error(failure.words)), failure);
	}

	/** Resolves when nothing is on its way. */
	drained(): Promise<void> {
		if (this.flights.size === 0) return Promise.resolve();
		return new Promise((resolve) => this.landed.push(resolve));
	}

	async forceFlush(): Promise<void> {
		// The exporter within would wait for its retries, also for batches that were given up.
		await this.drained();
	}

	async shutdown(): Promise<void> {
		await this.drained();
		// Not waited for: it would wait for what was given up, and for a warming-up that nobody answered.
		this.inner.shutdown().catch(() => {});
	}

	private fail(count: number, failure: Failure, error?: Error): void {
		this.tally.failed += count;
		if (isPermanent(causeOf(error))) this.tally.refused += count;
		this.tally.lastFailed = count;
		this.tally.failure = failure;
		this.onFailure(count, failure, error);
	}
}

function failureOf(error: Error | undefined): Failure {
	const cause = causeOf(error);
	return cause instanceof GivenUp ? cause.failure : describeFailure(cause);
}

function causeOf(error: Error | undefined): unknown {
	return error instanceof PartlyFailed ? error.cause : error;
}

function failed(error: unknown): ExportResult {
	return { code: ExportResultCode.FAILED, error: error instanceof Error ? error : new Error(String(error)) };
}
