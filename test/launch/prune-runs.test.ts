import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { pruneRuns, RUN_KEPT_MS } from "../../src/launch/prune-runs.ts";

const NOW = Date.now();
let runs: string;

beforeEach(() => {
	runs = mkdtempSync(join(tmpdir(), "prune-"));
});
afterEach(() => rmSync(runs, { recursive: true, force: true }));

function run(digit: string, ageMs: number, files: string[]): string {
	const name = `${digit.repeat(8)}-1111-4111-8111-111111111111`;
	mkdirSync(join(runs, name));
	for (const file of files) writeFileSync(join(runs, name, file), "");
	const at = new Date(NOW - ageMs);
	utimesSync(join(runs, name), at, at);
	return name;
}

test("takes away old runs with their files, and nothing else", () => {
	run("0", 2 * RUN_KEPT_MS, ["hooks.sock", "settings.json"]);
	run("1", 2 * RUN_KEPT_MS, []);
	const young = run("2", RUN_KEPT_MS / 2, ["settings.json"]);
	const strange = run("3", 2 * RUN_KEPT_MS, ["settings.json", "thesis.txt"]);
	mkdirSync(join(runs, "spool"));
	writeFileSync(join(runs, "serve.sock"), "");
	const link = "44444444-1111-4111-8111-111111111111";
	symlinkSync("spool", join(runs, link));

	pruneRuns(runs, NOW + 1000);
	expect(readdirSync(runs).toSorted()).toEqual([young, strange, link, "serve.sock", "spool"]);
	expect(readdirSync(join(runs, strange))).toContain("thesis.txt");
});

test("does nothing where there is nothing", () => {
	expect(() => pruneRuns(join(runs, "nowhere"), NOW)).not.toThrow();
});
