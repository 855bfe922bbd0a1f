// Commands that nobody sits before, by real shells: what they leave behind keeps nobody waiting, and is not left running.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { checkClaude } from "../../src/cli/checks/claude.ts";
import { findings } from "../../src/cli/checks/findings.ts";
import { askClaude } from "../../src/launch/ask-claude.ts";
import { runCommand } from "../../src/launch/run-command.ts";
import { contextOf, told } from "../cli/checks/context.ts";
import { until } from "../support/run.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "run-command-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A script that starts a sleeper, with its number in a file, and waits for it unless it is in the background. */
function script(text: string): string {
	const path = join(folder, "claude");
	writeFileSync(path, `#!/bin/sh\ncd '${folder}'\n${text}\n`, { mode: 0o755 });
	return path;
}

const SLEEPER = "sh -c 'echo $$ >sleeper.tmp; mv sleeper.tmp sleeper; exec sleep 300'";

function sleeperLives(): boolean {
	try {
		const pid = readFileSync(join(folder, "sleeper"), "utf8").trim();
		return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		return false;
	}
}

const sleeperHasBegun = () => until("the sleeper has begun", () => existsSync(join(folder, "sleeper")));
const sleeperIsGone = () => until("the sleeper has gone", () => !sleeperLives());

test("one that takes too long ends with all that it has started, though its pipes are held", async () => {
	const start = performance.now();
	const command = script(`echo begun\n${SLEEPER}`);
	const end = await runCommand({ command, args: [], limitMs: 1_500 });
	expect(end).toEqual({ exitCode: undefined, stdout: "begun\n", stderr: "", timedOut: true });
	expect(performance.now() - start).toBeLessThan(5_000);
	await sleeperIsGone();
});

test("one that is cancelled too, and what does not listen when it is asked to end is made to", async () => {
	const cancel = new AbortController();
	const command = script(`(trap '' TERM; ${SLEEPER})`);
	const running = runCommand({ command, args: [], limitMs: 60_000, cancel: cancel.signal });
	await sleeperHasBegun();
	cancel.abort();
	expect(await running).toMatchObject({ exitCode: undefined, timedOut: false });
	await sleeperIsGone();
});

test("what one leaves behind by its own will is not waited for, and lives", async () => {
	const start = performance.now();
	const command = script(`${SLEEPER} &\nuntil [ -f sleeper ]; do sleep 0.05; done\necho 1.2.3; exit 4`);
	const end = await runCommand({ command, args: [], limitMs: 60_000 });
	expect(end).toEqual({ exitCode: 4, stdout: "1.2.3\n", stderr: "", timedOut: false });
	expect(performance.now() - start).toBeLessThan(10_000);
	expect(sleeperLives()).toBe(true);
	process.kill(Number(readFileSync(join(folder, "sleeper"), "utf8")));
});

test.each(["none", "file/claude"])("one that cannot be started has ended: %s", async (name) => {
	writeFileSync(join(folder, "file"), "");
	const end = await runCommand({ command: join(folder, name), args: [], limitMs: 60_000 });
	expect(end).toEqual({ exitCode: undefined, stdout: "", stderr: "", timedOut: false });
});

test.each(["SIGTERM", "SIGINT", "SIGHUP"] as const)("%s ends us by itself, and it before", async (signal) => {
	const command = script(SLEEPER);
	const program = `import { runCommand } from ${JSON.stringify(new URL("../../src/launch/run-command.ts", import.meta.url))};
		await runCommand({ command: ${JSON.stringify(command)}, args: [], limitMs: 60_000 });`;
	const us = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], { stdio: "ignore" });
	const ended = once(us, "exit");
	await sleeperHasBegun();
	us.kill(signal);
	expect(await ended).toEqual([null, signal]);
	await sleeperIsGone();
});

test("a claude that fails when it is asked is told from one that is late, and neither is found well", async () => {
	const path = script("exit 3");
	expect(await askClaude(path, ["--version"])).toEqual({ silent: "failed" });
	expect(told(await checkClaude({ ...contextOf({ HOME: folder }), claude: { path } }))).toEqual([
		`broken claude: ${path} does not answer: try \`${path} --version\`, install it anew, or set CLAUDE_BIN to another claude.`,
	]);
	expect(told([findings.claudeSilent(path, { silent: "late", afterSeconds: 10 })])).toEqual([
		`broken claude: ${path} does not answer within 10 s: try \`${path} --version\`, install it anew, or set CLAUDE_BIN to another claude.`,
	]);
});
