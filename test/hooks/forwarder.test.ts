import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";

const FORWARDER = fileURLToPath(new URL("../../hooks/forwarder.mjs", import.meta.url));
const closers: (() => void)[] = [];

afterEach(() => {
	for (const close of closers.splice(0).toReversed()) close();
});

interface Outcome {
	code: number | null;
	output: string;
	millis: number;
}

function forward(input: string | undefined, env: Record<string, string>, args: string[] = []): Promise<Outcome> {
	const startedAt = performance.now();
	return new Promise((resolve) => {
		const child = spawn(process.execPath, [FORWARDER, ...args], { env });
		let output = "";
		for (const stream of [child.stdout, child.stderr])
			stream.setEncoding("utf8").on("data", (text: string) => (output += text));
		child.stdin.on("error", () => {});
		// Without input stdin stays open, as of a claude that hangs.
		if (input !== undefined) child.stdin.end(input);
		child.on("close", (code) => resolve({ code, output, millis: performance.now() - startedAt }));
	});
}

/** A socket that reads everything, or nothing at all. */
async function listen(reads = true): Promise<{ path: string; received: Promise<string> }> {
	const folder = mkdtempSync(join(tmpdir(), "forwarder-"));
	const path = join(folder, "hooks.sock");
	const { promise: received, resolve } = Promise.withResolvers<string>();
	const server = createServer((socket) => {
		socket.on("error", () => {});
		closers.push(() => socket.destroy());
		if (!reads) return void socket.pause();
		let text = "";
		socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
		socket.on("end", () => resolve(text));
	});
	await new Promise<void>((ready) => server.listen(path, ready));
	closers.push(() => {
		server.close();
		rmSync(folder, { recursive: true, force: true });
	});
	return { path, received };
}

test("sends the whole payload behind the run's token, prints nothing and exits 0", async () => {
	const { path, received } = await listen();
	const payload = JSON.stringify({ hook_event_name: "SessionEnd", filler: "é".repeat(500_000) });
	expect(await forward(payload, { CLAUDE_OTEL_SOCKET: path, CLAUDE_OTEL_TOKEN: "t" })).toMatchObject({
		code: 0,
		output: "",
	});
	expect(await received).toBe(`t\n${payload}`);
});

test("installed, sends to the socket that it is told, without a token", async () => {
	const { path, received } = await listen();
	const outcome = await forward("{}", { CLAUDE_OTEL_SOCKET: "/nowhere", CLAUDE_OTEL_TOKEN: "t" }, [path]);
	expect(outcome).toMatchObject({ code: 0, output: "" });
	expect(await received).toBe("\n{}");
});

test.each([
	["no socket is named", {}],
	["the socket does not exist", { CLAUDE_OTEL_SOCKET: "/nowhere/hooks.sock" }],
	["the socket is no socket", { CLAUDE_OTEL_SOCKET: FORWARDER }],
])("prints nothing and exits 0 where %s", async (_what, env) => {
	expect(await forward("{}", env)).toMatchObject({ code: 0, output: "" });
});

test("gives up within its second on a reader that hangs", async () => {
	const { path } = await listen(false);
	const outcome = await forward("x".repeat(10_000_000), { CLAUDE_OTEL_SOCKET: path });
	expect(outcome).toMatchObject({ code: 0, output: "" });
	expect(outcome.millis).toBeLessThan(10_000);
});

test("gives up within its second on a claude that never ends its payload", async () => {
	const { path } = await listen();
	const outcome = await forward(undefined, { CLAUDE_OTEL_SOCKET: path });
	expect(outcome).toMatchObject({ code: 0, output: "" });
	expect(outcome.millis).toBeLessThan(10_000);
});
