// claude-otel between a person's terminal and the real claude: resizing, stopping and going on, closing the window.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type ScriptedModel, startScriptedModel } from "../../src/testing/scripted-model.ts";
import { buildDist } from "../../tools/build.ts";
import { CLAUDE_OTEL, type ClaudeHome, makeClaudeHome } from "../support/claude-home.ts";
import { childrenOf, isAlive, until } from "../support/run.ts";
import { step, text } from "../support/scripting.ts";
import { claudeInTerminal, claudeOtelInTerminal, openTerminal, type Terminal } from "../support/terminal.ts";

beforeAll(() => buildDist());

let model: ScriptedModel;
let home: ClaudeHome;
const terminals: Terminal[] = [];

beforeEach(async () => {
	model = await startScriptedModel({ main: [], whenDone: step(text("An answer of the model.")) });
	home = makeClaudeHome(model.url, {
		OTEL_TRACES_EXPORTER: "none",
		OTEL_METRICS_EXPORTER: "none",
		OTEL_LOGS_EXPORTER: "none",
	});
});
afterEach(async () => {
	for (const terminal of terminals) terminal.signal("SIGKILL");
	await Promise.all(terminals.splice(0).map((terminal) => terminal.exit));
	await model.close();
	home.remove();
});

const MANUAL = ["--permission-mode", "manual"];
const READY = "manual mode on";

async function keep(opening: Promise<Terminal>): Promise<Terminal> {
	const terminal = await opening;
	terminals.push(terminal);
	return terminal;
}

async function claudeOtel(): Promise<Terminal> {
	const terminal = await keep(claudeOtelInTerminal(home, MANUAL));
	await terminal.waitForText(READY, 30_000);
	return terminal;
}

test("the screen is that of plain claude, before and after a resize, and so is the end of /exit", async () => {
	const screens: string[] = [];
	for (const open of [claudeInTerminal, claudeOtelInTerminal]) {
		const terminal = await keep(open(home, MANUAL));
		await terminal.waitForText(READY, 30_000);
		await terminal.submit("say something");
		await terminal.waitForText("An answer of the model.");
		terminal.resize(90, 30);
		await until("the screen is drawn for the new width", () => {
			const rule = terminal
				.screen()
				.split("\n")
				.find((line) => /^─{20,}/.test(line));
			return rule !== undefined && rule.length <= 90;
		});
		await terminal.submit("/exit");
		expect(await terminal.exit).toEqual({ code: 0, signal: 0 });
		// The one known difference: behind settings of ours claude's hint does not repeat the user's flags.
		screens.push(terminal.screen().replace(/^claude .*--resume [0-9a-f-]{36}$/m, "claude --resume UUID"));
	}
	expect(screens[1]).toBe(screens[0]);
});

test("Ctrl-Z stops it, and fg goes on with it", async () => {
	const terminal = await keep(openTerminal(home, "bash", ["--norc", "-i"], { env: { PS1: "shell> " } }));
	await terminal.submit(`'${process.execPath}' '${CLAUDE_OTEL}' ${MANUAL.join(" ")}`);
	await terminal.waitForText(READY, 30_000);
	terminal.press("ctrl-z");
	await terminal.waitForText("Stopped");
	await terminal.submit("echo the shell has $((40 + 2)) again");
	await terminal.waitForText("the shell has 42 again");
	await terminal.submit("fg");
	await terminal.waitForText(READY);
	await terminal.submit("say something");
	await terminal.waitForText("An answer of the model.");
	await terminal.submit("/exit");
	await terminal.waitForText(/Resume this session[\s\S]*shell>$/);
	await terminal.submit("echo it ended with $?");
	await terminal.waitForText(/^it ended with \d+$/m);
	expect(terminal.screen()).toContain("it ended with 0");
});

test("closing the window ends claude, and us behind it", async () => {
	const terminal = await claudeOtel();
	const claude = childrenOf(terminal.pid)[0] ?? 0;
	expect(isAlive(claude)).toBe(true);
	terminal.hangUp();
	await until("both have gone", () => !isAlive(claude) && !isAlive(terminal.pid), 20_000);
});

test("the user's terminal is left as plain claude leaves it", async () => {
	const terminal = await claudeOtel();
	await until("the guardian", () => childrenOf(terminal.pid).length === 2);
	const [, guardian = 0] = childrenOf(terminal.pid);
	await terminal.submit("/exit");
	await terminal.exit;
	expect(isAlive(guardian)).toBe(false);
	expect(terminal.raw()).toContain("\x1b[?25h");
	expect(terminal.raw()).not.toMatch(/claude-otel/);
	expect(readdirSync(home.config)).not.toContain("settings.json");
	const runs = join(home.home, ".local", "share", "claude-otel");
	expect(existsSync(runs) ? readdirSync(runs).filter((name) => /^[0-9a-f-]{36}$/.test(name)) : []).toEqual([]);
});
