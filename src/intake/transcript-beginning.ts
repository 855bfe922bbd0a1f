// A transcript, and when a run was started → how it stands to that run: begun since then, begun since then with copies of
// another session (a fork), or an earlier one with which it was gone on; and when. Byte for byte: nothing is parsed.
import { closeSync, openSync, readSync } from "node:fs";
import { sessionOf } from "./transcript-file.ts";

export interface Beginning {
	how: "startup" | "fork" | "resume";
	/** Of the first record since then; milliseconds since the epoch, NaN where there is none. */
	at: number;
	/** An earlier session: what it was asked since then. */
	turns: { promptId: string; at: number }[];
}

const PORTION_BYTES = 1024 * 1024;

export function beginningIn(path: string, since: number): Beginning {
	const told: Beginning = { how: "startup", at: Number.NaN, turns: [] };
	const sessionId = sessionOf(path);
	let isOlder = false;
	let isGoneOn = false;
	let isCopied = false;
	let hasSpoken = false;
	for (const line of linesIn(path)) {
		const at = stampOf(line);
		if (Number.isNaN(at)) continue;
		if (at >= since && Number.isNaN(told.at)) told.at = at;
		const isAnswer = line.includes('"type":"assistant"');
		if (isAnswer && isCopy(line, sessionId)) {
			isCopied = true;
			continue;
		}
		// What follows a prompt or an answer of the run is the run's too: the clock may have been set back.
		if (at < since && !hasSpoken) {
			isOlder = true;
			isGoneOn ||= isAnswer;
			continue;
		}
		hasSpoken ||= isAnswer || line.includes('"type":"user"');
		const promptId = promptOf(line);
		if (promptId !== undefined) told.turns.push({ promptId, at });
		// With the first answer of its own all is known of what was begun since.
		if (isAnswer && !isGoneOn && (isCopied || !isOlder)) break;
	}
	if (isGoneOn || (isOlder && !isCopied)) return { ...told, how: "resume" };
	return { ...told, how: isCopied ? "fork" : "startup", turns: [] };
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
