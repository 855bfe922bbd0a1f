// The checks that read settings: what stands in the way of hooks and of Claude Code's own telemetry, and what is wrong
// with the configuration itself.
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkClaudeFiles } from "../../../src/cli/checks/claude-files.ts";
import { checkConfiguration } from "../../../src/cli/checks/configuration.ts";
import { checkHooks, whyNot } from "../../../src/cli/checks/hooks.ts";
import { checkNative, tellNative } from "../../../src/cli/checks/native.ts";
import { contextOf, told } from "./context.ts";

let folder: string;
beforeEach(() => {
	folder = realpathSync(mkdtempSync(join(tmpdir(), "check-settings-")));
	mkdirSync(join(folder, ".claude"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const context = (env: Record<string, string> = {}) => contextOf({ HOME: folder, ...env });
const write = (settings: object) => writeFileSync(join(folder, ".claude", "settings.json"), JSON.stringify(settings));

describe("hooks", () => {
	const hooks = async (env?: Record<string, string>) => told(await checkHooks(context(env)));

	test("with nothing in the way", async () => {
		expect(await hooks()).toEqual(["ok hooks: Nothing keeps hooks from reaching claude-otel on loopback."]);
	});

	test("switched off by the user's settings are broken, and the file is named", async () => {
		write({ disableAllHooks: true });
		expect(await hooks()).toEqual([
			expect.stringMatching(/^broken hooks: .*settings\.json sets disableAllHooks, .*: take it out there, or set /),
		]);
	});

	test("left out on purpose are no fault", async () => {
		write({ disableAllHooks: true });
		expect(await hooks({ CLAUDE_OTEL_SOURCES: "transcript,native" })).toEqual([
			"ok hooks: CLAUDE_OTEL_SOURCES leaves hooks out.",
		]);
	});

	test("that managed settings keep out are broken, and are nobody's to mend but the manager's", () => {
		expect(told(whyNot({ because: "managed-only", path: "/etc/claude-code/managed-settings.json" }))).toEqual([
			expect.stringMatching(
				/^broken hooks: \/etc\/.* sets allowManagedHooksOnly, .*: ask whoever manages this machine, or set CLAUDE_OTEL_SOURCES/,
			),
		]);
	});

	test.each(["allowedHttpHookUrls", "httpHookAllowedEnvVars"])("restricted by %s get through", async (list) => {
		write({ [list]: [] });
		expect(await hooks()).toEqual([
			expect.stringMatching(/^ok hooks: Nothing /),
			expect.stringMatching(/^ok hooks: .*settings\.json restricts http hooks: each run adds its own/),
		]);
	});

	test("go around a proxy over the socket, with a warning of what that costs", async () => {
		expect(await hooks({ HTTP_PROXY: "http://proxy.example:3128" })).toEqual([
			expect.stringMatching(/^warning hooks: HTTP_PROXY .* the socket, .*: add 127\.0\.0\.1 to NO_PROXY/),
		]);
		expect(await hooks({ HTTP_PROXY: "http://proxy.example:3128", NO_PROXY: "127.0.0.1" })).toEqual([
			expect.stringMatching(/^ok hooks: /),
		]);
	});

	test("that are sent into a proxy are broken", async () => {
		write({ env: { https_proxy: "http://proxy.example:3128" } });
		expect(await hooks({ CLAUDE_OTEL_HOOK_TRANSPORT: "http" })).toEqual([
			expect.stringMatching(
				/^broken hooks: https_proxy sends http hooks to the proxy, .*: add 127\.0\.0\.1 to NO_PROXY, or/,
			),
		]);
	});

	test("over the socket need no proxy to be looked at", async () => {
		expect(await hooks({ CLAUDE_OTEL_HOOK_TRANSPORT: "socket", HTTP_PROXY: "http://proxy.example:3128" })).toEqual([
			expect.stringMatching(/^ok hooks: Hooks come over the Unix socket/),
		]);
	});
});

describe("Claude Code's files", () => {
	const files = async (env?: Record<string, string>) => told(await checkClaudeFiles(context(env)));
	const settings = () => join(folder, ".claude", "settings.json");

	test.each([
		["an object", '{"model":"opus"}'],
		["empty", ""],
		["an object behind a byte order mark", "\uFEFF{}"],
	])("with settings that are %s are well", async (_what, text) => {
		writeFileSync(settings(), text);
		expect(await files()).toEqual([
			`ok claude-files: ${join(folder, ".claude")} can be written, and claude's settings can be read.`,
		]);
	});

	test.each([
		[
			"cut off",
			'{\n  "disableAllHooks":true',
			/settings\.json:2:25: close brace expected\. Claude Code ignores .*: mend it\.$/,
		],
		["with a comment", "// mine\n{}", /settings\.json:1:1: .* Claude Code ignores such a file .*: mend it\.$/],
		["a list", "[]", /settings\.json is no object of JSON\. Claude Code ignores such a file .*: mend it\.$/],
		["too deep", "[".repeat(100_000), /settings\.json cannot be read \(its lists and objects lie too deep/],
	])("with settings that are %s are broken", async (_what, text, sentence) => {
		writeFileSync(settings(), text);
		expect(await files()).toEqual([expect.stringMatching(sentence)]);
		writeFileSync(settings(), "{}");
		writeFileSync(join(folder, ".claude", "settings.local.json"), text);
		expect(await files()).toEqual([
			expect.stringMatching(new RegExp(sentence.source.replace("settings", "settings.local"))),
		]);
	});

	test("in a folder that is none, or cannot be made, are broken, and nothing is made", async () => {
		writeFileSync(join(folder, "file"), "");
		for (const [name, why] of [
			["file", "is no folder"],
			["file/below", "cannot be made or written"],
		]) {
			const path = join(folder, name ?? "");
			expect(await files({ CLAUDE_CONFIG_DIR: path })).toEqual([
				`broken claude-files: ${path} ${why}, so claude reads no settings there and keeps no transcripts: move it away or give yourself the right to write there, or name another folder in CLAUDE_CONFIG_DIR.`,
			]);
		}
		expect(await files({ CLAUDE_CONFIG_DIR: join(folder, "a", "b") })).toEqual([
			expect.stringMatching(/^ok claude-files: /),
		]);
		expect(readdirSync(folder).toSorted()).toEqual([".claude", "file"]);
	});
});

describe("Claude Code's own telemetry", () => {
	const native = async (env?: Record<string, string>) => told(await checkNative(context(env)));

	test("can be had, also where the user has it already", async () => {
		expect(await native()).toEqual(["ok native: Claude Code's own telemetry can be had."]);
		const on = { CLAUDE_CODE_ENABLE_TELEMETRY: "1", OTEL_METRICS_EXPORTER: "otlp", OTEL_LOGS_EXPORTER: "otlp" };
		expect(await native(on)).toEqual(["ok native: Claude Code's own telemetry can be had."]);
	});

	test("with an exporter that Claude Code does not know is odd", async () => {
		const env = { CLAUDE_CODE_ENABLE_TELEMETRY: "1", OTEL_METRICS_EXPORTER: "oltp", OTEL_LOGS_EXPORTER: "otlp" };
		expect(await native(env)).toEqual([expect.stringMatching(/^warning native: .*: correct OTEL_METRICS_EXPORTER/)]);
	});

	test("locked by managed settings is one warning for what one setting locks", () => {
		const [path, scope] = ["/etc/claude-code/managed-settings.json", "managed"] as const;
		const lockedBy = (env: Record<string, string>) => told(tellNative([{ path, scope, settings: { env } }], context()));
		expect(lockedBy({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://theirs.example:4317" })).toEqual([
			`warning native: ${path} sets OTEL_EXPORTER_OTLP_ENDPOINT, so Claude Code's own metrics and logs go where that says and requests have list prices: whoever manages this machine can take it out.`,
		]);
		expect(lockedBy({ OTEL_LOGS_EXPORTER: "none" })).toEqual([
			expect.stringMatching(/^warning native: .* sets OTEL_LOGS_EXPORTER, so Claude Code's own logs go /),
		]);
	});

	test("left out on purpose is no fault", async () => {
		expect(await native({ CLAUDE_OTEL_SOURCES: "hooks" })).toEqual([expect.stringMatching(/^ok native: /)]);
	});
});

describe("the configuration", () => {
	const configuration = async (env?: Record<string, string>) => told(await checkConfiguration(context(env)));

	test("without a fault", async () => {
		expect(await configuration()).toEqual(["ok configuration: All settings can be read and go together."]);
	});

	test.each([
		[
			"grpc",
			"4318",
			/^warning configuration: OTEL_EXPORTER_OTLP_ENDPOINT is .*:4318, .* set OTEL_EXPORTER_OTLP_PROTOCOL=http\/protobuf or use port 4317\.$/,
		],
		["http/json", "4317", /^warning configuration: .* set OTEL_EXPORTER_OTLP_PROTOCOL=grpc or use port 4318\.$/],
	])("with %s to port %s names the setting to change", async (protocol, port, sentence) => {
		const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://localhost:${port}`, OTEL_EXPORTER_OTLP_PROTOCOL: protocol };
		expect(await configuration(env)).toEqual([expect.stringMatching(sentence)]);
	});

	test("with a bad pattern is broken", async () => {
		expect(await configuration({ CLAUDE_OTEL_REDACT_PATTERNS: "good,ba(d" })).toEqual([
			expect.stringMatching(
				/^broken configuration: CLAUDE_OTEL_REDACT_PATTERNS: the pattern "ba\(d" cannot be used: .*: correct it or take it out\.$/,
			),
		]);
	});

	test("with a redaction file that is not there is broken", async () => {
		expect(await configuration({ CLAUDE_OTEL_REDACT_CONFIG: join(folder, "none.json") })).toEqual([
			expect.stringMatching(/^broken configuration: CLAUDE_OTEL_REDACT_CONFIG .*: correct the file or the path\.$/),
		]);
	});

	test("that was ignored in part says what is used", async () => {
		expect(await configuration({ OTEL_BSP_MAX_QUEUE_SIZE: "many" })).toEqual([
			expect.stringMatching(/^warning configuration: OTEL_BSP_MAX_QUEUE_SIZE is "many", .* is used instead\.$/),
		]);
	});

	test.each([
		["CLAUDE_OTEL_LEVEL", "off"],
		["OTEL_SDK_DISABLED", "true"],
	])("that exports nothing because of %s says so", async (variable, value) => {
		expect(await configuration({ [variable]: value })).toEqual([
			expect.stringMatching(new RegExp(`^warning configuration: ${variable} is ${value}, so nothing is exported`)),
		]);
	});

	test("that would stop a run is broken with the sentence that the run would end with", async () => {
		const found = await checkConfiguration({ ...context(), mistake: "CLAUDE_OTEL_LEVEL is bad: correct it." });
		expect(told(found)).toEqual(["broken configuration: CLAUDE_OTEL_LEVEL is bad: correct it."]);
	});
});
