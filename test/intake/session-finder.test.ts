// Which hooks are this run's, and which transcripts are followed.
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createSessionFinder, type FinderOptions, isDueToHooks } from "../../src/intake/session-finder.ts";
import type { Fact } from "../../src/model/fact.ts";

const PID = 4242;
const STARTED = 1_790_000_000_000;
let config: string;
let followed: string[];

beforeEach(() => {
	config = mkdtempSync(join(tmpdir(), "finder-"));
	followed = [];
});
afterEach(() => rmSync(config, { recursive: true, force: true }));

function find(options: Partial<FinderOptions> = {}) {
	const defaults = { startedAt: STARTED, cwd: "/home/dev/project", sessionPersistence: true, claudePid: PID };
	return createSessionFinder({ config: { claudeConfigDir: config }, ...defaults, ...options }, (path) => {
		followed.push(path);
	});
}

function transcript(sessionId: string, touchedAt = STARTED + 1000): string {
	const path = join(config, "projects/-home-dev-project", `${sessionId}.jsonl`);
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, "");
	utimesSync(path, touchedAt / 1000, touchedAt / 1000);
	return path;
}

/** With records of these times. */
function written(sessionId: string, ...times: number[]): string {
	const path = transcript(sessionId);
	const records = times.map((at) => `{"type":"user","timestamp":"${new Date(at).toISOString()}"}\n`);
	writeFileSync(path, records.join(""));
	return path;
}

/** A fork that was made then: its copies are older than the start. */
function forked(sessionId: string, at: number): string {
	const path = transcript(sessionId);
	const copies = { type: "assistant", requestSessionId: "its-origin", timestamp: new Date(STARTED - 9000) };
	const own = { type: "user", timestamp: new Date(at) };
	writeFileSync(path, [own, copies].map((record) => `${JSON.stringify(record)}\n`).join(""));
	return path;
}

/** An earlier session that was asked something at each of these times. */
function asked(sessionId: string, prompts: Record<string, number>): string {
	const path = transcript(sessionId);
	const turn = ([promptId, at]: [string, number]) => ({ promptId, turnPosition: {}, timestamp: new Date(at) });
	const records = [turn(["earlier", STARTED - 9000]), ...Object.entries(prompts).map(turn)];
	writeFileSync(path, records.map((record) => `${JSON.stringify({ type: "user", ...record })}\n`).join(""));
	return path;
}

function claudeSays(sessionId: string, pid = PID, startedAt?: number): void {
	mkdirSync(join(config, "sessions"), { recursive: true });
	const told = { pid, sessionId, cwd: "/home/dev/project", startedAt };
	writeFileSync(join(config, "sessions", `${pid}.json`), JSON.stringify(told));
}

function hook(session_id: string, event = "PreToolUse") {
	return { session_id, hook_event_name: event, transcript_path: `/x/${session_id}.jsonl` };
}

describe("a hook", () => {
	test("that comes first tells the session and its transcript", () => {
		const finder = find();
		expect(finder.accepts(hook("s1"))).toBe(true);
		expect(followed).toEqual(["/x/s1.jsonl"]);
		expect(finder.problems(0)).toEqual([]);
	});

	test("of a session that this run's claude is not in is foreign, and told", () => {
		claudeSays("s1");
		const finder = find();
		expect(finder.accepts(hook("s1"))).toBe(true);
		expect(finder.accepts(hook("s2"))).toBe(false);
		expect(finder.accepts({ hook_event_name: "Stop" })).toBe(false);
		expect(followed).not.toContain("/x/s2.jsonl");
		expect(finder.problems(0)).toEqual([expect.stringContaining("2 hooks")]);
	});

	test("of the session that follows one that ended is ours: /clear", () => {
		claudeSays("s1");
		const finder = find();
		finder.accepts(hook("s1"));
		expect(finder.accepts(hook("s1", "SessionEnd"))).toBe(true);
		expect(finder.accepts(hook("s2", "UserPromptSubmit"))).toBe(true);
		expect(finder.accepts(hook("s3"))).toBe(false);
		expect(followed).toContain("/x/s2.jsonl");
	});

	test("of the session that claude's file names is ours, though no end was told", () => {
		claudeSays("s1");
		const finder = find();
		finder.accepts(hook("s1"));
		claudeSays("s2");
		expect(finder.accepts(hook("s2"))).toBe(true);
	});

	test("names no transcript but its session's own", () => {
		const finder = find();
		finder.accepts({ ...hook("s1"), transcript_path: "/etc/passwd" });
		finder.accepts({ ...hook("s1"), transcript_path: "/x/s2.jsonl" });
		expect(followed).toEqual([]);
	});
});

