// Files of Claude Code that tell what no hook tells: which session a process has, and the user's random id.
import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Json } from "../model/fact.ts";
import { asNumber, asObject, asString, type JsonObject } from "./json.ts";

/**
 * The session that a claude process is in now, from `sessions/<pid>.json` (observed on 2.1.330: there before the
 * first request, follows /clear, removed at an orderly exit). Undefined where it is not told.
 */
export function readSessionOfProcess(
	claudeConfigDir: string,
	pid: number,
): { sessionId: string; cwd?: string } | undefined {
	const json = readJson(join(claudeConfigDir, "sessions", `${pid}.json`));
	const sessionId = asString(json?.sessionId);
	if (sessionId === undefined || json?.pid !== pid) return undefined;
	const cwd = asString(json.cwd);
	return cwd === undefined ? { sessionId } : { sessionId, cwd };
}

/** The random id that Claude Code's own telemetry sends as user.id. */
export function readUserId(claudeConfigDir: string, home: string): string | undefined {
	for (const path of [join(claudeConfigDir, ".claude.json"), join(home, ".claude.json")]) {
		const userId = asString(readJson(path)?.userID);
		if (userId !== undefined) return userId;
	}
	return undefined;
}

/** Sessions of the claude processes that are there now, and when the first process of each was started: milliseconds since the epoch. */
export function readLiveSessions(claudeConfigDir: string): Map<string, number> {
	const folder = join(claudeConfigDir, "sessions");
	const sessions = new Map<string, number>();
	for (const name of listFolder(folder)) {
		const json = name.endsWith(".json") ? readJson(join(folder, name)) : undefined;
		const sessionId = asString(json?.sessionId);
		if (sessionId === undefined) continue;
		const startedAt = asNumber(json?.startedAt) ?? Number.NEGATIVE_INFINITY;
		sessions.set(sessionId, Math.min(startedAt, sessions.get(sessionId) ?? startedAt));
	}
	return sessions;
}

/** Claude Code names the folder of a working directory after it, everything but letters and digits as `-`. */
export function projectFolder(claudeConfigDir: string, cwd: string): string {
	return join(claudeConfigDir, "projects", cwd.replace(/[^A-Za-z0-9]/g, "-"));
}

/** Says which of the folders it is, and nothing of its name, which holds the path of a working directory. */
export function projectMark(cwd: string): string {
	return markOf(basename(projectFolder("", cwd)));
}

export function findProject(claudeConfigDir: string, mark: string): string | undefined {
	const projects = join(claudeConfigDir, "projects");
	const name = listFolder(projects).find((folder) => markOf(folder) === mark);
	return name === undefined ? undefined : join(projects, name);
}

function markOf(folder: string): string {
	return createHash("sha256").update(folder).digest("base64url").slice(0, 22);
}

/** Where a session's transcript lies: in the folder of its working directory, else wherever its name is found. */
export function findTranscript(claudeConfigDir: string, sessionId: string, cwd: string): string | undefined {
	const projects = join(claudeConfigDir, "projects");
	const name = `${sessionId}.jsonl`;
	const direct = join(projectFolder(claudeConfigDir, cwd), name);
	if (isFile(direct)) return direct;
	return listFolder(projects)
		.map((folder) => join(projects, folder, name))
		.find(isFile);
}

/** Of a transcript that /clear began, as much as holds its first answer. */
const FIRST_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Transcripts of a project that were begun by /clear in a process that was in one of these sessions before: what is answered
 * there goes on naming the first session of its process (observed on 2.1.330). A fork's copies name theirs too, and whose
 * request each was.
 */
export function findCleared(folder: string, sessions: ReadonlySet<string>, since: number): string[] {
	return listFolder(folder).flatMap((name) => {
		const path = join(folder, name);
		if (!name.endsWith(".jsonl") || sessions.has(basename(name, ".jsonl")) || changedAt(path) < since) return [];
		const isFirst = (line: string) =>
			line.includes('"type":"assistant"') &&
			sessions.has(firstSessionIn(line)) &&
			!line.includes('"requestSessionId":');
		return readPart(path, 0, FIRST_ANSWER_BYTES).split("\n").some(isFirst) ? [path] : [];
	});
}

function firstSessionIn(line: string): string {
	return /"session_id":"([^"]+)"/.exec(line)?.[1] ?? "";
}

/** A part of a file, byte for byte; nothing where it cannot be read. */
function readPart(path: string, from: number, bytes: number): string {
	try {
		const descriptor = openSync(path, "r");
		try {
			const part = Buffer.alloc(bytes);
			return part.toString("latin1", 0, readSync(descriptor, part, 0, bytes, from));
		} finally {
			closeSync(descriptor);
		}
	} catch {
		return "";
	}
}

function changedAt(path: string): number {
	return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.NEGATIVE_INFINITY;
}

function listFolder(folder: string): string[] {
	try {
		return readdirSync(folder);
	} catch {
		return [];
	}
}

export function isFile(path: string): boolean {
	try {
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

function readJson(path: string): JsonObject | undefined {
	try {
		return asObject(JSON.parse(readFileSync(path, "utf8")) as Json);
	} catch {
		return undefined;
	}
}
