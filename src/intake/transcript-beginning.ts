// A transcript, and when a run was started → how it stands to that run: begun since then, begun since then with copies of
// another session (a fork), or an earlier one with which it was gone on; and when. Byte for byte: nothing is parsed.
import { closeSync, openSync, readSync } from "node:fs";
import { sessionOf } from "./transcript-file.ts";

export interface Beginning {
	how: "startup" | "fork" | "resume";
	/** Of the first record since then, where it was begun since; milliseconds since the epoch, NaN where there is none. */
	at: number;
}

/** What came since then into an earlier one. */
export interface GoneOn {
	/** Of the first record; NaN where there is none. */
	at: number;
	turns: { promptId: string; at: number }[];
}

const PORTION_BYTES = 1024 * 1024;

/** Reads no more than tells it, which is little but of one that has no answer. */
export function beginningIn(path: string, since: number): Beginning {
	const sessionId = sessionOf(path);
	let first = Number.NaN;
	let isOlder = false;
	let isCopied = false;
	let hasSpoken = false;
	for (const line of linesIn(path)) {
		const at = stampOf(line);
		if (Number.isNaN(at)) continue;
		if (at >= since && Number.isNaN(first)) first = at;
		const isAnswer = line.includes('"type":"assistant"');
		if (isAnswer && isCopy(line, sessionId)) {
			isCopied = true;
			continue;
		}
		// What follows a prompt or an answer of the run is the run's too: the clock may have been set back.
		if (at < since && !hasSpoken) {
			if (isAnswer) return { how: "resume", at: Number.NaN };
			isOlder = true;
			continue;
		}
		hasSpoken ||= isAnswer || line.includes('"type":"user"');
		if (isAnswer) break;
	}
	if (isOlder && !isCopied) return { how: "resume", at: Number.NaN };
	return { how: isCopied ? "fork" : "startup", at: first };
}

export function goneOnIn(path: string, since: number): GoneOn {
	const told: GoneOn = { at: Number.NaN, turns: [] };
	for (const line of linesIn(path)) {
		const at = stampOf(line);
		if (Number.isNaN(at) || at < since) continue;
		if (Number.isNaN(told.at)) told.at = at;
		const promptId = promptOf(line);
		if (promptId !== undefined) told.turns.push({ promptId, at });
	}
	return told;
}

/** A fork may hold the first of its own records before the copies. */
function isCopy(answer: string, sessionId: string): boolean {
	const asked = /"requestSessionId":"([^"]+)"/.exec(answer)?.[1];
	return asked !== undefined && asked !== sessionId;
}

/** Of a record that begins a turn. */
function promptOf(line: string): string | undefined {
	if (!line.includes('"turnPosition":')) return undefined;
	return /"promptId":"([^"]+)"/.exec(line)?.[1];
}

/** The record's own: what stands before it can hold others. */
function stampOf(line: string): number {
	const stamp = /"uuid":"[^"]+","timestamp":"([^"]{1,40})"/.exec(line) ?? /"timestamp":"([^"]{1,40})"/.exec(line);
	return Date.parse(stamp?.[1] ?? "");
}

function* linesIn(path: string): Iterable<string> {
	let descriptor: number;
	try {
		descriptor = openSync(path, "r");
	} catch {
		return;
	}
	try {
		const portion = Buffer.allocUnsafe(PORTION_BYTES);
		let rest = "";
		for (let count = -1; count !== 0; ) {
			count = readSync(descriptor, portion);
			const lines = (rest + portion.toString("latin1", 0, count)).split("\n");
			rest = lines.pop() ?? "";
			yield* lines;
		}
		yield rest;
	} catch {
		// What cannot be read tells nothing.
	} finally {
		closeSync(descriptor);
	}
}
