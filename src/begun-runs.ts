// A run that has begun but is not in the store yet: a small file, written when claude has just been started, because the
// store is loaded while claude starts, and who is killed until then would be forgotten. Comes in: the data folder.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";

export interface BegunRun {
	runId: string;
	/** Identities, see process-identity.ts. */
	owner: string;
	claude?: string;
	startedAt: number;
	/** As it stands in the store. */
	context: string;
}

const FOLDER = "begun";

/** A folder that cannot be written costs nothing but this. */
export function noteBegun(dataDir: string, run: BegunRun): void {
	try {
		makeFolder(join(dataDir, FOLDER), 0o700);
		writeFileSync(pathOf(dataDir, run.runId), JSON.stringify(run), { mode: 0o600, flag: "wx" });
	} catch {
		// The run goes on without.
	}
}

export function forgetBegun(dataDir: string, runId: string): void {
	rmSync(pathOf(dataDir, runId), { force: true });
}

export function readBegun(dataDir: string): BegunRun[] {
	return listFolder(join(dataDir, FOLDER)).flatMap((name) => {
		try {
			const run = JSON.parse(readFileSync(join(dataDir, FOLDER, name), "utf8")) as BegunRun;
			return typeof run.runId === "string" && typeof run.context === "string" ? [run] : [];
		} catch {
			return []; // Half written, or gone.
		}
	});
}

function pathOf(dataDir: string, runId: string): string {
	return join(dataDir, FOLDER, `${runId}.json`);
}

function listFolder(folder: string): string[] {
	try {
		return readdirSync(folder).filter((name) => name.endsWith(".json"));
	} catch {
		return [];
	}
}
