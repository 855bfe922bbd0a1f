import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemClock } from "../src/clock.ts";
import { BUFFER_LIMIT, createDiagnostics } from "../src/diagnostics.ts";

const clock = () => Date.UTC(2026, 0, 2, 3, 4, 5, 6);
const toStderr = (level: "warn" | "all" = "all") => createDiagnostics({ target: { to: "stderr" }, level, clock });

test("by default nothing is kept and nothing said", () => {
	const written: string[] = [];
	const diagnostics = createDiagnostics({ target: { to: "nowhere" }, level: "all", clock });
	diagnostics.say("error", "trouble");
	diagnostics.release((line) => written.push(line));
	expect(written).toEqual([]);
});

test("for standard error, lines wait until claude has left and then go out as they come", () => {
	const written: string[] = [];
	const diagnostics = toStderr();
	diagnostics.say("info", "early");
	expect(written).toEqual([]);
	diagnostics.release((line) => written.push(line));
	diagnostics.say("warn", "late");
	expect(written).toEqual([
		"claude-otel 2026-01-02T03:04:05.006Z info early\n",
		"claude-otel 2026-01-02T03:04:05.006Z warn late\n",
	]);
});

test("what waits is bounded: the oldest go, and their number is told", () => {
	const written: string[] = [];
	const diagnostics = toStderr();
	for (let number = 0; number < BUFFER_LIMIT + 5; number++) diagnostics.say("info", `line ${number}`);
	diagnostics.release((line) => written.push(line));
	expect(written.length).toBe(BUFFER_LIMIT + 1);
	expect(written[0]).toContain("5 older lines were dropped.");
	expect(written[1]).toContain("line 5\n");
});

test("less important messages than the level asks for are left out", () => {
	const written: string[] = [];
	const diagnostics = toStderr("warn");
	for (const level of ["error", "warn", "info", "debug", "verbose"] as const) diagnostics.say(level, level);
	diagnostics.release((line) => written.push(line));
	expect(written.map((line) => line.trim().split(" ").at(-1))).toEqual(["error", "warn"]);
});

test("a message is one line and holds nothing that a terminal would obey", () => {
	const written: string[] = [];
	const diagnostics = toStderr();
	diagnostics.say("info", `a\nb\u001b[31mc\u009b${"x".repeat(10_000)}`);
	diagnostics.release((line) => written.push(line));
	expect(written[0]).toMatch(/ a b \[31mc x+\n$/);
	expect(written[0]?.length).toBeLessThan(2_100);
});

test("a file is appended to and only the owner can read it", () => {
	const folder = mkdtempSync(join(tmpdir(), "claude-otel-debug-"));
	const path = join(folder, "debug.log");
	for (const message of ["first", "second"]) {
		const diagnostics = createDiagnostics({ target: { to: "file", path }, level: "all", clock });
		diagnostics.say("info", message);
		diagnostics.close();
	}
	expect(readFileSync(path, "utf8").split("\n").length).toBe(3);
	expect(statSync(path).mode & 0o777).toBe(0o600);
	rmSync(folder, { recursive: true });
});

test("where the file cannot be written, standard error gets the lines and is told why", () => {
	const written: string[] = [];
	const diagnostics = createDiagnostics({ target: { to: "file", path: "/dev/null/x" }, level: "all", clock });
	diagnostics.say("info", "still here");
	diagnostics.release((line) => written.push(line));
	expect(written[0]).toContain("cannot write to /dev/null/x: ENOTDIR; standard error is used.");
	expect(written[1]).toContain("still here");
});

test("a pipe is not waited for: without a reader, or full, standard error gets the lines", () => {
	const folder = mkdtempSync(join(tmpdir(), "claude-otel-debug-"));
	const path = join(folder, "pipe");
	execFileSync("mkfifo", [path]);
	const unread = createDiagnostics({ target: { to: "file", path }, level: "all", clock });
	const written: string[] = [];
	unread.release((line) => written.push(line));
	expect(written).toEqual([expect.stringContaining(`cannot write to ${path}: ENXIO; standard error is used.`)]);

	const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
	const full = createDiagnostics({ target: { to: "file", path }, level: "all", clock });
	for (let number = 0; number < 1_000; number++) full.say("info", `${number} ${"x".repeat(1_000)}`);
	full.release((line) => written.push(line));
	expect(readSync(reader, Buffer.alloc(2_000), 0, 2_000, null)).toBe(2_000);
	expect(written.at(-1)).toContain(" info 999 ");
	full.close();
	closeSync(reader);
	rmSync(folder, { recursive: true });
});

test("the clock is the wall clock, with a fraction", () => {
	const times = Array.from({ length: 100 }, systemClock);
	expect(Math.abs((times.at(-1) ?? 0) - Date.now())).toBeLessThan(1_000);
	expect(times.some((time) => !Number.isInteger(time))).toBe(true);
});
