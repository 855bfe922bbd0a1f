// A path → an open SQLite database that several processes share: mode 0600, no symbolic link, its tables as new as this
// program. What was damaged is put aside under another name, and a new one is begun; what is none of ours is left alone.
import { chmodSync, closeSync, lstatSync, openSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "better-sqlite3";
import { keepingLines } from "./errors.ts";
import { makeFolder } from "./make-folder.ts";
import { fileAt, putAside } from "./put-aside.ts";
import { readPlainFile } from "./read-plain-file.ts";

export type { Database, Statement } from "better-sqlite3";

/** Why a database cannot be used: for one sentence to a person. */
export class DatabaseProblem extends Error {
	override readonly name = "DatabaseProblem";
}

/** What one kind of database is known by, and what it holds. */
export interface Schema {
	/** In the header of the file: says whose it is. */
	applicationId: number;
	/** Each brings the tables from one version to the next; the first makes them. */
	migrations: readonly string[];
	/** Reads a little of each table: damage is found now, and not in the midst of a session. */
	probe: readonly string[];
}

export interface DatabaseOptions {
	path: string;
	schema: Schema;
	/** The user named the place, so what lies there may be anything. In our own place it is ours, whatever it looks like. */
	chosen?: boolean;
	/** What was noticed and mended, in a sentence. */
	note(sentence: string): void;
	/** It was damaged: what it held is not there any more. */
	onDamage?(): void;
}

/** Longest wait for another process that is writing, in milliseconds: nothing else happens meanwhile, and ours take far less. */
export const BUSY_LIMIT_MS = 100;
/** Attempts to open, with a pause after each: the first of many processes makes the tables. */
const OPEN_ATTEMPTS = 40;
const OPEN_PAUSE_MS = 50;
/** A write-ahead log that has grown beyond this is cut back, in bytes. */
const LOG_LIMIT_BYTES = 8 * 1024 * 1024;

/** Throws a DatabaseProblem. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
	const { path, note, onDamage } = options;
	try {
		let isNew = false;
		for (let attempt = 1; ; attempt++) {
			prepareFile(options);
			const file = fileAt(path);
			try {
				return await openPatiently(options);
			} catch (error) {
				// What another process has put aside meanwhile is not what we opened.
				const isThere = fileAt(path) === file;
				if (attempt === OPEN_ATTEMPTS || (isThere && (isNew || !isDamage(error)))) throw error;
				const aside = isThere ? putAside(path, file) : undefined;
				isNew = aside !== undefined;
				if (isDamage(error)) onDamage?.();
				if (aside !== undefined) note(keepingLines.damaged(path, aside));
				else await sleep(OPEN_PAUSE_MS);
			}
		}
	} catch (error) {
		throw error instanceof DatabaseProblem ? error : new DatabaseProblem(reasonOf(error));
	}
}

export const FOREIGN = "it is no such file of claude-otel's, and is left as it is";

/** Whether what lies there holds nothing yet, or says in its header that it is one of these. */
export function isOurs(path: string, { applicationId }: Schema): boolean {
	const head = readPlainFile(path, HEADER_BYTES);
	if (head === undefined || head.length === 0) return head !== undefined;
	return (
		head.length === HEADER_BYTES &&
		head.toString("latin1", 0, MAGIC.length) === MAGIC &&
		head.readUInt32BE(ID_AT) === applicationId
	);
}

/** Of SQLite's file format. */
const MAGIC = "SQLite format 3\0";
const ID_AT = 68;
const HEADER_BYTES = 100;

/** Other processes that write are waited for longer. */
export function patiently<T>(database: Database, limitMs: number, work: () => T): T {
	database.pragma(`busy_timeout = ${limitMs}`);
	try {
		return work();
	} finally {
		database.pragma(`busy_timeout = ${BUSY_LIMIT_MS}`);
	}
}

export function isDamage(error: unknown): boolean {
	const code = codeOf(error);
	return code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB");
}

export function isBusy(error: unknown): boolean {
	const code = codeOf(error);
	return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}

/** A few words for a person, without what the file holds. */
export function reasonOf(error: unknown): string {
	const code = codeOf(error);
	// The memory that processes share is a file, and cannot grow.
	if (/SQLITE_FULL|SQLITE_IOERR_SHMSIZE|ENOSPC|EDQUOT/.test(code)) return "the disk is full";
	if (/SQLITE_(?:READONLY|CANTOPEN|PERM|AUTH)|EACCES|EPERM|EROFS|ENOTDIR|EISDIR/.test(code))
		return "it cannot be written";
	if (code.startsWith("SQLITE_IOERR")) return "the disk does not take it";
	if (isDamage(error)) return "it is damaged";
	if (isBusy(error)) return "others keep it locked";
	return error instanceof Error ? error.message : String(error);
}

async function openPatiently(options: DatabaseOptions): Promise<Database> {
	for (let attempt = 1; ; attempt++) {
		try {
			return await openOnce(options);
		} catch (error) {
			if (!isBusy(error) || attempt === OPEN_ATTEMPTS) throw error;
			await sleep(OPEN_PAUSE_MS);
		}
	}
}

async function openOnce({ path, schema, note }: DatabaseOptions): Promise<Database> {
	const { default: Sqlite } = await import("better-sqlite3");
	const database = new Sqlite(path, { fileMustExist: true, timeout: BUSY_LIMIT_MS });
	try {
		// New databases only: pruned space can then be given back to the system in small steps.
		database.pragma("auto_vacuum = INCREMENTAL");
		// Before all else that is written: who comes upon the file then knows whose it is.
		if (database.pragma("application_id", { simple: true }) === 0)
			database.pragma(`application_id = ${schema.applicationId}`);
		const shared = isNetworkFolder(dirname(path));
		if (shared) note(keepingLines.network(path));
		database.pragma(`journal_mode = ${shared ? "DELETE" : "WAL"}`);
		database.pragma(`synchronous = ${shared ? "FULL" : "NORMAL"}`);
		database.pragma(`journal_size_limit = ${LOG_LIMIT_BYTES}`);
		migrate(database, schema.migrations);
		for (const query of schema.probe) database.prepare(query).all();
		return database;
	} catch (error) {
		database.close();
		throw error;
	}
}

function migrate(database: Database, migrations: readonly string[]): void {
	const version = () => Number(database.pragma("user_version", { simple: true }));
	if (version() === migrations.length) return;
	database
		.transaction(() => {
			// Another process may have been first.
			const from = version();
			if (from > migrations.length) throw new DatabaseProblem("it was written by a newer claude-otel: update this one");
			for (const step of migrations.slice(from)) database.exec(step);
			database.pragma(`user_version = ${migrations.length}`);
		})
		.immediate();
}

function prepareFile({ path, schema, chosen }: DatabaseOptions): void {
	makeFolder(dirname(path), 0o700);
	try {
		closeSync(openSync(path, "wx", 0o600));
		return;
	} catch (error) {
		if (codeOf(error) !== "EEXIST") throw error;
	}
	const found = lstatSync(path);
	if (!found.isFile()) throw new DatabaseProblem("it is no plain file (links are not followed)");
	if (process.getuid !== undefined && found.uid !== process.getuid()) throw new DatabaseProblem("it is another user's");
	if (chosen && !isOurs(path, schema)) throw new DatabaseProblem(FOREIGN);
	if (process.platform !== "win32" && (found.mode & 0o077) !== 0) chmodSync(path, 0o600);
}

/** Numbers of `statfs`: NFS, SMB, CIFS, SMB2, AFS, Ceph, 9p, Lustre, GPFS. SQLite's log needs memory that processes share. */
const NETWORK_TYPES = new Set([
	0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x00c36400, 0x01021997, 0x0bd00bd0, 0x47504653,
]);

function isNetworkFolder(folder: string): boolean {
	if (process.platform !== "linux") return false;
	try {
		return NETWORK_TYPES.has(Number(statfsSync(folder).type) >>> 0);
	} catch {
		return false;
	}
}

function codeOf(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : "";
}
