// A database that was found damaged → another name that is free, and an empty file in its place. Several processes can find
// the same damage in the same instant: one of them does it, and nobody's new file is taken for the damaged one.
import { closeSync, lstatSync, openSync, renameSync, rmSync } from "node:fs";

/** Longest that somebody takes, in milliseconds: who was killed meanwhile leaves the mark behind. */
const MARK_LIMIT_MS = 1_000;

/** Which file it is, whatever its name; undefined where there is none. */
export function fileAt(path: string): string | undefined {
	try {
		const { dev, ino } = lstatSync(path);
		return `${dev}:${ino}`;
	} catch {
		return undefined;
	}
}

/** @returns its new name; undefined where another process has done it, or is doing it */
export function putAside(path: string, damaged: string | undefined): string | undefined {
	const mark = `${path}.aside`;
	if (!take(mark)) return undefined;
	try {
		if (damaged === undefined || fileAt(path) !== damaged) return undefined;
		const aside = `${path}.damaged-${new Date().toISOString().replace(/[:.]/g, "-")}`;
		for (const part of ["-wal", "-shm", ""]) {
			try {
				renameSync(path + part, aside + part);
			} catch {
				// There is none.
			}
		}
		if (fileAt(path) === undefined) closeSync(openSync(path, "wx", 0o600));
		return aside;
	} catch {
		// Whoever opens it next tells why there cannot be a new one.
		return undefined;
	} finally {
		rmSync(mark, { force: true });
	}
}

function take(mark: string): boolean {
	try {
		const { mtimeMs } = lstatSync(mark);
		if (Math.abs(Date.now() - mtimeMs) > MARK_LIMIT_MS) rmSync(mark);
	} catch {
		// Nobody is at it.
	}
	try {
		closeSync(openSync(mark, "wx", 0o600));
		return true;
	} catch {
		return false;
	}
}
