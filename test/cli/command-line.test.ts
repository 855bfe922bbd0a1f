// Our own commands, as a process that starts us sees them.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { runCommandLine } from "../../src/cli/command-line.ts";
import { fakeProcess } from "./fake-process.ts";

function run(stdout: Writable) {
	const folder = tmpdir();
	const { process } = fakeProcess(["--config"], { HOME: folder, PATH: "" }, folder);
	return runCommandLine(Object.assign(process, { stdout }), `${folder}/`);
}

test("what they print is written out when they end, also to a slow reader", async () => {
	let taken = "";
	let written = "";
	const stdout = new Writable({
		decodeStrings: false,
		write(text: string, _encoding, done) {
			setTimeout(() => {
				taken += text;
				done();
			}, 20);
		},
	});
	const write = stdout.write.bind(stdout);
	stdout.write = ((text: string, done?: () => void) => {
		written += text;
		return write(text, done);
	}) as typeof stdout.write;
	expect(await run(stdout)).toEqual({ exitCode: 0 });
	expect(taken).toContain("CLAUDE_OTEL_STORE");
	expect(taken).toBe(written);
});

test("a reader that has gone meanwhile ends them as one that was never there", async () => {
	const gone = Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
	const stdout = new Writable({ write: (_text, _encoding, done) => void setTimeout(() => done(gone), 20) });
	await expect(run(stdout)).rejects.toBe(gone);
});

test("flush does not say that nothing waits where the spool cannot be opened", async () => {
	const folder = mkdtempSync(join(tmpdir(), "claude-otel-flush-"));
	const spool = join(folder, ".local", "share", "claude-otel", "spool.db");
	const flush = async () => {
		const fake = fakeProcess(["flush"], { HOME: folder, PATH: "" }, folder);
		const { exitCode } = await runCommandLine(fake.process, `${folder}/`);
		return { exitCode, stdout: fake.stdout(), stderr: fake.stderr() };
	};
	expect(await flush()).toEqual({ exitCode: 0, stdout: "Nothing waits to be delivered.\n", stderr: "" });
	mkdirSync(spool, { recursive: true });
	expect(await flush()).toEqual({
		exitCode: 1,
		stdout: "",
		stderr: expect.stringContaining(`claude-otel: ${spool} cannot be used (it is no plain file`),
	});
	rmSync(folder, { recursive: true });
});
