// One row of the configuration table, and how it is read. Comes in: a row and the environment. Goes
// out: the value with its origin; a value that cannot be read stops the program where the row is ours,
// and is told and ignored where OpenTelemetry's specification asks for that.
import { mistakes, warnings } from "../errors.ts";
import type { Parse } from "./parse.ts";

export type Environment = Readonly<Record<string, string | undefined>>;
export type Signal = "traces" | "metrics" | "logs";
export const SIGNALS = ["traces", "metrics", "logs"] as const satisfies readonly Signal[];

export interface Row<T> {
	/** The variable, or several of which the first that is set counts. */
	variable: string | readonly [string, ...string[]];
	parse: Parse<T>;
	/** Ends the sentence "… but must be". */
	expects: string;
	initial: T;
	/** How the default reads in the documentation, where the value itself does not say it. */
	initialText?: string;
	meaning: string;
	/** How a value reads for a person, where it is no plain value. */
	show?(value: T): string;
	/** Never shown: not by --config, not in a sentence. */
	secret?: boolean;
	/** There are also OTEL_EXPORTER_OTLP_TRACES_…, …_METRICS_… and …_LOGS_…, which win. */
	perSignal?: boolean;
}

export interface Setting<T> {
	value: T;
	/** The variable or flag that said it; undefined: the default. */
	origin: string | undefined;
}

/** One line of `claude-otel --config`. */
export interface Described {
	name: string;
	value: string;
	origin: string;
}

export class Reader {
	readonly problems: string[] = [];
	readonly described: (() => Described)[] = [];
	private readonly env: Environment;

	constructor(env: Environment) {
		this.env = env;
	}

	/** The text of a variable; blank counts as unset, as OpenTelemetry says. */
	raw(variable: string): string | undefined {
		const value = this.env[variable]?.trim();
		return value === "" ? undefined : value;
	}

	read<T>(row: Row<T>): Setting<T> {
		const setting = this.readVariables(row, variablesOf(row)) ?? { value: row.initial, origin: undefined };
		this.describeRow(row, setting);
		return setting;
	}

	describeRow<T>(row: Row<T>, setting: Setting<T>, name: string = variablesOf(row)[0]): void {
		const shown = setting.origin ? setting.value : (row.initialText ?? setting.value);
		const text = row.show && setting.origin ? row.show(setting.value) : shown;
		this.describe(name, { value: text, origin: setting.origin }, row.secret);
	}

	readPerSignal<T>(row: Row<T>): Record<Signal | "general", Setting<T>> {
		const [variable] = variablesOf(row);
		const general = this.readVariables(row, [variable]) ?? { value: row.initial, origin: undefined };
		const settings = { general, traces: general, metrics: general, logs: general };
		for (const signal of SIGNALS) {
			settings[signal] = this.readVariables(row, [signalVariable(variable, signal)], general.origin) ?? general;
		}
		return settings;
	}

	describe(name: string, setting: Setting<unknown>, secret = false): void {
		this.described.push(() => ({
			name,
			value: secret && setting.origin ? mask(setting.value) : show(setting.value),
			origin: setting.origin ?? "default",
		}));
	}

	/** @param instead the variable that counts where these cannot be read, if it is not the default that does */
	private readVariables<T>(row: Row<T>, variables: readonly string[], instead?: string): Setting<T> | undefined {
		for (const variable of variables) {
			const text = this.raw(variable);
			if (text === undefined) continue;
			const value = row.parse(text);
			if (value !== undefined) return { value, origin: variable };
			const told = row.secret ? "set" : hideUserInfo(text);
			if (!variable.startsWith("OTEL_")) {
				if (row.secret) throw mistakes.unreadableSecret(variable, row.expects);
				throw mistakes.unreadableSetting(variable, told, row.expects);
			}
			const used = instead ?? row.initialText ?? show(row.initial);
			this.problems.push(warnings.ignoredSetting(variable, told, row.expects, used));
		}
		return undefined;
	}
}

export function variablesOf(row: Row<unknown>): readonly [string, ...string[]] {
	return typeof row.variable === "string" ? [row.variable] : row.variable;
}

export function signalVariable(variable: string, signal: Signal): string {
	return variable.replace("OTEL_EXPORTER_OTLP_", `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_`);
}

export function show(value: unknown): string {
	if (value === undefined || value === "") return "-";
	if (typeof value === "string") return hideUserInfo(value);
	if (Array.isArray(value)) return value.length === 0 ? "-" : value.join(", ");
	if (typeof value === "object" && value !== null) {
		return (
			Object.entries(value)
				.map(([key, item]) => `${key}=${item}`)
				.join(", ") || "-"
		);
	}
	return String(value);
}

/** Keys of headers stay, values go; a single secret becomes stars whose number says nothing. */
function mask(value: unknown): string {
	if (typeof value === "object" && value !== null) {
		return (
			Object.keys(value)
				.map((key) => `${key}=****`)
				.join(", ") || "-"
		);
	}
	return value === undefined ? "-" : "****";
}

/** `http://user:password@proxy` without the part before the @. */
export function hideUserInfo(url: string): string {
	return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#@]*@/i, "$1****@");
}
