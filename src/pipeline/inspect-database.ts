// The path of a database that runs keep → whether the next run can use it, and nothing of it is changed.
import { accessSync, constants, lstatSync, type Stats } from "node:fs";
import { dirname } from "node:path";
import { canBeMade } from "../can-be-made.ts";
import { type DatabaseOptions, FOREIGN, isBusy, isDamage, isOurs, reasonOf } from "../open-database.ts";

export type InspectedDatabase = { path: string } & (
	| { state: "usable"; bytes: number; openToOthers: boolean }
	/** The first run that needs it makes it. */
	| { state: "absent" }
	| { state: "busy" }
	| { state: "damaged" }
	| { state: "unusable"; reason: string }
);

type Inspected = Omit<DatabaseOptions, "note">;

const BUSY_LIMIT_MS = 500;
const CANNOT_BE_WRITTEN = "it cannot be written";

export async function inspectDatabase(options: Inspected): Promise<InspectedDatabase> {
	const { path } = options;
	const found = orNothing(() => lstatSync(path));
	if (found === undefined) {
		return canBeMade(path) ? { path, state: "absent" } : { path, state: "unusable", reason: CANNOT_BE_WRITTEN };
	}
	const strange = whyStrange(found);
	if (strange !== undefined) return { path, state: "unusable", reason: strange };
	// Beside it SQLite keeps its log.
	if (!isWritable(path) || !isWritable(dirname(path))) return { path, state: "unusable", reason: CANNOT_BE_WRITTEN };
	const openToOthers = process.platform !== "win32" && (found.mode & 0o077) !== 0;
	return (await lookInside(options)) ?? { path, state: "usable", bytes: found.size, openToOthers };
}

export function isWritable(path: string): boolean {
	try {
		accessSync(path, constants.W_OK);
		return true;
	} catch {
		return false;
	}
}

function whyStrange(found: Stats): string | undefined {
	if (!found.isFile()) return "it is no plain file (links are not followed)";
	return process.getuid !== undefined && found.uid !== process.getuid() ? "it is another user's" : undefined;
}

/** Undefined where all is well. */
async function lookInside({ path, schema, chosen }: Inspected): Promise<InspectedDatabase | undefined> {
	const { default: Sqlite } = await import("better-sqlite3");
	let database: InstanceType<typeof Sqlite> | undefined;
	try {
		if (chosen && !isOurs(path, schema)) return { path, state: "unusable", reason: FOREIGN };
		database = new Sqlite(path, { fileMustExist: true, timeout: BUSY_LIMIT_MS });
		if (database.pragma("quick_check(1)", { simple: true }) !== "ok") return { path, state: "damaged" };
		// The same number once more, and taken back: nothing changes, but whoever may not write is told so.
		const version = Number(database.pragma("user_version", { simple: true }));
		database.exec(`BEGIN IMMEDIATE; PRAGMA user_version = ${version}; ROLLBACK`);
		return undefined;
	} catch (error) {
		if (isBusy(error)) return { path, state: "busy" };
		return isDamage(error) ? { path, state: "damaged" } : { path, state: "unusable", reason: reasonOf(error) };
	} finally {
		database?.close();
	}
}

function orNothing(look: () => Stats): Stats | undefined {
	try {
		return look();
	} catch {
		return undefined;
	}
}
