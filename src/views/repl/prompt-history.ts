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
/** Of a file that is longer the end is read. */
export const HISTORY_BYTES_MAX = 4 * 1024 * 1024;

export function openPromptHistory(path: string): PromptHistory {
	const entries = readEntries(path);
	let failed = false;
	let lines = entries.length;

	function keep(prompt: string): void {
		makeFolder(dirname(path), 0o700);
		const line = `${JSON.stringify(prompt)}\n`;
		if (Buffer.byteLength(line) > HISTORY_ENTRY_BYTES_MAX) return;
		if (++lines > HISTORY_ENTRIES_MAX * 2) return rewrite();
		appendFileSync(path, line, { mode: 0o600 });
		chmodSync(path, 0o600);
	}

	function rewrite(): void {
		const kept = entries
			.slice(0, HISTORY_ENTRIES_MAX)
			.map((entry) => `${JSON.stringify(entry)}\n`)
			.filter((line) => Buffer.byteLength(line) <= HISTORY_ENTRY_BYTES_MAX);
		const next = `${path}.${process.pid}`;
		writeFileSync(next, kept.toReversed().join(""), { mode: 0o600 });
		renameSync(next, path);
		lines = kept.length;
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

/** The newest first. A file that is not there, or is none of ours, holds nothing. */
function readEntries(path: string): string[] {
	const entries = readEnd(path)
		.split("\n")
		.flatMap((line) => {
			try {
				const entry: unknown = JSON.parse(line);
				return typeof entry === "string" && entry !== "" ? [entry] : [];
			} catch {
				return [];
			}
		});
	return entries.toReversed().slice(0, HISTORY_ENTRIES_MAX);
}

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
