// Transcript files on disk → lines → facts, as they grow. Follows the main file of each session and
// every subagent file in the folder beside it. Reads only what is new, and old files from near their end.
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Json, RawFact } from "../model/fact.ts";
import { asCount, asObject, asString, compact } from "./json.ts";
import { createTranscriptReader } from "./transcript-payload.ts";

/** How much of a transcript that is there already is read at first; doubled until it reaches behind the run's start. */
const FIRST_READ_BYTES = 4 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;
/** A longer line is skipped and counted. */
const LINE_MAX_BYTES = 64 * 1024 * 1024;
/** Reading is synchronous, so one buffer serves all files. */
const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
/** Subagent files that one session may have; more are not followed. */
const AGENT_FILES_MAX = 10_000;

export interface TranscriptTail {
	/** Follow the session whose main file this is; following twice does nothing. */
	follow(path: string): void;
	/** Read what is new in all followed files. */
	poll(): void;
	/** Main files followed so far. */
	paths(): string[];
}

export interface TailOptions {
	/** The session that this one was forked from: its ledger goes on in the new one. */
	forkedFrom?: string;
	/** A line was too long to read, or is no record. */
	onSkip?(): void;
}

/** @param since milliseconds since the epoch; older records are not facts of this run */
export function createTranscriptTail(
	since: number,
	onFact: (fact: RawFact) => void,
	{ forkedFrom, onSkip = () => {} }: TailOptions = {},
): TranscriptTail {
	const files = new Map<string, GrowingFile>();
	const described = new Set<string>();

	function followAgents(mainPath: string): void {
		const sessionId = basename(mainPath, ".jsonl");
		const folder = join(dirname(mainPath), sessionId, "subagents");
		for (const name of listFolder(folder)) {
			const agentId = /^agent-([\w-]+)\.jsonl$/.exec(name)?.[1];
			if (agentId === undefined) continue;
			const path = join(folder, name);
			if (!files.has(path) && files.size < AGENT_FILES_MAX && isTouchedSince(path, since)) {
				files.set(path, createGrowingFile(path, { sessionId, agentId, since }, onFact, onSkip));
			}
			if (files.has(path) && !described.has(agentId) && describeAgent(folder, agentId, sessionId, since, onFact)) {
				described.add(agentId);
			}
		}
	}

	/** A fork copies no ledger, but goes on counting in that of the session that it comes from. */
	function readForkedLedger(path: string, sessionId: string): void {
		if (forkedFrom === undefined || forkedFrom === sessionId) return;
		const onRecord = (fact: RawFact) => {
			if (fact.kind === "cost.state" && fact.baseline) onFact(fact);
		};
		createGrowingFile(join(dirname(path), `${forkedFrom}.jsonl`), { sessionId, since }, onRecord, onSkip).read();
	}

	const mainPaths: string[] = [];
	return {
		follow(path) {
			if (files.has(path) || !path.endsWith(".jsonl")) return;
			const sessionId = basename(path, ".jsonl");
			if (mainPaths.length === 0) readForkedLedger(path, sessionId);
			mainPaths.push(path);
			files.set(path, createGrowingFile(path, { sessionId, since }, onFact, onSkip));
		},
		poll() {
			for (const path of mainPaths) followAgents(path);
			for (const file of files.values()) file.read();
		},
		paths: () => [...mainPaths],
	};
}

/** A transcript has the name of its session. */
export function sessionOf(path: string): string {
	return basename(path, ".jsonl");
}

interface GrowingFile {
	read(): void;
}

function createGrowingFile(
	path: string,
	lane: { sessionId: string; agentId?: string; since: number },
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

/** Where to begin in a file that is there already: at a line start from which every record of this run follows. */
function findStart(descriptor: number, size: number, since: number): number {
	for (let span = FIRST_READ_BYTES; span < size; span *= 2) {
		const from = size - span;
		const window = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, span));
		const count = readSync(descriptor, window, 0, window.length, from);
		const text = window.toString("latin1", 0, count);
		const lineStart = text.indexOf("\n");
		const stamp = /"timestamp":"([^"]+)"/.exec(text.slice(lineStart + 1))?.[1];
		if (lineStart !== -1 && stamp !== undefined && Date.parse(stamp) < since) return from + lineStart + 1;
	}
	return 0;
}

function describeAgent(
	folder: string,
	agentId: string,
	sessionId: string,
	since: number,
	onFact: (fact: RawFact) => void,
): boolean {
	try {
		const meta = asObject(JSON.parse(readFileSync(join(folder, `agent-${agentId}.meta.json`), "utf8")) as Json);
		if (meta === undefined) return false;
		onFact(
			compact({
				source: "transcript" as const,
				at: since,
				sessionId,
				kind: "agent.described" as const,
				agentId,
				agentType: asString(meta.agentType) ?? "",
				toolUseId: asString(meta.toolUseId),
				parentAgentId: asString(meta.parentAgentId),
				depth: asCount(meta.spawnDepth),
				background: meta.requestShape === undefined ? undefined : meta.requestShape === "background",
			}),
		);
		return true;
	} catch {
		return false; // Not there yet, or half written.
	}
}

function listFolder(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}

function isTouchedSince(path: string, since: number): boolean {
	try {
		return statSync(path).mtimeMs >= since - 1000;
	} catch {
		return false;
	}
}
