// One transcript file on disk → its lines → facts, as it grows. Reads only what is new, and an old file from near its end.
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { RawFact } from "../model/fact.ts";
import type { Lane } from "./transcript/lane.ts";
import { createTranscriptReader } from "./transcript-payload.ts";

/** How much of a transcript that is there already is read at first; doubled until all before is older than the run. */
const FIRST_READ_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
/** A longer line is skipped and counted. */
const LINE_MAX_BYTES = 64 * 1024 * 1024;
/** Reading is synchronous, so one buffer serves all files. */
const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

export interface GrowingFile {
	read(): void;
}

export function createGrowingFile(
	path: string,
	lane: Lane,
	onFact: (fact: RawFact) => void,
	onSkip: () => void,
): GrowingFile {
	let readLine = createTranscriptReader(lane, onSkip);
	let offset: number | undefined;
	let rest: Buffer[] = [];
	let restBytes = 0;

	function take(line: Buffer): void {
		for (const fact of readLine(line.toString("utf8"))) onFact(fact);
	}

	function feed(bytes: Buffer): void {
		let start = 0;
		for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
			const piece = bytes.subarray(start, end);
			if (restBytes > LINE_MAX_BYTES) onSkip();
			else take(restBytes === 0 ? piece : Buffer.concat([...rest, piece]));
			rest = [];
			restBytes = 0;
			start = end + 1;
		}
		if (start === bytes.length) return;
		restBytes += bytes.length - start;
		if (restBytes <= LINE_MAX_BYTES) rest.push(Buffer.from(bytes.subarray(start)));
		else rest = [];
	}

	return {
		read() {
			// Most files have nothing new at most looks: to ask costs a tenth of opening.
			if (statSync(path, { throwIfNoEntry: false })?.size === offset) return;
			let descriptor: number;
			try {
				descriptor = openSync(path, "r");
			} catch {
				return; // Not written yet, or gone: the next poll looks again.
			}
			try {
				const { size } = fstatSync(descriptor);
				if (offset === undefined || size < offset) {
					readLine = createTranscriptReader(lane, onSkip);
					offset = findStart(descriptor, size, lane.since);
					rest = [];
					restBytes = 0;
				}
				while (offset < size) {
					const count = readSync(descriptor, chunk, 0, Math.min(CHUNK_BYTES, size - offset), offset);
					if (count === 0) break;
					offset += count;
					feed(chunk.subarray(0, count));
				}
			} catch {
				// A transcript that cannot be read tells nothing; the hooks go on.
			} finally {
				closeSync(descriptor);
			}
		},
	};
}

/**
 * Where to begin in a file that is there already: at a line start from which every record of this run follows. The clock may
 * have been set back meanwhile, so what comes before is looked at as well.
 */
function findStart(descriptor: number, size: number, since: number): number {
	let start: number | undefined;
	for (let span = FIRST_READ_BYTES; span < size; span *= 2) {
		const from = size - span;
		const window = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, span));
		const count = readSync(descriptor, window, 0, window.length, from);
		const text = window.toString("latin1", 0, count);
		const lineStart = text.indexOf("\n");
		const stamp = /"timestamp":"([^"]+)"/.exec(text.slice(lineStart + 1))?.[1];
		if (lineStart === -1 || stamp === undefined) continue;
		start = Date.parse(stamp) < since ? (start ?? from + lineStart + 1) : undefined;
	}
	return start ?? 0;
}
