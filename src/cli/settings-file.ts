// One settings file on disk → its text and, in one step, another text in its place: the same file behind a link, the
// same rights, never half written.

import { isUtf8 } from "node:buffer";
import {
	chmodSync,
	chownSync,
	copyFileSync,
	readFileSync,
	readlinkSync,
	realpathSync,
	renameSync,
	rmSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { makeFolder } from "../make-folder.ts";
import { cliMistakes } from "./sentences.ts";

export interface SettingsFile {
	/** As the user knows it. */
	path: string;
	/** Undefined where there is none. */
	text: string | undefined;
	backupPath: string;
	write(text: string): void;
	backUp(): void;
	/** The text of an earlier backup. */
	backup(): string | undefined;
	removeBackup(): void;
	remove(): void;
}

export const BACKUP_SUFFIX = ".before-claude-otel";

export function openSettingsFile(path: string): SettingsFile {
	const real = behindLinks(path);
	const backupPath = `${path}${BACKUP_SUFFIX}`;
	return {
		path,
		text: read(real),
		backupPath,
		write: (text) => told(path, () => replace(real, text)),
		backUp: () =>
			told(backupPath, () => {
				copyFileSync(real, backupPath);
				chmodSync(backupPath, statSync(real).mode & MODE_BITS);
			}),
		backup: () => read(backupPath),
		removeBackup: () => rmSync(backupPath, { force: true }),
		remove: () => told(path, () => rmSync(real)),
	};
}

const MODE_BITS = 0o7777;
/** Settings can hold keys. */
const NEW_FILE_MODE = 0o600;

/** Most that a system follows. */
const LINKS_MAX = 40;

/** Also where nothing lies there yet: the file is made where its link says. */
function behindLinks(path: string, links = LINKS_MAX): string {
	try {
		return realpathSync(path);
	} catch {
		const target = linkAt(path);
		return target === undefined || links === 0 ? path : behindLinks(resolve(dirname(path), target), links - 1);
	}
}

function linkAt(path: string): string | undefined {
	try {
		return readlinkSync(path);
	} catch {
		return undefined;
	}
}

function read(path: string): string | undefined {
	let bytes: Buffer;
	try {
		bytes = readFileSync(path);
	} catch (error) {
		if (codeOf(error) === "ENOENT") return undefined;
		throw cliMistakes.settingsNotRead(path, codeOf(error));
	}
	if (!isUtf8(bytes)) throw cliMistakes.settingsNotUtf8(path);
	return bytes.toString();
}

function replace(real: string, text: string): void {
	makeFolder(dirname(real));
	const before = statSync(real, { throwIfNoEntry: false });
	const staged = `${real}.${process.pid}.tmp`;
	try {
		writeFileSync(staged, text, { mode: NEW_FILE_MODE, flag: "wx" });
		if (before !== undefined) {
			chmodSync(staged, before.mode & MODE_BITS);
			if (before.uid !== process.getuid?.()) keepOwner(staged, before.uid, before.gid);
		}
		renameSync(staged, real);
	} catch (error) {
		rmSync(staged, { force: true });
		throw error;
	}
}

/** Under sudo the file stays its owner's; without the right to do that there is nothing to keep. */
function keepOwner(path: string, uid: number, gid: number): void {
	try {
		chownSync(path, uid, gid);
	} catch {
		// Not root.
	}
}

function told(path: string, act: () => void): void {
	try {
		act();
	} catch (error) {
		throw cliMistakes.settingsNotWritten(path, codeOf(error));
	}
}

function codeOf(error: unknown): string {
	return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
