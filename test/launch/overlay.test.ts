import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readClaudeArgs } from "../../src/launch/claude-args.ts";
import { END_EVENT, eventsOf, HOOK_EVENTS } from "../../src/launch/hook-settings.ts";
import { INLINE_SETTINGS_MAX, layOverlay } from "../../src/launch/overlay.ts";
import type { Settings } from "../../src/launch/settings-files.ts";
import { readUserSettings } from "../../src/launch/user-settings.ts";

const URL = "http://127.0.0.1:4711/hook";
const FORWARDER = { node: "/usr/bin/node", path: "/opt/claude-otel/hooks/forwarder.mjs" };
let folder: string;

beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "overlay-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Case {
	others?: Settings[];
	url?: string;
	socket?: boolean;
	terminal?: boolean;
	native?: { env: Record<string, string>; secret: Record<string, string> };
}

function lay(args: string[], { others = [], url = URL, socket = false, terminal = false, native }: Case = {}) {
	const claudeArgs = readClaudeArgs(args, terminal);
	const user = readUserSettings(claudeArgs.settings, folder);
	if (user === undefined) throw new Error("The user's settings are unusable.");
	return layOverlay({
		claudeArgs,
		user,
		others: others.map((settings) => ({ path: "/x", settings, scope: "user" })),
		url: url === "" ? undefined : url,
		forwarder: socket ? FORWARDER : undefined,
		native,
		settingsPath: () => join(folder, "overlay.json"),
	});
}

/** What stands behind --settings in the overlay's arguments. */
const inline = (args: readonly string[]): Settings & { hooks: Record<string, { hooks: Settings[] }[]> } =>
	JSON.parse(args[args.indexOf("--settings") + 1] ?? "");

describe("the overlay", () => {
	test("goes in front of the user's arguments, which stay as they are", () => {
		const args = ["-p", "hello", "--", "--settings", "x"];
		expect(lay(args).args.slice(2)).toEqual(args);
		expect(Object.keys(inline(lay(args).args).hooks)).toEqual(eventsOf(readClaudeArgs(args, false)));
	});

	test("leaves the begin of quick calls alone, and of no others; without a transcript it hooks them all", () => {
		const matcherOf = (args: string[]) =>
			(inline(lay(args).args).hooks.PreToolUse as { matcher?: string }[] | undefined)?.[0]?.matcher;
		const matcher = new RegExp(matcherOf(["-p"]) ?? "");
		const tools = [
			"Read",
			"Grep",
			"ToolSearch",
			"ReadMcpResourceTool",
			"Bash",
			"Edit",
			"Agent",
			"mcp__files__Read",
			"New",
		];
		expect(tools.filter((tool) => !matcher.test(tool))).toEqual(["Read", "Grep", "ToolSearch"]);
		expect(matcherOf(["-p", "--no-session-persistence"])).toBeUndefined();
	});

	test("puts an environment for claude over the user's own, and hooks only where there is a door for them", () => {
		const claudeArgs = readClaudeArgs(["--settings", '{"env":{"A":"1","B":"1"},"model":"x"}', "-p"], false);
		const user = readUserSettings(claudeArgs.settings, folder);
		if (user === undefined) throw new Error("The user's settings are unusable.");
		const settingsPath = () => join(folder, "overlay.json");
		const { args } = layOverlay({
			claudeArgs,
			user,
			others: [],
			native: { env: { B: "2" }, secret: {} },
			settingsPath,
		});
		expect(inline(args)).toEqual({ env: { A: "1", B: "2" }, model: "x" });
	});

	test("leaves to the transcript what it tells as well", () => {
		const events = (args: string[], terminal = false) => Object.keys(inline(lay(args, { terminal }).args).hooks);
		expect(events([], true)).toEqual(HOOK_EVENTS.filter((event) => event !== "PostToolBatch"));
		expect(events(["-p", "--input-format", "stream-json"])).toContain("UserPromptSubmit");
		expect(events(["-p", "--no-session-persistence"])).toEqual(HOOK_EVENTS);
		for (const event of ["PostToolBatch", "UserPromptSubmit", "Stop", "StopFailure"]) {
			expect(events(["-p", "hello"])).not.toContain(event);
		}
	});

	test("gives every hook one second, and the token by the name of a variable alone", () => {
		for (const groups of Object.values(inline(lay(["-p"]).args).hooks)) {
			expect(groups).toMatchObject([
				{
					hooks: [
						{
							type: "http",
							url: URL,
							timeout: 1,
							headers: { "x-claude-otel-token": "$CLAUDE_OTEL_TOKEN" },
							allowedEnvVars: ["CLAUDE_OTEL_TOKEN"],
						},
					],
				},
			]);
		}
	});

	test("never registers an event that could change or slow the session", () => {
		const events = Object.keys(inline(lay([], { socket: true, terminal: true }).args).hooks);
		for (const event of [
			"SessionStart",
			"WorktreeCreate",
			"MessageDisplay",
			"PreCompact",
			"PostCompact",
			"FileChanged",
			"Elicitation",
			"Setup",
		]) {
			expect(events).not.toContain(event);
		}
	});

	test("has the end of the session told by the forwarder, and only where a person sits", () => {
		expect(inline(lay([], { socket: true, terminal: true }).args).hooks[END_EVENT]).toEqual([
			{ hooks: [{ type: "command", command: FORWARDER.node, args: [FORWARDER.path], timeout: 1 }] },
		]);
		expect(inline(lay(["-p"], { socket: true, terminal: true }).args).hooks).not.toHaveProperty(END_EVENT);
	});

	test("over the socket runs the forwarder for every event", () => {
		const { hooks } = inline(lay(["-p"], { url: "", socket: true }).args);
		for (const event of eventsOf(readClaudeArgs(["-p"], false)))
			expect(hooks[event]?.[0]?.hooks[0]).toMatchObject({ type: "command", args: [FORWARDER.path] });
	});
});

