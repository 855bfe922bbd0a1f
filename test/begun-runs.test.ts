// Runs that have begun and are not in the store yet: what lies in their folder may be anything.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BegunRun, noteBegun, noteClaude, pruneBegun, readAbandoned, readBegun } from "../src/begun-runs.ts";
import { FOREIGN_SILENCE_MS, identityOf, machineId } from "../src/process-identity.ts";

const RUN: BegunRun = { runId: "a", machine: machineId(), owner: "4194999:1", startedAt: 3, context: "{}" };
const NOW = 1_790_000_000_000;
let folder: string;
const path = (name: string) => join(folder, "begun", name);
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-begun-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a run that is noted is read", () => {
	noteBegun(folder, RUN);
	noteBegun(folder, { ...RUN, runId: "b" });
	noteClaude(folder, "b", "2:2");
	noteClaude(folder, "c", "2:2");
	expect(readBegun(folder)).toEqual([RUN, { ...RUN, runId: "b", claude: "2:2" }]);
	// Killed while it wrote.
	writeFileSync(path("a.json"), "\n222", { flag: "a" });
	expect(readBegun(folder)[0]).toEqual(RUN);
});

test("is abandoned when its process and its claude have gone", () => {
	const own = identityOf(process.pid);
	for (const [runId, owner, claude] of [
		["gone", RUN.owner, "4194998:1"],
		["claude-lives", RUN.owner, own],
		["lives", own, undefined],
	] as const) {
		noteBegun(folder, { ...RUN, runId, owner });
		if (claude !== undefined) noteClaude(folder, runId, claude);
	}
	noteBegun(folder, { ...RUN, runId: "elsewhere", machine: "another/boot/", startedAt: NOW });
	const abandonedAt = (now: number) => readAbandoned(folder, now).map(({ runId }) => runId);
	expect(abandonedAt(NOW + 1_000)).toEqual(["gone"]);
	expect(abandonedAt(NOW + FOREIGN_SILENCE_MS + 1)).toEqual(["elsewhere", "gone"]);
});

test("whose claude is not noted yet is not abandoned while a process is there that it may be", async () => {
	noteBegun(folder, { ...RUN, runId: "unknown", startedAt: NOW });
	const claude = spawn("sleep", ["60"], { env: { ...process.env, CLAUDE_OTEL_RUN: "unknown" } });
	const ended = new Promise((resolve) => claude.once("exit", resolve));
	await new Promise((resolve) => claude.once("spawn", resolve));
	expect(readAbandoned(folder, NOW + 1_000)).toEqual([]);
	claude.kill();
	await ended;
	// Where no system tells what others were started with, it has to have been a while.
	const later = process.platform === "linux" ? NOW + 1_000 : NOW + FOREIGN_SILENCE_MS + 1;
	expect(readAbandoned(folder, later)).toHaveLength(1);
});

test("a thousand of them are looked at in one go, and those that their claude outlives are found", async () => {
	for (let number = 0; number < 1_000; number++) noteBegun(folder, { ...RUN, runId: `run-${number}` });
	const claude = spawn("sleep", ["60"], { env: { ...process.env, CLAUDE_OTEL_RUN: "run-500" } });
	await new Promise((resolve) => claude.once("spawn", resolve));
	const begun = performance.now();
	const abandoned = readAbandoned(folder, NOW).map(({ runId }) => runId);
	const tookMs = performance.now() - begun;
	claude.kill();
	expect(abandoned).toHaveLength(process.platform === "linux" ? 999 : 1_000);
	expect(abandoned.includes("run-500")).toBe(process.platform !== "linux");
	// Hooks wait meanwhile; looking through all processes for each of them took ten times as long, and more.
	expect(tookMs).toBeLessThan(500);
});

test("what was half written goes after a while, what another version wrote stays", () => {
	noteBegun(folder, RUN);
	writeFileSync(path("half.json"), '{"runId":"ha');
	writeFileSync(path("empty.json"), "");
	writeFileSync(path("newer.json"), '{"version":2}');
	pruneBegun(folder, Date.now());
	expect(readdirSync(join(folder, "begun"))).toHaveLength(4);
	pruneBegun(folder, Date.now() + FOREIGN_SILENCE_MS + 1_000);
	expect(readdirSync(join(folder, "begun"))).toEqual(["a.json", "newer.json"]);
});

test.skipIf(process.platform === "win32")("what is no file of ours is passed over, and never waited for", () => {
	noteBegun(folder, RUN);
	mkdirSync(path("folder.json"));
	execFileSync("mkfifo", [path("pipe.json")]);
	symlinkSync("/dev/zero", path("endless.json"));
	symlinkSync(path("a.json"), path("link.json"));
	for (const [name, text] of Object.entries({
		cut: '{"runId":',
		empty: "",
		nothing: "null",
		strange: JSON.stringify({ ...RUN, owner: 5 }),
		timeless: JSON.stringify({ ...RUN, startedAt: undefined }),
		long: JSON.stringify({ ...RUN, context: "x".repeat(2_000_000) }),
	}))
		writeFileSync(path(`${name}.json`), text);
	expect(readBegun(folder)).toEqual([RUN]);
});
