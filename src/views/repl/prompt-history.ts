// Prompts that were sent → a file that the next session's Up key reads: one JSON text a line, for the user's eyes alone
// (mode 0600), bounded. A prompt that begins with a space is not kept, as shells do it.
import {
	appendFileSync,
	chmodSync,
	closeSync,
	fstatSync,
	openSync,
	readSync,
	renameSync,
	writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { makeFolder } from "../../make-folder.ts";

export interface PromptHistory {
	/** The newest first. */
	entries(): readonly string[];
	/** Why it could not be kept, once; it is remembered for this session all the same. */
	add(prompt: string): string | undefined;
}

export const HISTORY_ENTRIES_MAX = 1_000;
/** A longer prompt is remembered in its session, not in the file. */
export const HISTORY_ENTRY_BYTES_MAX = 64 * 1024;
/** Of a file that is longer the end is read, and it is written anew. */
export const HISTORY_BYTES_MAX = 4 * 1024 * 1024;

export function openPromptHistory(path: string): PromptHistory {
	const file = readEnd(path);
	const entries = entriesIn(file);
	let failed = false;
	let lines = entries.length;
	let bytes = Buffer.byteLength(file);
	/** Its last line has an end. */
	let whole = file === "" || file.endsWith("\n");

	function keep(prompt: string): void {
		makeFolder(dirname(path), 0o700);
		const line = `${JSON.stringify(prompt)}\n`;
		const length = Buffer.byteLength(line);
		if (length > HISTORY_ENTRY_BYTES_MAX) return;
		lines++;
		bytes += length;
		if (lines > HISTORY_ENTRIES_MAX * 2 || bytes > HISTORY_BYTES_MAX) return rewrite();
		appendFileSync(path, whole ? line : `\n${line}`, { mode: 0o600 });
		chmodSync(path, 0o600);
		whole = true;
	}

	/** The newest, as many as half of it holds. */
	function rewrite(): void {
		const kept: string[] = [];
		bytes = 0;
		for (const entry of entries) {
			const line = `${JSON.stringify(entry)}\n`;
			const length = Buffer.byteLength(line);
			if (length > HISTORY_ENTRY_BYTES_MAX) continue;
			if (bytes + length > HISTORY_BYTES_MAX / 2) break;
			bytes += length;
			kept.unshift(line);
		}
		const next = `${path}.${process.pid}`;
		writeFileSync(next, kept.join(""), { mode: 0o600 });
		renameSync(next, path);
		lines = kept.length;
		whole = true;
	}

	return {
		entries: () => entries,
		add(prompt) {
			if (prompt.startsWith(" ") || prompt === entries[0]) return undefined;
			entries.unshift(prompt);
			entries.splice(HISTORY_ENTRIES_MAX);
			try {
				keep(prompt);
			} catch (error) {
				const first = !failed;
				failed = true;
				return first ? String(error instanceof Error ? error.message : error) : undefined;
			}
			return undefined;
		},
	};
}

/** The newest first. Lines that are none of ours are passed over. */
function entriesIn(file: string): string[] {
	const entries = file.split("\n").flatMap((line) => {
		try {
			const entry: unknown = JSON.parse(line);
			return typeof entry === "string" && entry !== "" ? [entry] : [];
		} catch {
			return [];
		}
	});
	return entries.toReversed().slice(0, HISTORY_ENTRIES_MAX);
}

/** Empty where it is not there, or cannot be read. */
function readEnd(path: string): string {
	try {
		const file = openSync(path, "r");
		try {
			const { size } = fstatSync(file);
			const bytes = Buffer.alloc(Math.min(size, HISTORY_BYTES_MAX));
			const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
			return bytes.toString("utf8", 0, read);
		} finally {
			closeSync(file);
		}
	} catch {
		return "";
	}
}
