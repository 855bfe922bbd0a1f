import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../src/make-folder.ts";

test("makes a folder with all above it, for the owner alone, and does not mind one that is there", () => {
	const root = mkdtempSync(join(tmpdir(), "make-folder-"));
	const path = join(root, "a", "b", "c");
	makeFolder(path, 0o700);
	makeFolder(path, 0o700);
	expect(statSync(path).mode & 0o777).toBe(0o700);
	writeFileSync(join(root, "file"), "");
	expect(() => makeFolder(join(root, "file", "x"))).toThrow("ENOTDIR");
	rmSync(root, { recursive: true });
});

test.skipIf(process.platform !== "linux")(
	"gives up where the system has no place for it, which Node's own recursive mkdir does not (needs Linux' /proc)",
	() => {
		expect(() => makeFolder("/proc/nope/claude-otel")).toThrow("ENOENT");
	},
);
