// The limits of the store's size and age → the oldest closed runs are deleted, in steps so small that nobody waits for
// them, and their space is given back to the system.
import { type Database, isBusy } from "../open-database.ts";
import { RECOVERIES_MAX } from "./limits.ts";

export interface StoreLimits {
	maxBytes: number;
	maxAgeMs: number;
}

const ROWS_PER_STEP = 2_000;
const PAGES_PER_STEP = 500;

export async function pruneStore(database: Database, limits: StoreLimits, now: number): Promise<void> {
	try {
		for (let id = next(database, limits, now); id !== undefined; id = next(database, limits, now)) {
			await deleteRun(database, id);
		}
		while (freePages(database) > 0) {
			const before = freePages(database);
			database.pragma(`incremental_vacuum(${PAGES_PER_STEP})`);
			if (freePages(database) >= before) break;
			await breathe();
		}
	} catch (error) {
		// Another process writes; the next run prunes.
		if (!isBusy(error)) throw error;
	}
}

/** The oldest run that nobody needs any more, if one is to go. */
function next(database: Database, { maxBytes, maxAgeMs }: StoreLimits, now: number): number | undefined {
	const oldest = database
		.prepare<[number], { id: number; started_at: number }>(
			"SELECT id, started_at FROM runs WHERE ended_at IS NOT NULL OR recoveries >= ? ORDER BY started_at LIMIT 1",
		)
		.get(RECOVERIES_MAX);
	if (oldest === undefined) return undefined;
	return now - oldest.started_at > maxAgeMs || usedBytes(database) > maxBytes ? oldest.id : undefined;
}

async function deleteRun(database: Database, id: number): Promise<void> {
	const some = database.prepare(
		"DELETE FROM journal WHERE run = ? AND seq <= (SELECT max(seq) FROM (SELECT seq FROM journal WHERE run = ? ORDER BY seq LIMIT ?))",
	);
	while (some.run(id, id, ROWS_PER_STEP).changes > 0) await breathe();
	database
		.transaction(() => {
			database.prepare("DELETE FROM delivered WHERE run = ?").run(id);
			database.prepare("DELETE FROM sessions WHERE run = ?").run(id);
			database.prepare("DELETE FROM runs WHERE id = ?").run(id);
		})
		.immediate();
}

function usedBytes(database: Database): number {
	return (number(database, "page_count") - freePages(database)) * number(database, "page_size");
}

function freePages(database: Database): number {
	return number(database, "freelist_count");
}

function number(database: Database, pragma: string): number {
	return Number(database.pragma(pragma, { simple: true }));
}

function breathe(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
