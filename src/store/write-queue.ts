// Writes of one run, in their order → the database, each call in one transaction. What cannot be written now, because
// another process writes or the disk is full, waits and is tried again; nobody who writes has to care.
import { type Database, isBusy, patiently } from "../open-database.ts";

export interface WriteQueue {
	/** `write` may be called more than once, if it had to be taken back. */
	add(writes: readonly (() => void)[]): void;
	/** The end: waits for other processes, but no longer. */
	finish(timeoutMs: number): void;
	/** Writes that were given up. */
	dropped(): number;
}

export interface WriteQueueOptions {
	database: Database;
	onFailure(error: unknown): void;
	onCommit(): void;
	/** What was written since the last commit is not there. */
	onRollback?(): void;
	isBroken(): boolean;
}

/** Writes that wait; beyond it the oldest are given up and counted. */
export const HELD_WRITES_MAX = 10_000;
/** Until the next attempt, where another process writes, and where the disk does not take it. */
const BUSY_RETRY_MS = 50;
const FAILED_RETRY_MS = 1_000;

export function createWriteQueue({
	database,
	onFailure,
	onCommit,
	onRollback,
	isBroken,
}: WriteQueueOptions): WriteQueue {
	const held: (() => void)[] = [];
	let dropped = 0;
	let notBefore = 0;
	let timer: NodeJS.Timeout | undefined;
	const commitAll = database.transaction(() => {
		for (const write of held) write();
	});

	function attempt(): void {
		clearTimeout(timer);
		timer = undefined;
		if (held.length === 0 || isBroken() || !database.open) return;
		try {
			commitAll.immediate();
			held.length = 0;
			notBefore = 0;
			onCommit();
		} catch (error) {
			onRollback?.();
			const busy = isBusy(error);
			if (!busy) onFailure(error);
			const wait = busy ? BUSY_RETRY_MS : FAILED_RETRY_MS;
			notBefore = performance.now() + wait;
			timer = setTimeout(attempt, wait).unref();
			if (held.length > HELD_WRITES_MAX) dropped += held.splice(0, held.length - HELD_WRITES_MAX).length;
		}
	}

	return {
		add(writes) {
			if (isBroken()) return;
			for (const write of writes) held.push(write);
			if (performance.now() >= notBefore) attempt();
		},
		finish(timeoutMs) {
			if (held.length === 0 || !database.open) return;
			patiently(database, timeoutMs, attempt);
			clearTimeout(timer);
		},
		dropped: () => dropped,
	};
}
