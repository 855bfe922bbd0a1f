import { expect, test } from "vitest";
import { planNative } from "../../src/launch/native-telemetry.ts";
import type { SettingsFile } from "../../src/launch/settings-files.ts";

const URL = "http://127.0.0.1:4711";
const TOKEN = "secret-token";

function file(path: string, env: Record<string, string>, managed = false): SettingsFile {
	return { path, settings: { env }, managed };
}

function plan(env: Record<string, string> = {}, settings: SettingsFile[] = []) {
	const native = planNative(env, settings);
	return { ...native, settingsEnv: native.settingsEnv(URL), processEnv: native.processEnv(TOKEN) };
}

const ON = { CLAUDE_CODE_ENABLE_TELEMETRY: "1" };

test("by itself claude sends nothing, so metrics and events come to us, and traces nowhere", () => {
	const { signals, settingsEnv, processEnv, problems } = plan();
	expect(signals).toEqual(["metrics", "logs"]);
	expect(settingsEnv).toEqual({
		CLAUDE_CODE_ENABLE_TELEMETRY: "1",
		OTEL_METRICS_EXPORTER: "otlp",
		OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: "http/json",
		OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${URL}/v1/metrics`,
		OTEL_METRIC_EXPORT_INTERVAL: "1000",
		OTEL_LOGS_EXPORTER: "otlp",
		OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: "http/json",
		OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: `${URL}/v1/logs`,
		OTEL_LOGS_EXPORT_INTERVAL: "1000",
		OTEL_TRACES_EXPORTER: "none",
	});
	expect(processEnv).toEqual({
		OTEL_EXPORTER_OTLP_METRICS_HEADERS: `x-claude-otel-token=${TOKEN}`,
		OTEL_EXPORTER_OTLP_LOGS_HEADERS: `x-claude-otel-token=${TOKEN}`,
	});
	expect(problems).toEqual([]);
});

test("the token stands in no setting, for they can become an argument", () => {
	expect(JSON.stringify(plan().settingsEnv)).not.toContain(TOKEN);
});

test("exporters without claude's own switch are those of claude-otel, and mean nothing to claude", () => {
	expect(plan({ OTEL_METRICS_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4317" }).signals).toEqual(
		["metrics", "logs"],
	);
});

test.each([
	["in the environment", { ...ON, OTEL_METRICS_EXPORTER: "otlp", OTEL_LOGS_EXPORTER: "console" }, []],
	["in settings", {}, [file("u", { ...ON, OTEL_METRICS_EXPORTER: "prometheus", OTEL_LOGS_EXPORTER: "otlp" })]],
])("what the user sends somewhere %s is left alone", (_where, env, settings) => {
	const { signals, settingsEnv, processEnv, problems } = plan(env, settings);
	expect({ signals, settingsEnv, processEnv }).toEqual({ signals: [], settingsEnv: {}, processEnv: {} });
	expect(problems).toHaveLength(2);
});

test("where the user sends one signal, the other comes to us, and his intervals and traces stay", () => {
	const { signals, settingsEnv } = plan({ ...ON, OTEL_METRICS_EXPORTER: "otlp", OTEL_LOGS_EXPORTER: "none" });
	expect(signals).toEqual(["logs"]);
	expect(Object.keys(settingsEnv).filter((name) => /METRIC|TRACES/.test(name))).toEqual([]);
});

test("a file of higher rank decides", () => {
	const user = file("u", { ...ON, OTEL_METRICS_EXPORTER: "otlp", OTEL_LOGS_EXPORTER: "otlp" });
	expect(plan({}, [user, file("local", { CLAUDE_CODE_ENABLE_TELEMETRY: "0" })]).signals).toEqual(["metrics", "logs"]);
});

test("managed settings that say anything about telemetry are respected, and told", () => {
	const { signals, problems } = plan({}, [file("/etc/managed.json", { OTEL_EXPORTER_OTLP_ENDPOINT: "x" }, true)]);
	expect(signals).toEqual([]);
	expect(problems.join()).toContain("/etc/managed.json");
	expect(plan({}, [file("/etc/managed.json", { PATH: "x" }, true)]).signals).toHaveLength(2);
});

test("headers of the user for a signal stay, with ours behind them; in a settings file they would hide ours", () => {
	expect(plan({ OTEL_EXPORTER_OTLP_LOGS_HEADERS: "a=b" }).processEnv.OTEL_EXPORTER_OTLP_LOGS_HEADERS).toBe(
		`a=b,x-claude-otel-token=${TOKEN}`,
	);
	const hidden = plan({}, [file("u", { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "a=b" })]);
	expect(hidden.signals).toEqual(["metrics"]);
	expect(hidden.problems.join()).toContain("OTEL_EXPORTER_OTLP_LOGS_HEADERS");
});
