// The folder for all runs → without those that nobody will come back for: a killed run leaves its socket, and a settings
// file stays as long as claude's exit hint may name it.
import { lstatSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { RUN_FILES } from "./run-directory.ts";

export const RUN_KEPT_MS = 30 * 24 * 60 * 60 * 1000;

const RUN_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function pruneRuns(runDir: string, now: number): void {
	for (const name of namesIn(runDir)) {
		if (!RUN_ID.test(name)) continue;
		try {
			removeOld(join(runDir, name), now);
		} catch {
			// Somebody else's, or gone in the meantime: the next run looks again.
		}
	}
}

function removeOld(path: string, now: number): void {
	const found = lstatSync(path);
	if (!found.isDirectory() || now - found.mtimeMs < RUN_KEPT_MS) return;
	for (const file of RUN_FILES) rmSync(join(path, file), { force: true });
	// Fails, and rightly, where something lies inside that is not ours.
	rmdirSync(path);
}

function namesIn(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}
