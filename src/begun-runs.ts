// A run that has begun but is not in the store yet: a small file, written just before claude is started, because the store is
// loaded while claude starts, and who is killed until then would be forgotten. Its second line is claude, as soon as it is
// there. Comes in: the data folder.
import { closeSync, constants, lstatSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "./make-folder.ts";
import { FOREIGN_SILENCE_MS, haveGone, valuesInUse } from "./process-identity.ts";
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

/** What was half written, after so long that nobody is writing it any more. What another version wrote stays. */
export function pruneBegun(dataDir: string, now: number): void {
	for (const path of notesIn(dataDir)) {
		try {
			if (readNote(path) === undefined && now - lstatSync(path).mtimeMs > FOREIGN_SILENCE_MS) rmSync(path);
		} catch {
			// It has gone, or is not ours to remove.
		}
	}
}

/** Those whose process, and its claude, have gone. */
export function readAbandoned(dataDir: string, now: number): BegunRun[] {
	let inUse: Set<string> | undefined;
	/** Of a run that was killed before it could say which process its claude is. */
	const isClaudeGone = (runId: string, silentMs: number) => {
		if (process.platform !== "linux") return silentMs > FOREIGN_SILENCE_MS;
		// Once for all of them: claude's variables, or those of what it started.
		inUse ??= valuesInUse("CLAUDE_OTEL_RUN");
		return !inUse.has(runId);
	};
	return readBegun(dataDir).filter((run) => {
		const silentMs = now - run.startedAt;
		return haveGone(run, silentMs) && (run.claude !== undefined || isClaudeGone(run.runId, silentMs));
	});
}

export function readBegun(dataDir: string): BegunRun[] {
	return notesIn(dataDir).flatMap((path) => {
		const note = readNote(path);
		return note !== undefined && isBegun(note) ? [note] : [];
	});
}

/** Undefined where it is half written, gone, or none of ours. */
function readNote(path: string): object | undefined {
	try {
		const [run = "", claude, end] = readPlainFile(path, FILE_MAX_BYTES)?.toString().split("\n") ?? [];
		return { ...(JSON.parse(run) as object), claude: end === undefined ? undefined : claude };
	} catch {
		return undefined;
	}
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

function notesIn(dataDir: string): string[] {
	const folder = join(dataDir, FOLDER);
	try {
		return readdirSync(folder)
			.filter((name) => name.endsWith(".json"))
			.map((name) => join(folder, name));
	} catch {
		return [];
	}
}
