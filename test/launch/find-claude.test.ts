import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findClaude } from "../../src/launch/find-claude.ts";

let folder: string;

beforeEach(() => {
	folder = realpathSync(mkdtempSync(join(tmpdir(), "find-claude-")));
	for (const name of ["ours/bin", "one", "two"]) mkdirSync(join(folder, name), { recursive: true });
	program("ours/bin/claude-otel.js", "#!/usr/bin/env node\n");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(name: string, text = "#!/bin/sh\nexit 0\n", mode = 0o755): string {
	const path = join(folder, name);
	writeFileSync(path, text);
	chmodSync(path, mode);
	return path;
}

const find = (claudeBin?: string, platform: NodeJS.Platform = "linux") =>
	findClaude({
		claudeBin,
		path: [join(folder, "one"), join(folder, "two")].join(delimiter),
		pathExt: ".EXE;.CMD",
		cwd: folder,
		packageRoot: join(folder, "ours"),
		platform,
	});

test("takes the first claude on PATH", () => {
	program("two/claude");
	const first = program("one/claude");
	expect(find()).toEqual({ path: first });
});

test("passes over a claude that is claude-otel, behind any number of links", () => {
	symlinkSync(join(folder, "ours/bin/claude-otel.js"), join(folder, "one/link"));
	symlinkSync("link", join(folder, "one/claude"));
	const real = program("two/claude");
	expect(find()).toEqual({ path: real });
});

test.each([
	'#!/bin/sh\nexec claude-otel "$@"\n',
	'#!/bin/sh\nexec "/opt/claude-otel/bin/claude-otel.js" "$@"\n',
	"#!/bin/sh\n/usr/bin/claude-otel; exit\n",
])("passes over a script that starts claude-otel: %j", (script) => {
	program("one/claude", script);
	expect(find()).toEqual({ missing: true, passedOver: join(folder, "one/claude") });
});

test("takes a script that only lies in a folder of our name", () => {
	const script = program("one/claude", '#!/bin/sh\nexec "/home/me/claude-otel/node_modules/claude-code/cli" "$@"\n');
	expect(find()).toEqual({ path: script });
});

test("finds nothing where nothing is", () => {
	mkdirSync(join(folder, "one/claude"));
	symlinkSync("nowhere", join(folder, "two/claude"));
	expect(find()).toEqual({ missing: true, passedOver: undefined });
});

test("names one that cannot be executed, if there is no other", () => {
	const path = program("one/claude", "", 0o644);
	expect(find()).toEqual({ notExecutable: path });
	const other = program("two/claude");
	expect(find()).toEqual({ path: other });
});

test("CLAUDE_BIN goes before PATH: a path from here, or a name on PATH", () => {
	program("one/claude");
	const chosen = program("two/claude-beta");
	expect(find(chosen)).toEqual({ path: chosen });
	expect(find("two/claude-beta")).toEqual({ path: chosen });
	expect(find("claude-beta")).toEqual({ path: chosen });
});

test("a CLAUDE_BIN that does not exist is not replaced by another claude", () => {
	program("one/claude");
	expect(find("/nowhere/claude")).toEqual({ missing: true, passedOver: undefined });
	expect(find("claude-beta")).toEqual({ missing: true, passedOver: undefined });
});

test("a CLAUDE_BIN that is claude-otel is passed over for the claude on PATH", () => {
	const real = program("one/claude");
	expect(find(join(folder, "ours/bin/claude-otel.js"))).toEqual({ path: real });
});

test("on Windows tries the extensions of PATHEXT, and takes the program behind npm's .cmd", () => {
	const windows = {
		path: join(folder, "one"),
		pathExt: ".EXE;.CMD",
		cwd: folder,
		packageRoot: join(folder, "ours"),
		platform: "win32" as const,
	};
	program("one/claude.CMD", '@ECHO off\r\n"%~dp0\\real.exe" %*\r\n'.replace("%~dp0", "%dp0%"));
	expect(findClaude({ ...windows, claudeBin: undefined })).toEqual({ notExecutable: join(folder, "one/claude.CMD") });
	const real = program("one/real.exe");
	expect(findClaude({ ...windows, claudeBin: undefined })).toEqual({ path: real });
	const exe = program("one/claude.EXE");
	expect(findClaude({ ...windows, claudeBin: undefined })).toEqual({ path: exe });
});
