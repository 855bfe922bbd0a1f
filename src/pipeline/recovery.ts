// Runs whose process was killed → told again by this one: their facts replayed, what their transcripts have beyond them
// read, the tree closed, and exported what has not been delivered yet. In small steps: a session may be going on beside it.
import { forgetBegun, readBegun } from "../begun-runs.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { identityOf } from "../process-identity.ts";
import type { Store } from "../store/store.ts";
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
	/** No further run is begun; waits for the one that is under way, but no longer. Never rejects. */
	finish(timeoutMs: number): Promise<void>;
}

/** What recovery has come to, for a person. */
export interface RecoveredRun {
	runId: string;
	startedAt: number;
	/** Undefined: it went to its destinations, or to the spool. */
	undelivered?: string;
	/** It cannot be told: another version wrote it, say. */
	unreadable?: true;
}

/** Beside a session: more are left to the next one, or to `claude-otel recover`. */
const RUNS_PER_SESSION = 50;

export function createRecovery(options: RecoveryOptions): Recovery {
	const { keeping, diagnostics } = options;
	let stopped = false;
	let work: Promise<unknown> | undefined;
	return {
		start() {
			if (keeping.store === undefined || stopped) return;
			work ??= recoverRuns(options, { limit: RUNS_PER_SESSION, isStopped: () => stopped }).catch((error: unknown) =>
				diagnostics.say(
					"error",
					`recovery: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
				),
			);
		},
		async finish(timeoutMs) {
			stopped = true;
			let timer: NodeJS.Timeout | undefined;
			const late = new Promise<void>((resolve) => {
				timer = setTimeout(resolve, timeoutMs);
			});
			await Promise.race([work, late]);
			clearTimeout(timer);
		},
	};
}

/** Never more than `limit` runs, oldest first; then the store is brought within its limits. */
export async function recoverRuns(
	options: RecoveryOptions,
	{ limit, isStopped }: { limit: number; isStopped(): boolean },
): Promise<RecoveredRun[]> {
	const { config, keeping, diagnostics, clock } = options;
	const { store } = keeping;
	// Nothing leaves: then they wait for a configuration that sends them somewhere.
	if (store === undefined || !sendsAnywhere(config)) return [];
	takeIn(config.dataDir, store);
	const owner = identityOf(process.pid);
	const recovered: RecoveredRun[] = [];
	for (const run of store.abandoned(clock()).slice(0, limit)) {
		if (isStopped()) break;
		// Another process may be at the same.
		const journal = store.claim(run, owner, clock());
		if (journal === undefined) continue;
		const told = await recoverRun(run, journal, { ...options, store, isStopped });
		if (told === undefined) break;
		recovered.push(told);
		diagnostics.say("info", `The run ${run.runId}, which had not come to its end, was recovered.`);
	}
	const limits = { maxBytes: config.storeMaxMb * 1024 * 1024, maxAgeMs: config.storeMaxDays * 24 * 60 * 60_000 };
	if (!isStopped()) await store.prune(limits, clock());
	return recovered;
}

function sendsAnywhere({ level, otel, file, backends }: Config): boolean {
	if (level === "off" || otel.disabled) return false;
	const signals = [otel.traces, otel.metrics, otel.logs];
	return file !== undefined || backends.length > 0 || signals.some(({ exporters }) => exporters.includes("otlp"));
}

/** Runs that were killed before they were in the store. */
function takeIn(dataDir: string, store: Store): void {
	for (const run of readBegun(dataDir)) {
		if (store.isAlive(run)) continue;
		store.begin(run).alive(run.startedAt);
		forgetBegun(dataDir, run.runId);
	}
}
