// The line that install-hooks writes, run by the shell as Claude Code runs it.

import { spawn, spawnSync } from "node:child_process";
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	realpathSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { installedHandler, serviceSocket } from "../../src/cli/installed-hooks.ts";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;

beforeEach(() => {
	folder = realpathSync(mkdtempSync(join(tmpdir(), `it's "a" $HOME `)));
	mkdirSync(join(folder, "run"));
	// A Node that leaves a mark, so that one sees whether it was started.
	writeFileSync(join(folder, "node"), `#!/bin/sh\ntouch "$MARK"\nexec '${process.execPath}' "$@"\n`);
	chmodSync(join(folder, "node"), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const place = () => ({
	runDir: join(folder, "run"),
	packageRoot: PACKAGE,
	node: join(folder, "node"),
	platform: "linux" as const,
});
const line = () => String(installedHandler(place()).command);
const env = (more: Record<string, string> = {}) => ({ PATH: "/usr/bin:/bin", MARK: join(folder, "mark"), ...more });
const nodeStarted = () => existsSync(join(folder, "mark"));

async function withService(use: (received: Promise<string>) => Promise<void> | void): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<string>();
	const server = createServer((socket) => {
		let text = "";
		socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
		socket.on("end", () => resolve(text));
		socket.on("error", () => {});
	});
	await new Promise<void>((ready) => server.listen(serviceSocket(place()), ready));
	await use(promise);
	await new Promise((done) => server.close(done));
}

test("while no service listens it says nothing, exits 0 and starts no Node", () => {
	const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", line()], {
		input: "{}",
		env: env(),
		encoding: "utf8",
	});
	expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
	expect(nodeStarted()).toBe(false);
});

test("under the wrapper it starts no Node, although a service listens", async () => {
	await withService(() => {
		const { status, stdout, stderr } = spawnSync("/bin/sh", ["-c", line()], {
			input: "{}",
			env: env({ CLAUDE_OTEL_RUN: "r" }),
			encoding: "utf8",
		});
		expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
		expect(nodeStarted()).toBe(false);
	});
});

test("where a service listens it gets the payload, whatever the folders are called", async () => {
	await withService(async (received) => {
		const child = spawn("/bin/sh", ["-c", line()], { env: env() });
		child.stdin.end('{"hook_event_name":"Stop"}');
		expect(await new Promise((resolve) => child.on("close", resolve))).toBe(0);
		expect(await received).toBe('\n{"hook_event_name":"Stop"}');
		expect(nodeStarted()).toBe(true);
	});
});

test("the forwarder that it runs is part of what is published", () => {
	const manifest: { files: string[] } = JSON.parse(readFileSync(join(PACKAGE, "package.json"), "utf8"));
	expect(manifest.files).toContain("hooks");
});
