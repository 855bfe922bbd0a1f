import {
	chmodSync,
	chownSync,
	existsSync,
	lstatSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	realpathSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeRunDirectory } from "../../src/launch/run-directory.ts";

const RUN = "11111111-2222-4333-8444-555555555555";
let folder: string;

beforeEach(() => {
	folder = realpathSync(mkdtempSync(join(tmpdir(), "run-")));
	mkdirSync(join(folder, "tmp"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const make = (runDir = join(folder, "runs"), tmpDir = join(folder, "tmp")) =>
	makeRunDirectory({ runDir, tmpDir, runId: RUN, platform: "linux" });

test("is a folder of the run's own that nobody else can enter", () => {
	const { path, socketPath } = make();
	expect(path).toBe(join(folder, "runs", RUN));
	expect(statSync(path).mode & 0o777).toBe(0o700);
	expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
	expect(dirname(socketPath)).toBe(path);
});

test("shuts a folder for all runs that was open to others", () => {
	mkdirSync(join(folder, "runs"));
	chmodSync(join(folder, "runs"), 0o777);
	make();
	expect(statSync(join(folder, "runs")).mode & 0o777).toBe(0o700);
});

test("does not trust a link in the place of the folder", () => {
	mkdirSync(join(folder, "theirs"));
	symlinkSync("theirs", join(folder, "runs"));
	expect(dirname(make().path)).toBe(join(folder, "tmp"));
	expect(readdirSync(join(folder, "theirs"))).toEqual([]);
});

test("does not use a folder or a link that is there already", () => {
	mkdirSync(join(folder, "runs"));
	symlinkSync("/nowhere", join(folder, "runs", RUN));
	const { path } = make();
	expect(dirname(path)).toBe(join(folder, "tmp"));
	expect(lstatSync(path).isDirectory()).toBe(true);
	expect(statSync(path).mode & 0o777).toBe(0o700);
});

test("does not use a folder for all runs that is somebody else's, and leaves it as it is", () => {
	// Only root can give a folder away; for anybody else the system's own temporary folder is somebody else's.
	const isRoot = process.getuid?.() === 0;
	const theirs = isRoot ? join(folder, "runs") : "/tmp";
	if (isRoot) {
		mkdirSync(theirs, { mode: 0o777 });
		chmodSync(theirs, 0o777);
		chownSync(theirs, 65_534, 65_534);
	}
	const before = statSync(theirs);
	expect(dirname(make(theirs).path)).toBe(join(folder, "tmp"));
	expect(statSync(theirs)).toMatchObject({ mode: before.mode, uid: before.uid });
	expect(existsSync(join(theirs, RUN))).toBe(false);
});

test("does not use a place from which anybody could take the folder away", () => {
	mkdirSync(join(folder, "open"));
	chmodSync(join(folder, "open"), 0o777);
	expect(dirname(make(join(folder, "open", "runs")).path)).toBe(join(folder, "tmp"));
	// What others have made cannot be taken away where the sticky bit is set.
	chmodSync(join(folder, "open"), 0o1777);
	expect(dirname(make(join(folder, "open", "runs")).path)).toBe(join(folder, "open", "runs"));
});

test("does not use a temporary folder from which anybody could take it away", () => {
	writeFileSync(join(folder, "file"), "");
	chmodSync(join(folder, "tmp"), 0o777);
	const directory = make(join(folder, "file", "runs"));
	expect(dirname(directory.path)).toBe("/tmp");
	directory.remove(false);
});

test("beside the socket of a run that was killed makes one of its own, and leaves the other", () => {
	const killed = make();
	writeFileSync(killed.socketPath, "");
	const next = make();
	expect(next.socketPath).not.toBe(killed.socketPath);
	expect(existsSync(killed.socketPath)).toBe(true);
	expect(existsSync(next.socketPath)).toBe(false);
});

test("goes to the temporary folder where the path is too long for a socket", () => {
	const { path, socketPath } = make(join(folder, "x".repeat(60)));
	expect(dirname(path)).toBe(join(folder, "tmp"));
	expect(socketPath.length).toBeLessThanOrEqual(107);
	make(join(folder, "y".repeat(60)), join(folder, "z".repeat(90))).remove(false);
});

test("goes to the temporary folder where the other cannot be made", () => {
	writeFileSync(join(folder, "file"), "");
	expect(dirname(make(join(folder, "file", "runs")).path)).toBe(join(folder, "tmp"));
});

test("goes away with everything in it, or stays with the settings file", () => {
	const gone = make();
	writeFileSync(gone.socketPath, "");
	writeFileSync(gone.settingsPath, "{}");
	gone.remove(false);
	expect(existsSync(gone.path)).toBe(false);

	const kept = make();
	writeFileSync(kept.socketPath, "");
	writeFileSync(kept.settingsPath, "{}");
	kept.remove(true);
	expect(readdirSync(kept.path)).toEqual(["settings.json"]);
});

test("on Windows the socket is a named pipe", () => {
	const { socketPath } = makeRunDirectory({
		runDir: join(folder, "runs"),
		tmpDir: join(folder, "tmp"),
		runId: RUN,
		platform: "win32",
	});
	expect(socketPath).toBe(`\\\\.\\pipe\\claude-otel-${RUN}`);
});
