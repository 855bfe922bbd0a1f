// The configuration → the store and the spool of this user, open or not at all. What is wrong with them is one sentence
// each, and costs what they would have kept, never the run.
import { join } from "node:path";
import type { StoreTarget } from "../config/table.ts";
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { keepingLines } from "../errors.ts";
import { type DatabaseOptions, reasonOf } from "../open-database.ts";
import { createSpool, type Spool } from "../sinks/spool/spool.ts";
import { openStore, type Store } from "../store/store.ts";

export interface Keeping {
	store?: Store;
	spool?: Spool;
	/** For the user, when claude has left the terminal. */
	problems: readonly string[];
}

export const NOTHING_KEPT: Keeping = { problems: [] };

const MEGABYTE = 1024 * 1024;

export async function openKeeping(config: Config, diagnostics: Diagnostics): Promise<Keeping> {
	const problems: string[] = [];
	const note = (sentence: string) => {
		const told = `claude-otel: ${sentence}`;
		if (problems.includes(told)) return;
		problems.push(told);
		diagnostics.say("warn", sentence);
	};
	const storePlace = storePlaceOf(config);
	const spoolPlace = spoolPlaceOf(config);
	return {
		store: storePlace === undefined ? undefined : await open(storePlace, note),
		spool:
			spoolPlace === undefined
				? undefined
				: createSpool({ ...spoolPlace, maxBytes: config.spoolMaxMb * MEGABYTE, note }),
		problems,
	};
}

export type Place = Pick<DatabaseOptions, "path" | "chosen">;

export function storePlaceOf(config: Pick<Config, "store" | "dataDir">): Place | undefined {
	return placeOf(config.store, join(config.dataDir, "store.db"));
}

export function spoolPlaceOf(config: Pick<Config, "spool" | "dataDir">): Place | undefined {
	return placeOf(config.spool, join(config.dataDir, "spool.db"));
}

async function open(place: Place, note: (sentence: string) => void): Promise<Store | undefined> {
	try {
		return await openStore({ ...place, note });
	} catch (error) {
		note(keepingLines.noStore(place.path, reasonOf(error)));
		return undefined;
	}
}

function placeOf(target: StoreTarget, own: string): Place | undefined {
	if (target.at === "nowhere") return undefined;
	return target.at === "path" ? { path: target.path, chosen: target.path !== own } : { path: own };
}
