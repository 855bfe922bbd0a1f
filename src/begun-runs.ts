// A run that has begun but is not in the store yet: a small file, written when claude has just been started, because the
// store is loaded while claude starts, and who is killed until then would be forgotten. Comes in: the data folder.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { readPlainFile } from "./read-plain-file.ts";

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
/** Ours have a few kilobytes. */
const FILE_MAX_BYTES = 1024 * 1024;

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
			const run: unknown = JSON.parse(readPlainFile(join(dataDir, FOLDER, name), FILE_MAX_BYTES)?.toString() ?? "");
			return isBegun(run) ? [run] : [];
		} catch {
			return []; // Half written, gone, or none of ours.
		}
	});
}

function isBegun(read: unknown): read is BegunRun {
	const { runId, owner, claude = "", startedAt, context } = (read ?? {}) as Partial<BegunRun>;
	return [runId, owner, claude, context].every((text) => typeof text === "string") && typeof startedAt === "number";
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