describe("without hooks", () => {
	const whoTold = () => "nobody" as const;

	test("claude's file of the process names the session, and the one after /clear", () => {
		const finder = find();
		finder.look();
		expect(followed).toEqual([]);
		claudeSays("s1");
		const first = transcript("s1");
		finder.look();
		expect(followed).toEqual([first]);
		claudeSays("s2");
		const second = transcript("s2");
		for (let looks = 0; looks < 10; looks++) finder.look();
		expect(followed).toEqual([first, second]);
		expect(finder.problems(3)).toEqual([expect.stringContaining("No hook reached us, though 3 had to")]);
		expect(finder.problems(0)).toEqual([]);
	});

	test("nothing is amiss where none was due: refused and unknown calls have none, and with -p turns neither", () => {
		const seen = { source: "transcript" as const, at: STARTED, sessionId: "s1" };
		const ended = (outcome: "ok" | "error" | "denied", errorType?: string): Fact => {
			return { ...seen, kind: "tool.ended", toolUseId: "t", outcome, errorType };
		};
		expect(isDueToHooks(ended("ok"), false)).toBe(true);
		expect(isDueToHooks(ended("error", "command_failed"), false)).toBe(true);
		expect(isDueToHooks(ended("error", "unknown_tool"), false)).toBe(false);
		expect(isDueToHooks(ended("denied"), false)).toBe(false);
		const prompt: Fact = { ...seen, kind: "prompt.submitted", promptId: "p", synthetic: false };
		expect(isDueToHooks(prompt, true)).toBe(true);
		expect(isDueToHooks(prompt, false)).toBe(false);
		expect(isDueToHooks({ ...prompt, source: "native" }, true)).toBe(false);
	});

	test("at the end the id of the arguments tells, else the only transcript that was touched since the start", () => {
		const old = transcript("old", STARTED - 60_000);
		const only = transcript("new");
		const byTime = find();
		byTime.lookLast();
		expect(followed).toEqual([only]);
		followed = [];
		find({ knownSessionId: "old" }).lookLast();
		expect(followed).toEqual([old]);
	});

	test("of several transcripts none is taken for ours, unless the others are known to be of other runs", () => {
		const one = transcript("one");
		transcript("two");
		find().lookLast();
		expect(followed).toEqual([]);
		const isKnown = (sessionId: string) => sessionId === "two";
		find({ others: { isKnown, take: (sessionId) => !isKnown(sessionId), whoTold } }).lookLast();
		expect(followed).toEqual([one]);
	});

	test("of several that nobody knows, the one that was begun first after the start is ours, where others are known", () => {
		written("earlier", STARTED - 1000);
		written("later", STARTED + 900);
		const first = written("first", STARTED + 300);
		find({ others: { isKnown: () => false, take: () => true, whoTold } }).lookLast();
		expect(followed).toEqual([first]);
	});

	test("what another run goes on with now was ours, if no other run was in it when it was begun", () => {
		written("of-another", STARTED + 100);
		const ours = written("continued", STARTED + 300);
		claudeSays("continued", PID + 1);
		const asked: [string, number][] = [];
		const take = (sessionId: string, at: number) => asked.push([sessionId, at - STARTED]) > 1;
		find({ others: { isKnown: () => true, take, whoTold } }).lookLast();
		expect(asked).toEqual([
			["of-another", 100],
			["continued", 300],
		]);
		expect(followed).toEqual([ours]);
	});

	test("a run that went on with a session gets the first that was gone on with", () => {
		written("new", STARTED + 100);
		written("old", STARTED - 9000, STARTED - 8000);
		written("later", STARTED - 5000, STARTED + 900);
		const ours = written("ours", STARTED - 2000, STARTED - 1000, STARTED + 300, STARTED + 400);
		const asked: number[] = [];
		const take = (_id: string, at: number) => asked.push(at - STARTED) > 0;
		find({ sessionSource: "resume", others: { isKnown: () => false, take, whoTold } }).lookLast();
		expect(asked).toEqual([300]);
		expect(followed).toEqual([ours]);
	});

	test("a fork is taken by a run that forked, and by no other", () => {
		const ours = forked("fork", STARTED + 300);
		const fresh = written("fresh", STARTED + 400);
		const others = { isKnown: () => false, take: () => true, whoTold };
		for (const sessionSource of ["fork", "startup", "resume"] as const) find({ sessionSource, others }).lookLast();
		expect(followed).toEqual([ours, fresh]);
	});

	test("what a process began before that is there now is its own, and what it took up later can be ours", () => {
		written("of-another", STARTED + 100);
		const ours = written("ours", STARTED + 300);
		claudeSays("of-another", PID + 1, STARTED + 50);
		claudeSays("ours", PID + 2, STARTED + 5000);
		find({ others: { isKnown: () => false, take: () => true, whoTold } }).lookLast();
		expect(followed).toEqual([ours]);
	});

	test("a run that went on with a session gets the one that was asked what no other run tells", () => {
		asked("of-another", { a: STARTED + 100 });
		const ours = asked("ours", { b: STARTED + 200, c: STARTED + 300 });
		const others = { isKnown: () => true, take: () => false };
		const tell = (nobodys?: string) =>
			find({
				sessionSource: "resume",
				others: { ...others, whoTold: (_session, promptId) => (promptId === nobodys ? "nobody" : "another") },
			});
		for (const nobodys of ["c", undefined]) {
			const finder = tell(nobodys);
			finder.lookLast();
			expect(finder.isUndecided()).toBe(false);
		}
		expect(followed).toEqual([ours]);
	});

	test("while another run may still tell what it was asked, it is not decided", () => {
		asked("shared", { a: STARTED + 100 });
		const others = { isKnown: () => true, take: () => false, whoTold: () => "perhaps" as const };
		const finder = find({ sessionSource: "resume", others });
		finder.lookLast();
		expect(finder.isUndecided()).toBe(true);
		expect(followed).toEqual([]);
	});

	test("the path that a hook tells is known where the transcript is not read, if there is a file", () => {
		const finder = find({ sessionPersistence: false });
		const path = transcript("s1");
		finder.accepts({ ...hook("s1"), transcript_path: path });
		finder.accepts({ ...hook("s1", "SessionEnd"), transcript_path: path });
		finder.accepts(hook("s2"));
		expect(finder.transcriptOf("s1")).toBe(path);
		expect(finder.transcriptOf("s2")).toBeUndefined();
		expect(followed).toEqual([]);
	});

	test("nothing is looked for where claude keeps no transcript", () => {
		claudeSays("s1");
		transcript("s1");
		const finder = find({ sessionPersistence: false });
		finder.accepts(hook("s1"));
		finder.look();
		finder.lookLast();
		expect(followed).toEqual([]);
	});
});
