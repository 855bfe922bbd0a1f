// Transcript files on disk → facts, as they grow. Follows the main file of each session and every subagent file of this run
// in the folder beside it.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Json, RawFact } from "../model/fact.ts";
import { createGrowingFile, type GrowingFile } from "./growing-file.ts";
import { asCount, asObject, asString, compact, type JsonObject } from "./json.ts";

/** Subagent files that one session may have; more are not followed. */
const AGENT_FILES_MAX = 10_000;
/** Calls that are remembered, for the agents that they start. */
const CALLS_MAX = 10_000;

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
	const metas = new Map<string, JsonObject>();
	const described = new Set<string>();
	const calls = new Set<string>();

	function take(fact: RawFact): void {
		if (fact.kind === "tool.requested") calls.add(fact.toolUseId);
		if (calls.size > CALLS_MAX) calls.delete(calls.values().next().value as string);
		onFact(fact);
	}

	function metaOf(path: string): JsonObject | undefined {
		const meta = metas.get(path) ?? readMeta(path);
		if (meta !== undefined) metas.set(path, meta);
		return meta;
	}

	/** A call of this run has started it, whatever the clock says of its file. */
	function isStartedHere(meta: JsonObject | undefined): boolean {
		return calls.has(asString(meta?.toolUseId) ?? "");
	}

	/** Whether there are new ones to be read. */
	function followAgents(mainPath: string): boolean {
		const sessionId = basename(mainPath, ".jsonl");
		const folder = join(dirname(mainPath), sessionId, "subagents");
		const before = files.size;
		for (const name of listFolder(folder)) {
			const agentId = /^agent-([\w-]+)\.jsonl$/.exec(name)?.[1];
			if (agentId === undefined || described.has(agentId)) continue;
			const path = join(folder, name);
			const meta = metaOf(path);
			if (!files.has(path) && files.size < AGENT_FILES_MAX) {
				const isNew = isStartedHere(meta);
				if (!isNew && !isTouchedSince(path, since)) continue;
				const lane = { sessionId, agentId, since: isNew ? Number.NEGATIVE_INFINITY : since };
				files.set(path, createGrowingFile(path, lane, take, onSkip));
			}
			if (meta === undefined || !files.has(path)) continue;
			take(describeAgent(meta, agentId, sessionId, since));
			described.add(agentId);
		}
		return files.size > before;
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
			files.set(path, createGrowingFile(path, { sessionId, since }, take, onSkip));
		},
		poll() {
			let more = true;
			while (more) {
				for (const file of files.values()) file.read();
				more = mainPaths.map(followAgents).includes(true);
			}
		},
		paths: () => [...mainPaths],
	};
}

/** A transcript has the name of its session. */
export function sessionOf(path: string): string {
	return basename(path, ".jsonl");
}

/** Undefined where it is not there yet, or half written. */
function readMeta(path: string): JsonObject | undefined {
	try {
		return asObject(JSON.parse(readFileSync(path.replace(/jsonl$/, "meta.json"), "utf8")) as Json);
	} catch {
		return undefined;
	}
}

function describeAgent(meta: JsonObject, agentId: string, sessionId: string, since: number): RawFact {
	return compact({
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
	});
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
