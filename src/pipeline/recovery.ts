// Runs whose process was killed → told again by this one: their facts replayed, what their transcripts have beyond them
// read, the tree closed, and exported what has not been delivered yet. In small steps: a session may be going on beside it.
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { forgetBegun, pruneBegun, readAbandoned } from "../begun-runs.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { identityOf } from "../process-identity.ts";
import { RECOVERIES_MAX } from "../store/limits.ts";
import type { AbandonedRun, Store } from "../store/store.ts";
import { placeRuns } from "./find-transcripts.ts";
import type { Keeping } from "./keeping.ts";
import { recoverRun } from "./recover-run.ts";

export interface RecoveryOptions {
	config: Config;
	keeping: Keeping;
	diagnostics: Diagnostics;
	clock: Clock;
}

export interface Recovery {
	/** Begins, once. */
	start(): void;
	/** No further run is begun; the one that is under way has so long, then what it could not send is kept. Never rejects. */
	finish(timeoutMs: number): Promise<void>;
}

/** What became of a run. */
export interface ToldRun {
	/** What did not arrive, for a person. */
	undelivered?: string;
	/** Something was not taken now, and there is no spool to keep it: the next process tells the run again. */
	left?: true;
	/** A run that goes on may still tell of what could be this one's: then it is decided. */
	undecided?: true;
	/** It cannot be told: another version wrote it, say. */
	unreadable?: true;
	/** The store, in which it is kept, has turned out to be damaged: nothing more is told of it. */
	damaged?: true;
	/** Whoever told it has died of it, several times: it is left alone. */
	givenUp?: true;
}

export interface RecoveredRun extends ToldRun {
	runId: string;
	startedAt: number;
}

/** How many runs, and how long. */
export interface RecoveryBounds {
	/** Never more than so many, oldest first. */
	limit: number;
	/** This one alone, also where it was given up. */
	only?: string;
	/** No further run is begun, and nothing that is not on its way yet is sent. */
	isStopped(): boolean;
	/** Resolves when there is no more time for what is on its way. */
	over: Promise<void>;
}

/** Beside a session: more are left to the next one, or to `claude-otel recover`. */
const RUNS_PER_SESSION = 50;
/** To the spool, when time is over. */
const HAND_OVER_MS = 1_000;

export function createRecovery(options: RecoveryOptions): Recovery {
	const { keeping, diagnostics } = options;
	let stopped = false;
	const over = Promise.withResolvers<void>();
	let work: Promise<unknown> | undefined;
	return {
		start() {
			if (keeping.store === undefined || stopped) return;
			const bounds = { limit: RUNS_PER_SESSION, isStopped: () => stopped, over: over.promise };
			work ??= recoverRuns(options, bounds).catch((error: unknown) =>
				diagnostics.say(
					"error",
					`recovery: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
				),
			);
		},
		async finish(timeoutMs) {
			stopped = true;
			const timer = setTimeout(over.resolve, timeoutMs);
			await Promise.race([work, over.promise.then(() => sleep(2 * HAND_OVER_MS))]);
			clearTimeout(timer);
		},
	};
}

/** Then the store is brought within its limits. */
export async function recoverRuns(options: RecoveryOptions, bounds: RecoveryBounds): Promise<RecoveredRun[]> {
	const { config, keeping, diagnostics, clock } = options;
	const { store } = keeping;
	const { limit, only, isStopped, over } = bounds;
	// Nothing leaves: then they wait for a configuration that sends them somewhere.
	if (store === undefined || !sendsAnywhere(config)) return [];
	await takeIn(config.dataDir, store, clock());
	const owner = identityOf(process.pid);
	const late = over.then(() => sleep(HAND_OVER_MS, undefined, { ref: false }));
	const recovered: RecoveredRun[] = [];
	let left = limit;
	const abandoned = [...store.abandoned(clock())];
	const undecided = await placeRuns(abandoned, store, clock, isStopped);
	for (const run of abandoned) {
		if (isStopped() || left === 0) break;
		if (only !== undefined && run.runId !== only) continue;
		const named = { runId: run.runId, startedAt: run.startedAt };
		if (store.damage() === "broken") {
			recovered.push({ ...named, damaged: true });
			continue;
		}
		if (undecided.has(run.id)) {
			recovered.push({ ...named, undecided: true });
			continue;
		}
		if (isGivenUp(run) && only === undefined) {
			recovered.push({ ...named, givenUp: true });
			continue;
		}
		left--;
		// Another process may be at the same.
		const journal = store.claim(run, owner, clock());
		if (journal === undefined) continue;
		const told = await Promise.race([recoverRun(run, journal, { ...options, store, isStopped, over }), late]);
		if (told === undefined) {
			journal.release();
			break;
		}
		recovered.push({ ...named, ...told });
		if (told.damaged) continue;
		if (told.left) {
			journal.release();
			diagnostics.say("info", `The run ${run.runId} is left to be recovered: ${told.undelivered}`);
			continue;
		}
		journal.end(clock());
		diagnostics.say("info", `The run ${run.runId}, which had not come to its end, was recovered.`);
	}
	const limits = { maxBytes: config.storeMaxMb * 1024 * 1024, maxAgeMs: config.storeMaxDays * 24 * 60 * 60_000 };
	if (!isStopped()) await store.prune(limits, clock());
	return recovered;
}

export function isGivenUp({ recoveries }: AbandonedRun): boolean {
	return recoveries >= RECOVERIES_MAX;
}

function sendsAnywhere({ level, otel, file, backends }: Config): boolean {
	if (level === "off" || otel.disabled) return false;
	const signals = [otel.traces, otel.metrics, otel.logs];
	return file !== undefined || backends.length > 0 || signals.some(({ exporters }) => exporters.includes("otlp"));
}

/** Runs that were killed before they were in the store; there can be many. */
async function takeIn(dataDir: string, store: Store, now: number): Promise<void> {
	for (const run of readAbandoned(dataDir, now)) {
		if (store.adopt(run)) forgetBegun(dataDir, run.runId);
		await setImmediate();
	}
	pruneBegun(dataDir, now);
}
