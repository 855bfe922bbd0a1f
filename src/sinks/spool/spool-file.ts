// The file of the spool → whoever reads it or writes to it, while other processes do the same: opened when it is needed, tried
// again while another process writes, and begun anew where it turns out to be damaged.
import { lstatSync } from "node:fs";
import { keepingLines } from "../../errors.ts";
import { type Database, type DatabaseOptions, isBusy, isDamage, openDatabase, reasonOf } from "../../open-database.ts";
import { fileAt, putAside } from "../../put-aside.ts";
import { SPOOL_SCHEMA } from "./schema.ts";

export interface SpoolFile {
	/**
	 * What cannot be read or written now is as if it were not there: nobody waits for it, nothing breaks.
	 * @param make where there is no file yet
	 */
	use<T>(otherwise: T, work: (database: Database) => T, make?: boolean): Promise<T>;
	/** Something could not be read or written, or was damaged: the sentence has been told. */
	failed(): boolean;
	close(): void;
}

/** Where other processes write, or put aside what was damaged. */
const ATTEMPTS = 50;
const PAUSE_MS = 40;
/** How often a process puts a damaged file aside and begins another: a disk can damage each. */
const MENDED_MAX = 3;

export function createSpoolFile({ path, chosen, note }: Omit<DatabaseOptions, "schema" | "onDamage">): SpoolFile {
	let opening: Promise<Database | undefined> | undefined;
	/** The one that is open. */
	let file: string | undefined;
	let mended = 0;
	let damaged = false;
	let failed = false;
	let closed = false;

	function open(make: boolean): Promise<Database | undefined> {
		if (opening === undefined && !make && !isThere(path)) return Promise.resolve(undefined);
		opening ??= openDatabase({ path, schema: SPOOL_SCHEMA, chosen, note, onDamage }).then(
			(database) => {
				file = fileAt(path);
				return database;
			},
			(error: unknown) => {
				fail(error);
				return undefined;
			},
		);
		return opening;
	}

	function onDamage(): void {
		damaged = true;
	}

	/** False where the file lies there no more: another process, or this one, has put it aside. */
	function isCurrent(database: Database): boolean {
		if (!database.open) return false;
		if (fileAt(path) === file) return true;
		database.close();
		opening = undefined;
		return false;
	}

	/** False where it was not damaged, or is so again and again. */
	function mend(error: unknown): boolean {
		if (!isDamage(error) || mended === MENDED_MAX) return false;
		onDamage();
		const aside = putAside(path, file);
		if (aside === undefined) return true;
		mended++;
		note(keepingLines.damaged(path, aside));
		return true;
	}

	function fail(error: unknown): void {
		if (!failed) note(keepingLines.noSpool(path, reasonOf(error)));
		failed = true;
	}

	async function use<T>(otherwise: T, work: (database: Database) => T, make = false): Promise<T> {
		for (let attempt = 1; ; attempt++) {
			const database = await open(make);
			if (database === undefined || closed) return otherwise;
			const isLast = attempt === ATTEMPTS;
			if (!isLast && !isCurrent(database)) continue;
			try {
				return work(database);
			} catch (error) {
				if (isLast || !(isBusy(error) || mend(error))) {
					fail(error);
					return otherwise;
				}
				await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * Math.random()));
			}
		}
	}

	async function close(): Promise<void> {
		const database = await opening;
		closed = true;
		database?.close();
	}

	return { use, failed: () => failed || damaged, close: () => void close() };
}

/** Or something that we cannot look at: opening it tells why. */
function isThere(path: string): boolean {
	try {
		return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
	} catch {
		return true;
	}
}
