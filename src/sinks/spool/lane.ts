// One destination of one signal in the spool: what it did not take is added at the end, and delivered from the front while
// this process lives. Only one process at a time delivers a lane; the others leave their batches to it.
import { type Clock, systemClock } from "../../clock.ts";
import type { Failure } from "../failure.ts";
import type { Exit, Outcome } from "./exit.ts";
import { LEASE_MS, LONGEST_PATIENCE_MS, type Spool, type SpooledBatch, type WaitingBatch } from "./spool.ts";

export const FIRST_WAIT_MS = 1_000;
export const LONGEST_WAIT_MS = 30_000;

export interface LaneOptions extends Pick<SpooledBatch, "lane" | "signal" | "destination" | "runId"> {
	spool: Spool;
	/** Loaded and connected when there is something to deliver. */
	openExit(): Promise<Exit>;
	listener: LaneListener;
	clock?: Clock;
}

/** `own`: of this run. */
export interface LaneListener {
	delivered(items: number, own: boolean): void;
	/** For good: they are gone. */
	refused(items: number, own: boolean, failure: Failure): void;
	waits(failure: Failure): void;
}

export interface Lane {
	/** Resolves when it is known whether earlier runs left something, which is delivered from then on while time is. */
	start(): Promise<void>;
	/** Something waits already: what is newer has to queue up. */
	isBehind(): boolean;
	/** False where it cannot be kept. `retryAfterMs`: what the collector asked for when it did not take it. */
	add(body: Uint8Array, items: number, retryAfterMs?: number): Promise<boolean>;
	/** Delivers what waits, now; until all is delivered or the collector does not take it. */
	deliver(): Promise<void>;
	/** No further batch. One that is on its way stays in the spool unless its answer still comes. */
	stop(): void;
}

export function createLane(options: LaneOptions): Lane {
	const { spool, lane, signal, destination, runId, listener, clock = systemClock } = options;
	const holder = spool.newHolder();
	let behind = false;
	/** Batches that are just being kept. */
	let adding = 0;
	let stopped = false;
	let wait = FIRST_WAIT_MS;
	let timer: NodeJS.Timeout | undefined;
	let exit: Promise<Exit> | undefined;
	let delivering: Promise<void> | undefined;

	function tryLater(millis: number): void {
		if (stopped) return;
		clearTimeout(timer);
		timer = setTimeout(() => {
			timer = undefined;
			void deliver();
		}, millis).unref();
	}

	function deliver(): Promise<void> {
		delivering ??= deliverAll().finally(() => {
			delivering = undefined;
		});
		return delivering;
	}

	async function deliverAll(): Promise<void> {
		let now = clock();
		while (isOpen() && (await spool.lease(lane, holder, now))) {
			const batch = await spool.first(lane);
			if (batch === undefined) {
				behind = adding > 0;
				wait = FIRST_WAIT_MS;
				await spool.release(lane, holder, 0);
				return;
			}
			const outcome = await send(batch);
			if (outcome.kind === "later") return postpone(outcome);
			await spool.remove(batch.id);
			tell(batch, outcome);
			now = clock();
		}
		const until = await spool.heldUntil(lane, now);
		tryLater(until === undefined ? LONGEST_WAIT_MS : until - now);
	}

	function isOpen(): boolean {
		return !stopped;
	}

	async function postpone({ failure, retryAfterMs }: Extract<Outcome, { kind: "later" }>): Promise<void> {
		listener.waits(failure);
		const patience = patienceOf(retryAfterMs);
		await spool.release(lane, holder, patience === undefined ? 0 : clock() + patience);
		tryLater(Math.max(wait, patience ?? 0));
		wait = Math.min(wait * 2, LONGEST_WAIT_MS);
	}

	async function send({ body }: WaitingBatch): Promise<Outcome> {
		// An answer may take longer than a claim holds.
		const renewal = setInterval(() => void spool.lease(lane, holder, clock()), LEASE_MS / 3).unref();
		try {
			exit ??= options.openExit();
			return await (await exit).send(body);
		} catch (error) {
			return {
				kind: "later",
				failure: { words: error instanceof Error ? error.message : String(error), cure: "unknown" },
			};
		} finally {
			clearInterval(renewal);
		}
	}

	function tell(batch: WaitingBatch, outcome: Exclude<Outcome, { kind: "later" }>): void {
		const own = batch.runId === runId;
		const rejected = outcome.kind === "refused" ? batch.items : Math.min(outcome.rejected, batch.items);
		if (batch.items > rejected) listener.delivered(batch.items - rejected, own);
		if (rejected === 0) return;
		const failure: Failure =
			outcome.kind === "refused" ? outcome.failure : { words: "rejected by the collector", cure: "rejected" };
		listener.refused(rejected, own, failure);
	}

	return {
		async start() {
			if (!(await spool.isWaiting(lane))) return;
			behind = true;
			void deliver();
		},
		isBehind: () => behind,
		async add(body, items, retryAfterMs) {
			const first = !behind;
			behind = true;
			const patience = patienceOf(retryAfterMs);
			adding++;
			const batch = { lane, signal, destination, items, body, runId };
			const kept = await spool.add(batch, patience === undefined ? undefined : clock() + patience);
			adding--;
			// Nothing waits then, and what comes next has only the straight way.
			if (first && !kept) behind = false;
			// A later batch does not put off the attempt that is to come.
			if (kept && timer === undefined) tryLater(Math.max(wait, patience ?? 0));
			return kept;
		},
		deliver,
		stop() {
			stopped = true;
			clearTimeout(timer);
			if (delivering) void spool.release(lane, holder);
			void exit?.then(
				({ close }) => close(),
				() => {},
			);
		},
	};
}

function patienceOf(retryAfterMs: number | undefined): number | undefined {
	return retryAfterMs === undefined ? undefined : Math.min(retryAfterMs, LONGEST_PATIENCE_MS);
}
