// Files of Claude Code that tell what no hook tells: which session a process has, and the user's random id.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../model/fact.ts";
import { asObject, asString, type JsonObject } from "./json.ts";

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

/** Where a session's transcript lies: in the folder of its working directory, else wherever its name is found. */
export function findTranscript(claudeConfigDir: string, sessionId: string, cwd: string): string | undefined {
	const projects = join(claudeConfigDir, "projects");
	const name = `${sessionId}.jsonl`;
	const direct = join(projects, cwd.replace(/[^A-Za-z0-9]/g, "-"), name);
	if (isFile(direct)) return direct;
	try {
		return readdirSync(projects)
			.map((folder) => join(projects, folder, name))
			.find(isFile);
	} catch {
		return undefined;
	}
}

function isFile(path: string): boolean {
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
