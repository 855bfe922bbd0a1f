// Claude Code's own files, as they are and as they must not be.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findCleared, findTranscript, readSessionOfProcess, readUserId } from "../../src/intake/claude-files.ts";

let config: string;

beforeEach(() => {
	config = mkdtempSync(join(tmpdir(), "claude-files-"));
});
afterEach(() => rmSync(config, { recursive: true, force: true }));

function write(path: string, text: string): string {
	mkdirSync(dirname(join(config, path)), { recursive: true });
	writeFileSync(join(config, path), text);
	return join(config, path);
}

describe("the session of a process", () => {
	test("is what its file says", () => {
		write("sessions/42.json", JSON.stringify({ pid: 42, sessionId: "s1", cwd: "/home/dev/project", status: "busy" }));
		expect(readSessionOfProcess(config, 42)).toEqual({ sessionId: "s1", cwd: "/home/dev/project" });
	});

	test("is unknown without a file, in one that is half written, and in one of another process", () => {
		expect(readSessionOfProcess(config, 42)).toBeUndefined();
		write("sessions/42.json", '{"pid":42,"sessionI');
		expect(readSessionOfProcess(config, 42)).toBeUndefined();
		write("sessions/42.json", JSON.stringify({ pid: 41, sessionId: "s1" }));
		expect(readSessionOfProcess(config, 42)).toBeUndefined();
	});
});

describe("the user's id", () => {
	test("comes from the configuration folder, else from home", () => {
		const home = mkdtempSync(join(config, "home-"));
		expect(readUserId(config, home)).toBeUndefined();
		writeFileSync(join(home, ".claude.json"), '{"userID":"of home"}');
		expect(readUserId(config, home)).toBe("of home");
		write(".claude.json", '{"userID":"of the folder","oauthAccount":{"emailAddress":"never@example.com"}}');
		expect(readUserId(config, home)).toBe("of the folder");
	});
});

describe("a transcript", () => {
	test("lies in the folder that is named after the working directory", () => {
		const path = write("projects/-home-dev-my-project-1/s1.jsonl", "");
		write("projects/another/s2.jsonl", "");
		expect(findTranscript(config, "s1", "/home/dev/my.project_1")).toBe(path);
	});

	test("is found by its name where the working directory has changed", () => {
		const path = write("projects/-home-dev-elsewhere/s1.jsonl", "");
		expect(findTranscript(config, "s1", "/home/dev/project")).toBe(path);
		expect(findTranscript(config, "s3", "/home/dev/project")).toBeUndefined();
	});

	test("that /clear began names in its answers the first session of its process; copies in a fork do not count", () => {
		const lines = (...records: object[]) => records.map((record) => JSON.stringify(record)).join("\n");
		const answer = (sessionId: string, session_id: string) => ({ sessionId, session_id, type: "assistant" });
		const folder = join(config, "projects/p");
		write("projects/p/first.jsonl", lines(answer("first", "first")));
		const cleared = write("projects/p/cleared.jsonl", lines({ type: "user" }, answer("cleared", "first")));
		write(
			"projects/p/fork.jsonl",
			lines({ ...answer("fork", "first"), requestSessionId: "cleared" }, answer("fork", "x")),
		);
		write("projects/p/other.jsonl", lines(answer("other", "other")));
		expect(findCleared(folder, new Set(["first"]), 0)).toEqual([cleared]);
		expect(findCleared(folder, new Set(["first", "cleared"]), 0)).toEqual([]);
		expect(findCleared(folder, new Set(["first"]), Date.now() + 60_000)).toEqual([]);
		expect(findCleared(join(config, "nowhere"), new Set(["first"]), 0)).toEqual([]);
	});

	test("is nowhere where there are no projects", () => {
		expect(findTranscript(config, "s1", "/home/dev/project")).toBeUndefined();
	});
});