describe("the user's own --settings", () => {
	const own = {
		model: "haiku",
		hooks: {
			Stop: [{ hooks: [{ type: "command", command: "mine" }] }],
			PreToolUse: [{ hooks: [{ type: "command", command: "mine" }] }],
			SessionStart: [],
		},
	};

	test("inline keep everything, and our hooks come behind theirs", () => {
		const { args } = lay(["-p", "--settings", JSON.stringify(own), "hello"]);
		expect([args[0], args[1], args[3], args.length]).toEqual(["-p", "--settings", "hello", 4]);
		const merged = inline(args);
		expect(merged.model).toBe("haiku");
		expect(merged.hooks.Stop).toMatchObject([{ hooks: [{ command: "mine" }] }]);
		expect(merged.hooks.PreToolUse).toMatchObject([{ hooks: [{ command: "mine" }] }, { hooks: [{ type: "http" }] }]);
		expect(merged.hooks.SessionStart).toEqual([]);
	});

	test("keep their spelling with an equals sign, and of several the last is replaced", () => {
		const { args } = lay(["--settings", "{}", `--settings=${JSON.stringify(own)}`]);
		expect(args.slice(0, 2)).toEqual(["--settings", "{}"]);
		expect(JSON.parse(args[2]?.replace("--settings=", "") ?? "")).toMatchObject({
			model: "haiku",
			hooks: { PreToolUse: [{}, {}] },
		});
	});

	test("from a file stay out of the argument list: the overlay is a private file too", () => {
		const path = join(folder, "mine.json");
		const text = JSON.stringify({ ...own, env: { SECRET: "s3cr3t" } });
		writeFileSync(path, text);
		const { args, file } = lay(["--settings", "mine.json"]);
		expect(args).toEqual(["--settings", join(folder, "overlay.json")]);
		expect(statSync(join(folder, "overlay.json")).mode & 0o777).toBe(0o600);
		expect(JSON.parse(readFileSync(join(folder, "overlay.json"), "utf8"))).toMatchObject({
			env: { SECRET: "s3cr3t" },
			hooks: { PreToolUse: [{}, {}] },
		});
		expect(file?.userText).toBe(text);
	});

	test("from a file keep the meaning of rules that are relative to it", () => {
		writeFileSync(
			join(folder, "mine.json"),
			JSON.stringify({
				permissions: {
					deny: ["Read(/secrets/**)", "Read(//abs)", "Read(~/x)", "Bash(/bin/ls)", "Edit"],
					defaultMode: "plan",
				},
			}),
		);
		const { file } = lay(["--settings", "mine.json"]);
		expect(JSON.parse(readFileSync(file?.path ?? "", "utf8")).permissions).toEqual({
			deny: [`Read(/${folder}/secrets/**)`, "Read(//abs)", "Read(~/x)", "Bash(/bin/ls)", "Edit"],
			defaultMode: "plan",
		});
	});

	test("that are too long for an argument go into a file", () => {
		const { args, file } = lay(["--settings", JSON.stringify({ env: { LONG: "x".repeat(INLINE_SETTINGS_MAX) } })]);
		expect(args).toEqual(["--settings", join(folder, "overlay.json")]);
		expect(JSON.parse(file?.userText ?? "")).toHaveProperty("env.LONG");
	});

	test.each([
		"{not json}",
		"{}x",
		"/nowhere.json",
		"[]",
		'{"hooks":[]}',
		'{"hooks":{"Stop":{}}}',
		'{"allowedHttpHookUrls":"x"}',
	])("that ours cannot be merged into are left alone: %s", (text) => {
		expect(readUserSettings({ text, index: 1, attached: false }, folder)).toBeUndefined();
	});
});

