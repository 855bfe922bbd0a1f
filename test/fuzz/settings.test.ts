// Files that people write: settings of Claude Code, and our redaction file. What cannot be used says nothing, or is a
// mistake of one sentence; what can be used is edited without another byte changing.
import { isUtf8 } from "node:buffer";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addHooks, checkSettings, countHooks, hasHooks, removeHooks } from "../../src/cli/edit-settings.ts";
import { INSTALLED_EVENTS, installedHandler } from "../../src/cli/installed-hooks.ts";
import { openSettingsFile } from "../../src/cli/settings-file.ts";
import { loadConfig } from "../../src/config.ts";
import { UserMistake } from "../../src/errors.ts";
import { readClaudeArgs } from "../../src/launch/claude-args.ts";
import { planNative } from "../../src/launch/native-telemetry.ts";
import { layOverlay } from "../../src/launch/overlay.ts";
import { planHooks } from "../../src/launch/plan-hooks.ts";
import { readRunSettings } from "../../src/launch/run-settings.ts";
import type { Json } from "../../src/model/fact.ts";
import { createRunPrivacy } from "../../src/run-privacy.ts";
import { type Fuzzed, fuzz, GROWTH_MAX_BYTES } from "./fuzz.ts";

const PLACE = { runDir: "/run/x", packageRoot: "/opt/claude-otel", node: "/usr/bin/node", platform: "linux" as const };
const HANDLER = installedHandler(PLACE);
const SETTINGS: readonly Json[] = [
	{ hooks: {} },
	{
		model: "opus",
		permissions: { allow: ["Bash(ls:*)", "Read(/etc/**)"], deny: ["Read(//secret)"], additionalDirectories: ["/x"] },
		env: { OTEL_METRICS_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", A: "1" },
		hooks: {
			PreToolUse: [{ matcher: "Bash", hooks: [{ type: "command", command: "true", timeout: 5 }] }],
			Stop: [{ hooks: [{ type: "command", command: "claude-otel-pre-tool" }] }],
		},
		allowedHttpHookUrls: ["http://127.0.0.1/*"],
		httpHookAllowedEnvVars: ["X"],
		disableAllHooks: false,
		otelHeadersHelper: "/bin/helper",
	},
	JSON.parse(addHooks("{}", INSTALLED_EVENTS, HANDLER)) as Json,
	{ env: { CLAUDE_CODE_ENABLE_TELEMETRY: "1", OTEL_LOGS_EXPORTER: "console,otlp", HTTPS_PROXY: "http://proxy:3128" } },
];
const REDACTION: Json = {
	patterns: ["acme-[0-9a-f]{32}", { name: "acme", pattern: "a{2,3}(b|c)+?" }],
	allowlist: ["EXAMPLE", "/sk_test_\\w+/"],
	disableDefaults: false,
	disableRules: ["jwt"],
};
const ALL = SETTINGS.map((settings) => Buffer.from(JSON.stringify(settings, undefined, "\t")));
const SENTENCE_MAX = 1_000;
/** A run's own. */
const TOKEN = "s0me-t0ken-of-a-run";
let home: string;

beforeAll(() => {
	home = mkdtempSync(join(tmpdir(), "fuzz-settings-"));
	mkdirSync(join(home, "project", ".claude"), { recursive: true });
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

function anySettings({ random, mutate }: Fuzzed): string {
	const settings = random.pick(SETTINGS);
	if (random.chance(0.5)) return mutate.text(settings);
	const text = JSON.stringify(settings, undefined, random.pick(["", "\t", "  "]));
	return mutate.bytes(Buffer.from(random.chance(0.2) ? text.replaceAll("\n", "\r\n") : text), ALL).toString();
}

/** Undefined where it was the user's mistake, told in one line. */
function unlessMistake<T>(act: () => T): T | undefined {
	try {
		return act();
	} catch (error) {
		if (!(error instanceof UserMistake)) throw error;
		if (error.message === "" || error.message.length > SENTENCE_MAX || /[\n\r\0\u001b]/.test(error.message))
			throw new Error(`not one sentence: ${error.message}`, { cause: error });
		return undefined;
	}
}

test("a settings file is one that cannot be edited, said in one sentence, or hooks go in and out of it", async () => {
	await expect(
		fuzz("settings to edit", {
			share: 0.03,
			input(fuzzed) {
				const text = anySettings(fuzzed);
				if (unlessMistake(() => checkSettings(text, "settings.json") ?? true) === undefined) return;
				const without = removeHooks(text, true).text;
				const installed = addHooks(without, INSTALLED_EVENTS, HANDLER);
				expect(hasHooks(installed, INSTALLED_EVENTS, HANDLER)).toBe(true);
				const out = removeHooks(installed, false);
				expect(out.ours).toBe(INSTALLED_EVENTS.length);
				expect(countHooks(out.text)).toEqual({ ours: 0, predecessors: 0 });
				const { hooks: _before, ...othersBefore } = JSON.parse(text);
				const { hooks: _after, ...othersAfter } = JSON.parse(installed);
				expect(othersAfter).toEqual(othersBefore);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("any settings files give an overlay that claude can read, and nothing throws", async () => {
	const claudeConfigDir = join(home, "config");
	const cwd = join(home, "project");
	mkdirSync(claudeConfigDir, { recursive: true });
	let runs = 0;
	await expect(
		fuzz("settings of a run", {
			share: 0.02,
			input(fuzzed) {
				const { random } = fuzzed;
				const own = anySettings(fuzzed);
				writeFileSync(join(claudeConfigDir, "settings.json"), anySettings(fuzzed));
				writeFileSync(join(cwd, ".claude", "settings.json"), anySettings(fuzzed));
				writeFileSync(join(home, "own.json"), own);
				const value = random.pick([own, join(home, "own.json"), "{}", `{${own}`]).replaceAll("\0", "");
				const claudeArgs = readClaudeArgs(["-p", "--settings", value, "hi"], false);
				const { config } = loadConfig({ HOME: home }, "linux");
				const settings = readRunSettings(claudeArgs, { claudeConfigDir }, cwd);
				planHooks(claudeArgs, config, {}, settings);
				if (settings === undefined) return;
				const plan = planNative({ env: {}, ranked: settings.ranked, config });
				const native = "settingsEnv" in plan ? plan : undefined;
				native?.processEnv("token");
				const overlay = layOverlay({
					claudeArgs,
					user: settings.user,
					others: settings.others,
					url: "http://127.0.0.1:1/hook",
					native: native && {
						env: native.settingsEnv({ http: "http://127.0.0.1:1" }),
						secret: native.secretSettingsEnv("token"),
					},
					settingsPath: () => join(home, `overlay-${runs++}.json`),
				});
				const given = overlay.args[overlay.args.indexOf("--settings") + 1] ?? "";
				if (overlay.file === undefined) JSON.parse(given);
				else rmSync(overlay.file.path);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("a settings file on disk is read and written as it is, or refused, whatever its bytes", async () => {
	await expect(
		fuzz("settings files", {
			share: 0.005,
			input({ random, mutate }) {
				const path = join(home, "settings.json");
				const bytes = mutate.bytes(random.pick(ALL), ALL);
				writeFileSync(path, bytes);
				const file = unlessMistake(() => openSettingsFile(path));
				expect(file !== undefined).toBe(isUtf8(bytes));
				if (file === undefined) return;
				unlessMistake(() => checkSettings(file.text ?? "", path));
				file.backUp();
				file.write(file.text ?? "");
				expect(file.backup()).toBe(file.text);
				expect(readFileSync(path)).toEqual(bytes);
				file.removeBackup();
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("any redaction file gives a redaction, or one sentence says what is wrong with it", async () => {
	const path = join(home, "redact.json");
	const { config } = loadConfig({ HOME: home, CLAUDE_OTEL_REDACT_CONFIG: path }, "linux");
	await expect(
		fuzz("redaction files", {
			share: 0.01,
			input({ random, mutate }) {
				const text = Buffer.from(JSON.stringify(REDACTION));
				writeFileSync(path, random.chance(0.5) ? mutate.text(REDACTION) : mutate.bytes(text, [text]));
				const privacy = unlessMistake(() => createRunPrivacy(config, [TOKEN]));
				const clean = privacy?.text(`the ${TOKEN} of acme-0123456789abcdef0123456789abcdef`);
				if (clean?.includes(TOKEN) === true) throw new Error(`the token is left: ${clean}`);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});
