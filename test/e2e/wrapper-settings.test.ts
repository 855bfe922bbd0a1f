// The user's own settings and hooks beside ours, in the real claude: all of them run, and theirs still decide.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ScriptedModel, startScriptedModel } from "../../src/testing/scripted-model.ts";
import { buildDist } from "../../tools/build.ts";
import { type ClaudeHome, makeClaudeHome } from "../support/claude-home.ts";
import { runClaudeOtel } from "../support/run.ts";
import { bash, read, step, text } from "../support/scripting.ts";

beforeAll(() => buildDist());

let model: ScriptedModel;
let home: ClaudeHome;
let debugFile: string;

beforeEach(async () => {
	model = await startScriptedModel({ main: [step(bash("echo from the tool")), step(text("Done."))] });
	home = makeClaudeHome(model.url, {
		OTEL_TRACES_EXPORTER: "none",
		OTEL_METRICS_EXPORTER: "none",
		OTEL_LOGS_EXPORTER: "none",
	});
	debugFile = join(home.home, "debug.log");
	mkdirSync(join(home.work, ".claude"));
});
afterEach(async () => {
	await model.close();
	home.remove();
});

const FREE = "--dangerously-skip-permissions";
const print = (args: string[] = [], env: Record<string, string> = {}) =>
	runClaudeOtel(home, [`--claude-otel-debug=${debugFile}`, "-p", "go", FREE, ...args], {
		env: { OTEL_LOG_LEVEL: "debug", ...env },
	});

const hook = (command: string) => [{ hooks: [{ type: "command", command }] }];
const write = (path: string, settings: object) => writeFileSync(path, JSON.stringify(settings));
const told = () => (existsSync(debugFile) ? readFileSync(debugFile, "utf8") : "");
const lastAnswer = () => JSON.stringify(model.requests.at(-1)?.body.messages.at(-1));

describe("the user's own hooks", () => {
	test("of all scopes run beside ours", async () => {
		const mark = (name: string) => ({ hooks: { PreToolUse: hook(`cat > /dev/null; touch '${home.home}/${name}'`) } });
		write(join(home.config, "settings.json"), mark("user"));
		write(join(home.work, ".claude/settings.json"), mark("project"));
		write(join(home.work, ".claude/settings.local.json"), mark("local"));
		expect(await print(["--settings", JSON.stringify(mark("flag"))])).toMatchObject({
			code: 0,
			stdout: "Done.\n",
			stderr: "",
		});
		for (const name of ["user", "project", "local", "flag"]) expect(readdirSync(home.home)).toContain(name);
	});

	test("still decide", async () => {
		write(join(home.config, "settings.json"), { hooks: { PreToolUse: hook("echo not today >&2; exit 2") } });
		await print();
		expect(lastAnswer()).toContain("not today");
		expect(lastAnswer()).not.toContain("from the tool");
	});
});

describe("the user's own --settings", () => {
	test("from a file keep what they say, and no secret of them comes into the argument list", async () => {
		const path = join(home.home, "mine.json");
		write(path, { env: { MY_SECRET: "s3cr3t-value" }, permissions: { deny: ["Read(/note.txt)"] } });
		writeFileSync(join(home.home, "note.txt"), "kept from the model");
		model.setScript({
			main: [
				step(bash("echo $MY_SECRET; tr '\\0' ' ' < /proc/$PPID/cmdline")),
				step(read(join(home.home, "note.txt"))),
				step(text("Done.")),
			],
		});
		await print(["--settings", path]);
		const [, afterBash, afterRead] = model.requests.map((request) => JSON.stringify(request.body.messages.at(-1)));
		expect(afterBash?.split("s3cr3t-value")).toHaveLength(2);
		expect(afterRead).toContain("denied by your permission settings");
		expect(readFileSync(path, "utf8")).toContain("s3cr3t-value");
	});
});

test("the argument list of a running claude, which everybody can read, holds no token", async () => {
	model.setScript({
		main: [step(bash("tr '\\0' '\\n' < /proc/$PPID/cmdline; echo token=$CLAUDE_OTEL_TOKEN")), step(text("Done."))],
	});
	await print();
	const answer = lastAnswer() ?? "";
	const token = /token=([\w-]{32})/.exec(answer)?.[1] ?? "none";
	expect(answer).toContain("x-claude-otel-token");
	expect(answer.split(token)).toHaveLength(2);
});

describe("what keeps hooks from us is told under debug, and claude goes on", () => {
	test.each([
		["disableAllHooks", { disableAllHooks: true }, [], /sets disableAllHooks/],
		["--bare", {}, ["--bare"], /--bare keeps claude from running hooks/],
		["--safe-mode", {}, ["--safe-mode"], /--safe-mode keeps claude from running hooks/],
		[
			"--include-hook-events",
			{},
			["--include-hook-events", "--output-format", "stream-json", "--verbose"],
			/--include-hook-events shows hooks/,
		],
		["--no-session-persistence", {}, ["--no-session-persistence"], /keeps claude from writing a transcript/],
	])("%s", async (_what, settings, args, sentence) => {
		write(join(home.config, "settings.json"), settings);
		expect(await print(args)).toMatchObject({ code: 0, stderr: "" });
		expect(told()).toMatch(sentence);
	});
});

describe("hooks reach us", () => {
	test.each([
		["over http", {}, {}],
		["over the socket", {}, { CLAUDE_OTEL_HOOK_TRANSPORT: "socket" }],
		["where settings name the urls that hooks may call", { allowedHttpHookUrls: ["https://example.com/*"] }, {}],
		["where settings name the variables that hooks may send", { httpHookAllowedEnvVars: ["OTHER"] }, {}],
	])("%s", async (_how, settings, env) => {
		write(join(home.config, "settings.json"), settings);
		const file = join(home.home, "otlp.jsonl");
		expect(await print(["--no-session-persistence"], { ...env, CLAUDE_OTEL_FILE: file })).toMatchObject({
			code: 0,
			stderr: "",
		});
		// Without a transcript only hooks can have told of the call.
		expect(readFileSync(file, "utf8")).toContain('"execute_tool Bash"');
	});
});
