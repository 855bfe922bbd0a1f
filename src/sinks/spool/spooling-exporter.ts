// Wraps an OTLP exporter: what it could not deliver, and not because the collector said no, goes to its lane of the spool
// as the bytes that would have gone out. For the SDK it is delivered then; the account of the run knows better.
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { BatchExporter } from "../exporter.ts";
import { describeFailure, type Failure } from "../failure.ts";
import { retryAfterMs } from "../is-retryable.ts";
import { isPermanent } from "./is-permanent.ts";
import type { Lane } from "./lane.ts";

/** Nobody waits any longer for the exporter within, for a reason that we know. */
export class GivenUp extends Error {
	readonly failure: Failure;

	constructor(failure: Failure) {
		super(failure.words);
		this.failure = failure;
	}
}

/** Goes with a success: the batch waits in the spool. */
export class Spooled extends GivenUp {}

export const BEHIND: Failure = { words: "earlier batches wait there already", cure: "unknown" };

export interface SpoolingOptions<B> {
	serialize(batch: B): Uint8Array | undefined;
	sizeOf(batch: B): number;
	lane: Lane;
	/** Why the last one was not taken. */
	lastFailure(): Failure | undefined;
}

export class SpoolingExporter<B> implements BatchExporter<B> {
	private readonly inner: BatchExporter<B>;
	private readonly options: SpoolingOptions<B>;
	private readonly flights = new Set<(failure: Failure) => Promise<void>>();
	/** What was exported so far is delivered, refused or kept. */
	private landed: Promise<unknown> = Promise.resolve();
	/** Batches that are to be kept, and are not yet. */
	private held = 0;

	constructor(inner: BatchExporter<B>, options: SpoolingOptions<B>) {
		this.inner = inner;
		this.options = options;
	}

	export(batch: B, done: (result: ExportResult) => void): void {
		const { lane, lastFailure } = this.options;
		const earlier = this.landed;
		let land: () => void = () => {};
		const landing = new Promise<void>((resolve) => {
			land = resolve;
		});
		this.landed = Promise.all([earlier, landing]);
		let settled = false;
		const settle = (result: ExportResult) => {
			settled = true;
			this.flights.delete(giveUp);
			land();
			done(result);
		};
		let keeping: Promise<void> | undefined;
		const keep = (result: ExportResult, failure: Failure) => {
			keeping ??= this.keepInOrder(earlier, batch, result, failure).then(settle);
			return keeping;
		};
		const giveUp = (failure: Failure) => keep({ code: ExportResultCode.FAILED, error: new GivenUp(failure) }, failure);
		// Until it is kept too: who gives up would count it as lost meanwhile.
		this.flights.add(giveUp);
		if (lane.isBehind() || this.held > 0) {
			void giveUp(lastFailure() ?? BEHIND);
			return;
		}
		this.inner.export(batch, (result) => {
			if (settled || keeping !== undefined) return;
			if (result.code === ExportResultCode.SUCCESS || isPermanent(result.error)) settle(result);
			else void keep(result, describeFailure(result.error));
		});
	}

	/** Time is over: what is on its way goes to the spool, whatever becomes of it. */
	async abandon(failure: Failure): Promise<void> {
		await Promise.all([...this.flights].map((giveUp) => giveUp(failure)));
	}

	async forceFlush(): Promise<void> {
		await this.inner.forceFlush?.();
	}

	shutdown(): Promise<void> {
		return this.inner.shutdown();
	}

	/** Several are on their way at once, and each is tried again at its own times: they do not fail in their order. */
	private async keepInOrder(
		earlier: Promise<unknown>,
		batch: B,
		failed: ExportResult,
		failure: Failure,
	): Promise<ExportResult> {
		this.held++;
		try {
			await earlier;
			return await this.spool(batch, failed, failure);
		} finally {
			this.held--;
		}
	}

	private async spool(batch: B, failed: ExportResult, failure: Failure): Promise<ExportResult> {
		const { serialize, sizeOf, lane } = this.options;
		const body = serialize(batch);
		const kept = body !== undefined && (await lane.add(body, sizeOf(batch), retryAfterMs(failed.error)));
		return kept ? { code: ExportResultCode.SUCCESS, error: new Spooled(failure) } : failed;
	}
}
