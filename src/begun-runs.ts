// A run that has begun but is not in the store yet: a small file, written just before claude is started, because the store is
// loaded while claude starts, and who is killed until then would be forgotten. Its second line is claude, as soon as it is
// there. Comes in: the data folder.
import { closeSync, constants, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { FOREIGN_SILENCE_MS, haveGone, isSetSomewhere } from "./process-identity.ts";
import { readPlainFile } from "./read-plain-file.ts";

export interface BegunRun {
	runId: string;
	/** Identities, see process-identity.ts. */
	machine: string;
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

/** Where it was started. */
export function noteClaude(dataDir: string, runId: string, claude: string): void {
	try {
		const file = openSync(pathOf(dataDir, runId), constants.O_WRONLY | constants.O_APPEND);
		writeSync(file, `\n${claude}\n`);
		closeSync(file);
	} catch {
		// There is no note.
	}
}

export function forgetBegun(dataDir: string, runId: string): void {
	rmSync(pathOf(dataDir, runId), { force: true });
}

/** Those whose process, and its claude, have gone. */
export function readAbandoned(dataDir: string, now: number): BegunRun[] {
	return readBegun(dataDir).filter((run) => {
		const silentMs = now - run.startedAt;
		return haveGone(run, silentMs) && (run.claude !== undefined || isClaudeGone(run, silentMs));
	});
}

/** Of a run that was killed before it could say which process its claude is. */
function isClaudeGone({ runId }: BegunRun, silentMs: number): boolean {
	return process.platform === "linux" ? !isSetSomewhere("CLAUDE_OTEL_RUN", runId) : silentMs > FOREIGN_SILENCE_MS;
}

export function readBegun(dataDir: string): BegunRun[] {
	return listFolder(join(dataDir, FOLDER)).flatMap((name) => {
		try {
			const [run = "", claude, end] =
				readPlainFile(join(dataDir, FOLDER, name), FILE_MAX_BYTES)
					?.toString()
					.split("\n") ?? [];
			const begun: object = { ...(JSON.parse(run) as object), claude: end === undefined ? undefined : claude };
			return isBegun(begun) ? [begun] : [];
		} catch {
			return []; // Half written, gone, or none of ours.
		}
	});
}

function isBegun(read: object): read is BegunRun {
	const { runId, machine, owner, claude = "", startedAt, context } = read as Partial<BegunRun>;
	return (
		[runId, machine, owner, claude, context].every((text) => typeof text === "string") && typeof startedAt === "number"
	);
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
