// What claude would do with its own telemetry by itself → what it is told for this run: to send metrics and events to
// us, as far as the user and whoever administers the machine have not said where they go. Decides, and starts nothing.
import type { Settings, SettingsFile } from "./settings-files.ts";

export type NativeSignal = "metrics" | "logs";

export interface NativePlan {
	/** Signals that come to us. */
	signals: NativeSignal[];
	/** For the `env` of claude's settings: no secrets, for an argument list can be read by everybody. */
	settingsEnv(url: string): Record<string, string>;
	/** For claude's own environment, which nobody else can read: it goes over the headers that are there. */
	processEnv(token: string): Record<string, string>;
	/** Why a signal does not come to us. */
	problems: string[];
}

const SIGNALS: readonly NativeSignal[] = ["metrics", "logs"];
const INTERVALS = { metrics: "OTEL_METRIC_EXPORT_INTERVAL", logs: "OTEL_LOGS_EXPORT_INTERVAL" } as const;
/** Milliseconds between exports: a turn waits two seconds for what claude tells of it. */
const INTERVAL_MS = "1000";
const SWITCH = "CLAUDE_CODE_ENABLE_TELEMETRY";
const TOKEN_HEADER = "x-claude-otel-token";
/** What decides whether, where and how claude exports. */
const TELLING = /^(?:OTEL_|CLAUDE_CODE_ENABLE_TELEMETRY$)/;

/** @param settings all settings that claude reads, in order of rising rank, the user's --settings among them */
export function planNative(env: NodeJS.ProcessEnv, settings: readonly SettingsFile[]): NativePlan {
	const merged = mergeEnv(env, settings);
	const problems: string[] = [];
	const lock = settings.find(
		(file) => file.managed && Object.keys(envOf(file.settings)).some((name) => TELLING.test(name)),
	);
	if (lock !== undefined) {
		problems.push(
			`${lock.path} says where claude's own telemetry goes, so it does not come to us: requests have list prices.`,
		);
		return { signals: [], settingsEnv: () => ({}), processEnv: () => ({}), problems };
	}
	const on = isOn(merged[SWITCH]);
	const signals = SIGNALS.filter((signal) => {
		const name = signal.toUpperCase();
		const own = on && exportersOf(merged[`OTEL_${name}_EXPORTER`]).length > 0;
		const headers = `OTEL_EXPORTER_OTLP_${name}_HEADERS`;
		const fixed = settings.find((file) => envOf(file.settings)[headers] !== undefined);
		if (own) problems.push(`claude's own ${signal} go where you send them already, so they do not come to us.`);
		else if (fixed !== undefined)
			problems.push(`${fixed.path} sets ${headers}, so claude's own ${signal} cannot come to us.`);
		return !own && fixed === undefined;
	});
	return {
		signals,
		settingsEnv(url) {
			if (signals.length === 0) return {};
			const told = signals.flatMap((signal) => [
				[`OTEL_${signal.toUpperCase()}_EXPORTER`, "otlp"],
				[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`, "http/json"],
				[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`, `${url}/v1/${signal}`],
				[INTERVALS[signal], INTERVAL_MS],
			]);
			// Switched on by us, it must not send elsewhere what the user never switched on.
			const others = on ? [] : [["OTEL_TRACES_EXPORTER", "none"]];
			return Object.fromEntries([[SWITCH, "1"], ...told, ...others]);
		},
		processEnv: (token) =>
			Object.fromEntries(
				signals.map((signal) => {
					const name = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`;
					const before = env[name];
					return [name, `${before ? `${before},` : ""}${TOKEN_HEADER}=${token}`];
				}),
			),
		problems,
	};
}

/** Settings go over the environment, and those of higher rank over the others. */
function mergeEnv(env: NodeJS.ProcessEnv, settings: readonly SettingsFile[]): Record<string, unknown> {
	const merged: Record<string, unknown> = { ...env };
	for (const file of settings) Object.assign(merged, envOf(file.settings));
	return merged;
}

function envOf({ env }: Settings): Settings {
	return typeof env === "object" && env !== null && !Array.isArray(env) ? env : {};
}

function isOn(value: unknown): boolean {
	return /^(?:1|true|yes|on)$/i.test(String(value ?? "").trim());
}

function exportersOf(value: unknown): string[] {
	const names = String(value ?? "").split(",");
	return names.map((name) => name.trim()).filter((name) => name !== "" && name !== "none");
}
