// A path that is not there yet → whether a run can make a file there, tried as a run does it, with another name. Whatever
// the trial made, folders too, goes again.
import { randomUUID } from "node:crypto";
import { closeSync, existsSync, lstatSync, openSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "./make-folder.ts";

export function canBeMade(path: string): boolean {
	const folder = dirname(path);
	const forget = rememberAbsent(folder);
	const trial = `${path.slice(0, folder.length + 1)}.claude-otel-${randomUUID()}`;
	try {
		makeFolder(folder, 0o700);
		closeSync(openSync(trial, "wx", 0o600));
		rmSync(trial);
		// A name that is too long is an error here.
		return lstatSync(path, { throwIfNoEntry: false }) === undefined;
	} catch {
		return false;
	} finally {
		forget();
	}
}

/** Gives what takes the folders away again that are not there yet, and are empty then. */
export function rememberAbsent(folder: string): () => void {
	const absent = absentFrom(folder);
	return () => {
		for (const one of absent) removeEmpty(one);
	};
}

/** The folder and those above it that are not there yet, innermost first. */
function absentFrom(folder: string): string[] {
	return existsSync(folder) || dirname(folder) === folder ? [] : [folder, ...absentFrom(dirname(folder))];
}

function removeEmpty(folder: string): void {
	try {
		rmdirSync(folder);
	} catch {
		// A run has begun in the meantime, or it could not be made.
	}
}
