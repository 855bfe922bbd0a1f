import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config.ts";
import { readClaudeArgs } from "../../src/launch/claude-args.ts";
import { planHooks } from "../../src/launch/plan-hooks.ts";
import { readRunSettings } from "../../src/launch/run-settings.ts";

/** Nobody could merge anything into it. */
const DEEP = `{"disableAllHooks":true,"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`;
let folder: string;

beforeEach(() => {
	folder = realpathSync(mkdtempSync(join(tmpdir(), "plan-hooks-")));
	for (const name of [".git", ".claude", "sub/.claude", "config"]) mkdirSync(join(folder, name), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function plan(args: string[], env: Record<string, string> = {}) {
	const all = { HOME: folder, CLAUDE_CONFIG_DIR: join(folder, "config"), ...env };
	const claudeArgs = readClaudeArgs(args, false);
	const { config } = loadConfig(all);
	return planHooks(claudeArgs, config, all, readRunSettings(claudeArgs, config, join(folder, "sub")));
}

const write = (name: string, settings: unknown) =>
	writeFileSync(join(folder, name), typeof settings === "string" ? settings : JSON.stringify(settings));

describe("no hooks", () => {
	test.each([
		[["-p", "--bare"], { because: "flag", flag: "--bare" }],
		[["--safe-mode"], { because: "flag", flag: "--safe-mode" }],
		[["-p", "--include-hook-events"], { because: "hook-events" }],
		[["--settings", "{broken"], { because: "settings", value: "{broken" }],
		[["--settings", DEEP], { because: "settings", value: expect.any(String) }],
		[["--settings", '{"disableAllHooks":true}'], { because: "disabled", path: "--settings" }],
	])("for %j", (args, why) => {
		expect(plan(args)).toEqual(why);
	});

	test("where a settings file switches them off, the one of the highest rank", () => {
		write("config/settings.json", { disableAllHooks: true });
		expect(plan(["-p"])).toEqual({ because: "disabled", path: join(folder, "config/settings.json") });
		write(".claude/settings.local.json", { disableAllHooks: false });
		expect(plan(["-p"])).toMatchObject({ transport: "http" });
	});

	test("but not for a file that this run does not read", () => {
		write("config/settings.json", { disableAllHooks: true });
		expect(plan(["-p", "--setting-sources", "project,local"])).toMatchObject({ transport: "http" });
		expect(plan(["-p", "--restricted"])).toMatchObject({ transport: "http" });
	});

	test("but not for a file that is nested without end", () => {
		write("config/settings.json", DEEP);
		expect(plan(["-p"])).toMatchObject({ transport: "http" });
	});

	test("but not for a file with a comment in it, which Claude Code ignores as well", () => {
		write("config/settings.json", '{ "disableAllHooks": true } // off');
		expect(plan(["-p"])).toMatchObject({ transport: "http" });
	});
});

describe("the transport", () => {
	test("is http unless something stands in the way", () => {
		expect(plan(["-p"])).toMatchObject({ transport: "http" });
		expect(plan(["-p"])).not.toHaveProperty("why");
	});

	test.each([
		[{ HTTP_PROXY: "http://proxy" }, "socket"],
		[{ https_proxy: "http://proxy" }, "socket"],
		[{ HTTP_PROXY: "" }, "http"],
		[{ ALL_PROXY: "http://proxy" }, "http"],
		[{ HTTP_PROXY: "http://proxy", NO_PROXY: "localhost" }, "socket"],
		[{ HTTP_PROXY: "http://proxy", NO_PROXY: "a.b, 127.0.0.1" }, "http"],
		[{ HTTP_PROXY: "http://proxy", no_proxy: "a.b 127.0.0.1" }, "http"],
		[{ HTTP_PROXY: "http://proxy", NO_PROXY: "*" }, "http"],
	])("with %j is %s", (env, transport) => {
		expect(plan(["-p"], env)).toMatchObject({ transport });
	});

	test("over the socket says what that costs, and the cure", () => {
		expect(plan(["-p"], { HTTP_PROXY: "http://proxy" })).toMatchObject({
			why: expect.stringMatching(/HTTP_PROXY.*costs.*NO_PROXY/),
		});
	});

	test("counts a proxy that a settings file sets", () => {
		write("sub/.claude/settings.json", { env: { HTTPS_PROXY: "http://proxy" } });
		expect(plan(["-p"])).toMatchObject({ transport: "socket" });
	});

	test("is what the user chose", () => {
		expect(plan(["-p"], { CLAUDE_OTEL_HOOK_TRANSPORT: "socket" })).toMatchObject({
			transport: "socket",
		});
		expect(plan(["-p"], { CLAUDE_OTEL_HOOK_TRANSPORT: "http", HTTP_PROXY: "http://proxy" })).toMatchObject({
			transport: "http",
		});
	});
});
