// Runs that have begun and are not in the store yet: what lies in their folder may be anything.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type BegunRun, noteBegun, readBegun } from "../src/begun-runs.ts";

const RUN: BegunRun = { runId: "a", owner: "1:1", claude: "2:2", startedAt: 3, context: "{}" };
let folder: string;
const path = (name: string) => join(folder, "begun", name);
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-begun-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a run that is noted is read", () => {
	const { claude: _, ...alone } = RUN;
	noteBegun(folder, RUN);
	noteBegun(folder, { ...alone, runId: "b" });
	expect(readBegun(folder)).toEqual([RUN, { ...alone, runId: "b" }]);
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
