// The process environment and the settings that go over it → the environment in which claude sets up its own telemetry,
// and what managed settings have locked of it.
import type { SettingsFile } from "./settings-files.ts";

export type NativeSignal = "metrics" | "logs";

export type TextEnv = Record<string, string>;

/** Which of these a project sets does not count ... */
const NOT_OF_PROJECT =
	/^(CLAUDE_CODE_(ENABLE_TELEMETRY|ENHANCED_TELEMETRY_BETA)|OTEL_(METRICS|LOGS|TRACES)_EXPORTER|OTEL_EXPORTER_OTLP_(\w+_)?(ENDPOINT|HEADERS|PROTOCOL|CERTIFICATE|CLIENT_KEY|INSECURE))$/;
/** ... but for a no to a signal, where nothing above the user's own file names it. */
const EXPORTER = /^OTEL_(METRICS|LOGS|TRACES)_EXPORTER$/;

/** With one of these, general or of a signal, in managed settings Claude Code drops what others say of the endpoint. */
const LOCKING = ["ENDPOINT", "PROTOCOL", "HEADERS", "CLIENT_KEY", "CLIENT_CERTIFICATE"];

/** `ranked`: of rising rank, and all of it above the process environment. */
export function telemetryEnv(processEnv: NodeJS.ProcessEnv, ranked: readonly SettingsFile[]): TextEnv {
	const env: TextEnv = {};
	for (const [name, value] of Object.entries(processEnv)) if (value !== undefined) env[name] = value;
	const above = ranked.filter(({ scope }) => scope === "flag" || scope === "managed");
	const named = new Set([...Object.keys(env), ...above.flatMap((file) => Object.keys(envOf(file)))]);
	for (const file of ranked) {
		for (const [name, value] of Object.entries(envOf(file))) {
			const no = EXPORTER.test(name) && value.trim() === "none" && !named.has(name);
			if (file.scope !== "project" || no || !NOT_OF_PROJECT.test(name)) env[name] = value;
		}
	}
	return env;
}

/** What a settings file sets; Claude Code takes numbers and booleans as their texts. */
export function envOf({ settings }: SettingsFile): TextEnv {
	const { env } = settings;
	if (typeof env !== "object" || env === null || Array.isArray(env)) return {};
	return Object.fromEntries(
		Object.entries(env).flatMap(([name, value]) =>
			typeof value === "object" || value === undefined ? [] : [[name, String(value)]],
		),
	);
}

export interface Lock {
	path: string;
	/** The variable or setting that locks. */
	by: string;
}

/** Who manages the machine has said where this signal goes, or that it goes nowhere. */
export function findLock(signal: NativeSignal, ranked: readonly SettingsFile[]): Lock | undefined {
	const name = signal.toUpperCase();
	const variables = LOCKING.flatMap((end) => [`OTEL_EXPORTER_OTLP_${end}`, `OTEL_EXPORTER_OTLP_${name}_${end}`]);
	for (const file of ranked.filter(({ scope }) => scope === "managed")) {
		const env = envOf(file);
		const locks = (by: string | undefined) => (by === undefined ? undefined : { path: file.path, by });
		const helper = typeof file.settings.otelHeadersHelper === "string" ? "otelHeadersHelper" : undefined;
		const destination = variables.find((variable) => (env[variable] ?? "").trim() !== "");
		const off = "CLAUDE_CODE_ENABLE_TELEMETRY" in env && !isOn(env) ? "CLAUDE_CODE_ENABLE_TELEMETRY" : undefined;
		const exporter = `OTEL_${name}_EXPORTER`;
		const elsewhere = exporter in env && !namesIn(env[exporter]).includes("otlp") ? exporter : undefined;
		const found = locks(off ?? destination ?? helper ?? elsewhere);
		if (found !== undefined) return found;
	}
	return undefined;
}

export function isOn(env: TextEnv): boolean {
	return /^(1|true|yes|on)$/i.test(env.CLAUDE_CODE_ENABLE_TELEMETRY?.trim() ?? "");
}

/** `console, otlp` → its names; `none` is no name. */
export function namesIn(list: string | undefined): string[] {
	return (list ?? "")
		.split(",")
		.map((name) => name.trim())
		.filter((name) => name !== "" && name !== "none");
}