describe("what switches Claude Code's own telemetry on", () => {
	const env = { OTEL_LOGS_EXPORTER: "otlp" };
	const secret = { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-a=b,x-claude-otel-token=TOKEN" };
	const settings = JSON.stringify({ env: { OTEL_LOGS_EXPORTER: "none", MINE: "1" } });

	test("goes over the user's own variables, which stay otherwise", () => {
		const merged = inline(lay(["-p", "--settings", settings], { native: { env, secret: {} } }).args);
		expect(merged.env).toEqual({ OTEL_LOGS_EXPORTER: "otlp", MINE: "1" });
		expect(merged.hooks).toHaveProperty("PreToolUse");
	});

	test("goes without hooks where there are none", () => {
		const merged = inline(lay(["-p"], { url: "", native: { env, secret: {} } }).args);
		expect(merged).toEqual({ env });
	});

	test("with a secret is a private file, never an argument, and only the user's own stay in it afterwards", () => {
		const { args, file } = lay(["-p", "--settings", settings], { native: { env, secret } });
		expect(args).toEqual(["-p", "--settings", join(folder, "overlay.json")]);
		expect(statSync(join(folder, "overlay.json")).mode & 0o777).toBe(0o600);
		expect(JSON.parse(readFileSync(join(folder, "overlay.json"), "utf8")).env).toEqual({
			...env,
			MINE: "1",
			...secret,
		});
		expect(file?.userText).toBe(settings);
	});
});

describe("the lists that restrict http hooks", () => {
	test("get ours where any settings have one", () => {
		const merged = inline(
			lay(["-p"], { others: [{ allowedHttpHookUrls: ["https://x/*"] }, { httpHookAllowedEnvVars: [] }] }).args,
		);
		expect(merged).toMatchObject({ allowedHttpHookUrls: [URL], httpHookAllowedEnvVars: ["CLAUDE_OTEL_TOKEN"] });
	});

	test("keep what the user's own --settings say", () => {
		const merged = inline(lay(["-p", "--settings", '{"allowedHttpHookUrls":["https://x/*"]}']).args);
		expect(merged.allowedHttpHookUrls).toEqual(["https://x/*", URL]);
		expect(merged).not.toHaveProperty("httpHookAllowedEnvVars");
	});

	test("are not begun by us, which would shut out the user's hooks", () => {
		const merged = inline(lay(["-p"], { others: [{ disableAllHooks: false }] }).args);
		expect(merged).not.toHaveProperty("allowedHttpHookUrls");
		expect(merged).not.toHaveProperty("httpHookAllowedEnvVars");
	});
});
