// The configuration → what is to be said of the files that runs keep: whether the next run can use them, and what waits
// in them. Undefined: not asked for.
import { closeSync, openSync, statSync } from "node:fs";
import { readAbandoned } from "../begun-runs.ts";
import { canBeMade } from "../can-be-made.ts";
import type { Config } from "../config.ts";
import { SPOOL_SCHEMA } from "../sinks/spool/schema.ts";
import { createSpool, type WaitingLane } from "../sinks/spool/spool.ts";
import { STORE_SCHEMA } from "../store/schema.ts";
import { openStore } from "../store/store.ts";
import { type InspectedDatabase, inspectDatabase, isWritable } from "./inspect-database.ts";
import { type Place, spoolPlaceOf, storePlaceOf } from "./keeping.ts";
import { openWays } from "./spool-ways.ts";

export type { InspectedDatabase } from "./inspect-database.ts";

/** `isSentTo`: this configuration delivers it. */
export type InspectedLane = WaitingLane & { isSentTo: boolean };

export interface InspectedKeeping {
	store?: { database: InspectedDatabase; killedRuns: number };
	spool?: { database: InspectedDatabase; waiting: readonly InspectedLane[] };
	/** CLAUDE_OTEL_FILE. */
	file?: { path: string; writable: boolean };
	/** Sentences about them: what is slow, say. */
	notes: readonly string[];
}

export async function inspectKeeping(config: Config): Promise<InspectedKeeping> {
	const notes = new Set<string>();
	const note = (sentence: string) => void notes.add(sentence);
	const [store, spool] = [storePlaceOf(config), spoolPlaceOf(config)];
	const { file } = config;
	const inspected = {
		store: store === undefined ? undefined : await inspectStore(store, config, note),
		spool: spool === undefined ? undefined : await inspectSpool(spool, config, note),
		file: file === undefined ? undefined : { path: file, writable: canTakeLines(file) },
	};
	return { ...inspected, notes: [...notes] };
}

async function inspectStore(place: Place, { dataDir }: Config, note: (sentence: string) => void) {
	const database = await inspectDatabase({ ...place, schema: STORE_SCHEMA });
	if (!isFit(database)) return { database, killedRuns: 0 };
	try {
		const store = await openStore({ ...place, note });
		const begun = readAbandoned(dataDir, Date.now());
		const killed = new Set([...store.abandoned(Date.now()), ...begun].map(({ runId }) => runId));
		store.close();
		return { database, killedRuns: killed.size };
	} catch (error) {
		return { database: unusable(place.path, error), killedRuns: 0 };
	}
}

async function inspectSpool(place: Place, config: Config, note: (sentence: string) => void) {
	const database = await inspectDatabase({ ...place, schema: SPOOL_SCHEMA });
	if (!isFit(database)) return { database, waiting: [] };
	const spool = createSpool({ ...place, maxBytes: 0, note });
	const waiting = await spool.waiting();
	spool.close();
	const wayOf = await openWays(config);
	return { database, waiting: waiting.map((lane) => ({ ...lane, isSentTo: "target" in wayOf(lane) })) };
}

/** Opening it as a run does would change the mode of a file that is open to others: that is told first. */
function isFit(database: InspectedDatabase): boolean {
	return database.state === "usable" && !database.openToOthers;
}

function unusable(path: string, error: unknown): InspectedDatabase {
	return { path, state: "unusable", reason: error instanceof Error ? error.message : String(error) };
}

function canTakeLines(path: string): boolean {
	try {
		const found = statSync(path, { throwIfNoEntry: false });
		if (found === undefined) return canBeMade(path);
		if (!found.isFile()) return !found.isDirectory() && isWritable(path);
		closeSync(openSync(path, "a"));
		return true;
	} catch {
		return false;
	}
}
