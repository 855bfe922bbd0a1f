// What a program says of its telemetry → the one configuration, read as the command line reads it: every option here is a
// variable of docs/configuration.md, and what is not said comes from the environment.

import { systemClock } from "../clock.ts";
import { type Config, loadConfig } from "../config.ts";
import { createDiagnostics, type Diagnostics } from "../diagnostics.ts";
import { mistakes } from "../errors.ts";
import { createRunPrivacy } from "../run-privacy.ts";
import { areHeaders } from "./are-headers.ts";
import { callBack } from "./call-back.ts";

export interface TelemetrySettings {
	/** The environment to read, and to give to claude. Default: that of this process. */
	env?: Readonly<Record<string, string | undefined>>;
	/** What may leave the machine (docs/privacy.md). Default: `standard`. */
	level?: "off" | "minimal" | "standard" | "full";
	/** Where OTLP goes, for all signals. Default: `http://localhost:4317`. */
	endpoint?: string;
	/** Default: `grpc`. */
	protocol?: "grpc" | "http/protobuf" | "http/json";
	/** Sent with each export. */
	headers?: Readonly<Record<string, string>>;
	/** Resource attribute `service.name`. */
	serviceName?: string;
	/** Resource attributes `user.id`, `team` and `project`. */
	user?: string;
	team?: string;
	project?: string;
	/** On session and turn spans and on log records, never on metrics. */
	attributes?: Readonly<Record<string, string>>;
	/** Also append everything to this file, as OTLP JSON lines. */
	file?: string;
	/** Tools, by name and with `*`, that are counted in metrics but get no span and no record. */
	excludeTools?: readonly string[];
	/** More regular expressions (RE2 syntax) whose matches are redacted. */
	redactPatterns?: readonly string[];
	/** Share of traces that are exported, from 0 to 1. Metrics, records and callbacks see all. Default: 1. */
	sampleRatio?: number;
	/** W3C traceparent of the span in which the run is to lie. Default: TRACEPARENT of the environment. */
	traceparent?: string;
	/** Milliseconds that the end of a run waits for the collector at most. Default: 1000. */
	exitGraceMs?: number;
	/**
	 * Told what goes wrong with telemetry, in one sentence each, and at the end of a run what was not delivered; nothing of
	 * it is thrown.
	 */
	onProblem?(sentence: string): void;
}

export interface ObserveOptions {
	/** `false` where the query has `persistSession: false`: then the stream alone is told from. */
	transcript?: boolean;
	/** In which claude works. Default: this process's. */
	cwd?: string;
}

export interface Settings {
	config: Config;
	env: NodeJS.ProcessEnv;
	diagnostics: Diagnostics;
}

/** Throws a UserMistake (one sentence with the cure) where a setting cannot be used. */
export function readSettings(settings: TelemetrySettings): Settings {
	const { sampleRatio, headers = {} } = settings;
	if (!areHeaders(headers)) throw mistakes.unreadableSecret("headers", "names and values that a request can carry");
	// The variable behind it is OpenTelemetry's, of which a wrong value stops nothing.
	if (sampleRatio !== undefined && !(sampleRatio >= 0 && sampleRatio <= 1)) {
		throw mistakes.unreadableSetting("sampleRatio", String(sampleRatio), "a number from 0 to 1");
	}
	const env: NodeJS.ProcessEnv = { ...(settings.env ?? process.env) };
	const { config, problems } = loadConfig({ ...env, ...variablesOf(settings) });
	// Patterns that cannot be used are told now, and not by the first run.
	createRunPrivacy(config, []);
	const written = createDiagnostics({ target: config.debug, level: config.otel.logLevel, clock: systemClock });
	// Standard error is the program's: what would go there, all levels of it, is told to the program.
	written.release((text) => tell(settings.onProblem, text.trimEnd()));
	const diagnostics: Diagnostics = {
		...written,
		say(level, message) {
			written.say(level, message);
			const isTold = config.debug.to !== "stderr" && (level === "error" || level === "warn");
			if (isTold) tell(settings.onProblem, message);
		},
	};
	for (const problem of problems) diagnostics.say("warn", problem);
	return { config, env, diagnostics };
}

function tell(onProblem: TelemetrySettings["onProblem"], sentence: string): void {
	// Whoever does not want to hear it is not made to.
	callBack(
		() => onProblem?.(sentence),
		() => {},
	);
}

function variablesOf(settings: TelemetrySettings): Record<string, string> {
	const { sampleRatio, traceparent } = settings;
	const variables: Record<string, string | undefined> = {
		CLAUDE_OTEL_LEVEL: settings.level,
		OTEL_EXPORTER_OTLP_ENDPOINT: settings.endpoint,
		OTEL_EXPORTER_OTLP_PROTOCOL: settings.protocol,
		OTEL_EXPORTER_OTLP_HEADERS: pairs(settings.headers),
		OTEL_SERVICE_NAME: settings.serviceName,
		CLAUDE_OTEL_USER: settings.user,
		CLAUDE_OTEL_TEAM: settings.team,
		CLAUDE_OTEL_PROJECT: settings.project,
		CLAUDE_OTEL_ATTRIBUTES: pairs(settings.attributes),
		CLAUDE_OTEL_FILE: settings.file,
		CLAUDE_OTEL_TOOLS_EXCLUDE: settings.excludeTools?.join(","),
		CLAUDE_OTEL_REDACT_PATTERNS: settings.redactPatterns && JSON.stringify(settings.redactPatterns),
		CLAUDE_OTEL_EXIT_GRACE_MS: settings.exitGraceMs?.toString(),
		OTEL_TRACES_SAMPLER: sampleRatio === undefined ? undefined : "parentbased_traceidratio",
		OTEL_TRACES_SAMPLER_ARG: sampleRatio?.toString(),
		TRACEPARENT: traceparent,
	};
	return Object.fromEntries(
		Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
	);
}

function pairs(values: Readonly<Record<string, string>> | undefined): string | undefined {
	if (values === undefined) return undefined;
	return Object.entries(values)
		.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
		.join(",");
}
