// The configuration → the store and the spool of this user, open or not at all. What is wrong with them is one sentence
// each, and costs what they would have kept, never the run.
import { join } from "node:path";
import type { StoreTarget } from "../config/table.ts";
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { keepingLines } from "../errors.ts";
import { reasonOf } from "../open-database.ts";
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
	const storePath = storePathOf(config);
	const spoolPath = spoolPathOf(config);
	return {
		store: storePath === undefined ? undefined : await open(storePath, note),
		spool:
			spoolPath === undefined
				? undefined
				: createSpool({ path: spoolPath, maxBytes: config.spoolMaxMb * MEGABYTE, note }),
		problems,
	};
}

export function storePathOf(config: Pick<Config, "store" | "dataDir">): string | undefined {
	return placeOf(config.store, config.dataDir, "store.db");
}

export function spoolPathOf(config: Pick<Config, "spool" | "dataDir">): string | undefined {
	return placeOf(config.spool, config.dataDir, "spool.db");
}

async function open(path: string, note: (sentence: string) => void): Promise<Store | undefined> {
	try {
		return await openStore({ path, note });
	} catch (error) {
		note(keepingLines.noStore(path, reasonOf(error)));
		return undefined;
	}
}

function placeOf(target: StoreTarget, dataDir: string, name: string): string | undefined {
	if (target.at === "nowhere") return undefined;
	return target.at === "path" ? target.path : join(dataDir, name);
}
