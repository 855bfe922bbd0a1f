// What claude-otel says about itself, for whoever looks for a mistake: nothing by default. Comes in:
// messages with a level. Goes out: lines in a file, or on standard error once claude has left the terminal.
import { closeSync, openSync, writeSync } from "node:fs";
import { APPEND_FLAGS } from "./append-flags.ts";
import type { Clock } from "./clock.ts";
import type { DebugTarget } from "./config.ts";

export type Level = "error" | "warn" | "info" | "debug" | "verbose";
const RANKS = { none: 0, error: 1, warn: 2, info: 3, debug: 4, verbose: 5, all: 6 };

/** Lines that wait for the terminal; the oldest go first when there are more. */
export const BUFFER_LIMIT = 2_000;
/** Longest line; a message may quote what came from outside. */
export const LINE_LIMIT = 2_000;

export interface Diagnostics {
	say(level: Level, message: string): void;
	/** claude has left the terminal: what has waited is written, and the rest as it comes. */
	release(write: (text: string) => void): void;
	close(): void;
}

export interface DiagnosticsOptions {
	target: DebugTarget;
	level: keyof typeof RANKS;
	clock: Clock;
}

export function createDiagnostics({ target, level, clock }: DiagnosticsOptions): Diagnostics {
	if (target.to === "nowhere") return { say() {}, release() {}, close() {} };
	const waiting: string[] = [];
	let lost = 0;
	let write: ((text: string) => void) | undefined;
	const file = target.to === "file" ? openFile(target.path) : undefined;
	const keep = (line: string) => {
		if (write) return write(line);
		waiting.push(line);
		if (waiting.length > BUFFER_LIMIT) {
			waiting.shift();
			lost++;
		}
	};
	const put = (line: string) => {
		// A full disk, or a pipe that nobody empties, must not end a session: the line waits for standard error instead.
		if (file?.fd === undefined || !writeLine(file.fd, line)) keep(line);
	};
	if (file?.error)
		put(format(clock(), "error", `cannot write to ${file.path}: ${file.error}; standard error is used.`));
	return {
		say(at, message) {
			if (RANKS[at] <= RANKS[level]) put(format(clock(), at, message));
		},
		release(writer) {
			write = writer;
			if (lost > 0) writer(format(clock(), "warn", `${lost} older lines were dropped.`));
			for (const line of waiting.splice(0)) writer(line);
		},
		close() {
			if (file?.fd !== undefined) closeSync(file.fd);
		},
	};
}

function openFile(path: string): { path: string; fd?: number; error?: string } {
	try {
		return { path, fd: openSync(path, APPEND_FLAGS, 0o600) };
	} catch (error) {
		return { path, error: error instanceof Error && "code" in error ? String(error.code) : String(error) };
	}
}

function writeLine(fd: number, line: string): boolean {
	try {
		writeSync(fd, line);
		return true;
	} catch {
		return false;
	}
}

/** One line whatever the message holds: no line ends, and no codes that a terminal would obey. */
function format(at: number, level: Level, message: string): string {
	const clean = message.slice(0, LINE_LIMIT).replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
	return `claude-otel ${new Date(at).toISOString()} ${level} ${clean}\n`;
}
