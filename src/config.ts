// The one configuration, built once. Comes in: the environment, the platform and our own flags. Goes out:
// every value that the rest of the program needs, where each came from, and hints that stop nothing. No
// other file reads the environment, and this one imports nothing heavy: it runs before claude is started.
import { BACKEND_ROW, type ChosenBackend, readBackends } from "./config/backends.ts";
import { type OtelConfig, readOtel } from "./config/otel.ts";
import { type Paths, readPaths } from "./config/paths.ts";
import { type Described, type Environment, Reader, variablesOf } from "./config/row.ts";
import { DEBUG_ROW, type DebugTarget, OWN_ROWS } from "./config/table.ts";
import { warnings } from "./errors.ts";

export type { BackendName, BackendSettings, ChosenBackend } from "./config/backends.ts";
export { configurationSections, configurationTable, describeConfig } from "./config/describe.ts";
export type { OtelConfig, SignalConfig } from "./config/otel.ts";
export type { NativeDestination, NativeDestinations, NativeTls, OtlpTarget, Proxies } from "./config/otlp.ts";
export type { DebugTarget } from "./config/table.ts";

type Values<R> = { [K in keyof R]: R[K] extends { initial: infer T } ? T : never };

/** Names of what a run hands to its children; an inner claude-otel reads none of them as configuration. */
export const RUN_VARIABLES = ["CLAUDE_OTEL_RUN", "CLAUDE_OTEL_SOCKET", "CLAUDE_OTEL_TOKEN"] as const;

export interface Config extends Values<typeof OWN_ROWS>, Paths {
	otel: OtelConfig;
	/** Those that are sent to by their presets. */
	backends: readonly ChosenBackend[];
	/** The trace that we were started in. */
	inbound: { traceparent?: string; tracestate?: string; baggage?: string };
	/** We run inside another run of ours. */
	nested: boolean;
}

export interface Flags {
	/** `--claude-otel-debug`, or with its path. */
	debug?: true | string;
	/** `--summary`. */
	summary?: true;
}

export interface Loaded {
	config: Config;
	/** For `describeConfig`: one per setting, in the order of the table. */
	origins: readonly (() => Described)[];
	/** Sentences that stop nothing: ignored values, ports that do not go with the protocol. */
	problems: readonly string[];
}

/** Throws a UserMistake where one of our own settings, a chosen back end, an endpoint or the prometheus exporter cannot be used. */
export function loadConfig(env: Environment, platform: NodeJS.Platform = process.platform, flags: Flags = {}): Loaded {
	const reader = new Reader(env);
	const own: Record<string, unknown> = {};
	for (const [key, row] of Object.entries(OWN_ROWS)) {
		own[key] =
			row === DEBUG_ROW
				? readDebug(reader, flags)
				: row === OWN_ROWS.summary && flags.summary
					? readSummaryFlag(reader)
					: reader.read<unknown>(row).value;
	}
	const backends = readBackends(reader);
	const config: Config = {
		...(own as unknown as Values<typeof OWN_ROWS>),
		...readPaths(reader, platform),
		backends,
		otel: readOtel(reader, backends.length > 0 ? variablesOf(BACKEND_ROW)[0] : undefined),
		inbound: {
			traceparent: reader.raw("TRACEPARENT"),
			tracestate: reader.raw("TRACESTATE"),
			baggage: reader.raw("BAGGAGE"),
		},
		nested: reader.raw("CLAUDE_OTEL_RUN") !== undefined,
	};
	const { store, spool } = config;
	if (store.at === "path" && spool.at === "path" && store.path === spool.path)
		reader.problems.push(warnings.sameKeepingFile(store.path));
	return { config, origins: reader.described, problems: reader.problems };
}

/** The flag wins over the variable; without a path it means standard error. */
function readDebug(reader: Reader, flags: Flags): DebugTarget {
	if (flags.debug === undefined) return reader.read(DEBUG_ROW).value;
	const value = DEBUG_ROW.parse(flags.debug === true ? "stderr" : flags.debug) ?? DEBUG_ROW.initial;
	reader.describeRow(DEBUG_ROW, { value, origin: "--claude-otel-debug" });
	return value;
}

function readSummaryFlag(reader: Reader): true {
	reader.describeRow(OWN_ROWS.summary, { value: true, origin: "--summary" });
	return true;
}
