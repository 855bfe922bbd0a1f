// What the user has configured of Claude Code's own telemetry → how it is switched on towards us for one run: variables
// for the settings overlay and for claude's environment, and where the user had it go, so that it can be passed on.
// Decides, and opens nothing. How Claude Code ranks all this is in docs/claude-code.md.
import { statSync } from "node:fs";
import { readTargets } from "../config/otlp.ts";
import { Reader } from "../config/row.ts";
import type { Config, NativeDestination, NativeDestinations, NativeTls, OtlpTarget, Proxies } from "../config.ts";
import { nativeNotes, UserMistake } from "../errors.ts";
import type { SettingsFile } from "./settings-files.ts";
import { envOf, findLock, isOn, type NativeSignal, namesIn, type TextEnv, telemetryEnv } from "./telemetry-env.ts";

export type NativeProtocol = OtlpTarget["protocol"];

export interface NativePlan {
	/** For the overlay's `env`: no secrets. */
	settingsEnv(urls: DoorUrls): TextEnv;
	/** For the overlay's `env` too, and then the overlay must be a private file: headers of the user with our token. */
	secretSettingsEnv(token: string): TextEnv;
	/** For claude's process environment: headers of the user with our token. */
	processEnv(token: string): TextEnv;
	/** How claude speaks to us. */
	protocols: Record<NativeSignal, NativeProtocol>;
	/** Where a signal goes on to. */
	destinations: NativeDestinations;
	/** Sentences for the diagnostics. */
	problems: string[];
}

/** `http://127.0.0.1:PORT`. */
export interface DoorUrls {
	http: string;
	/** Without it, what the user sends over gRPC comes in the other envelope of the same message. */
	grpc?: string;
}

/** So that little is lost with a claude that is killed. */
export const NATIVE_INTERVAL_MS = 1_000;
export const NATIVE_TOKEN_HEADER = "x-claude-otel-token";

const SIGNALS = ["metrics", "logs"] as const satisfies readonly NativeSignal[];
const INTERVALS = { metrics: "OTEL_METRIC_EXPORT_INTERVAL", logs: "OTEL_LOGS_EXPORT_INTERVAL" };
/** One name that Claude Code does not know, and it exports nothing at all. */
const EXPORTERS = { metrics: ["otlp", "console", "prometheus"], logs: ["otlp", "console"] };
const CERTIFICATES = ["", "METRICS_", "LOGS_", "TRACES_"].flatMap((signal) =>
	["CERTIFICATE", "CLIENT_KEY", "CLIENT_CERTIFICATE"].map((end) => `OTEL_EXPORTER_OTLP_${signal}${end}`),
);
const PROTOCOLS: readonly string[] = ["grpc", "http/protobuf", "http/json"] satisfies NativeProtocol[];

export interface NativeOptions {
	env: NodeJS.ProcessEnv;
	/** Of rising rank. */
	ranked: readonly SettingsFile[];
	config: Pick<Config, "otel" | "forwardNative">;
}

/** Undefined where nothing of it is ours to switch on: `problems` says why. */
export function planNative(options: NativeOptions): NativePlan | { problems: string[] } {
	const { ranked } = options;
	const env = telemetryEnv(options.env, ranked);
	const problems: string[] = [];
	const pipe = CERTIFICATES.find((variable) => isPipe(env[variable]));
	if (pipe !== undefined) return { problems: [nativeNotes.pipe(pipe, env[pipe] ?? "")] };
	const locks = SIGNALS.flatMap((signal) => {
		const lock = findLock(signal, ranked);
		return lock === undefined ? [] : [{ signal, ...lock }];
	});
	for (const { signal, path, by } of locks) problems.push(nativeNotes.locked(signal, path, by));
	const wasOn = isOn(env);
	const open = SIGNALS.filter((signal) => !locks.some((lock) => lock.signal === signal));
	// To switch on one signal would switch on the other, which is not ours to do.
	if (open.length === 0 || (!wasOn && locks.length > 0)) return { problems };
	const works = wasOn && SIGNALS.every((signal) => canWork(signal, env));
	if (wasOn && !works) problems.push(nativeNotes.broken());

	const kept = { metrics: [] as string[], logs: [] as string[] };
	const destinations: NativeDestinations = {};
	for (const signal of open) {
		const names = works ? namesIn(env[`OTEL_${signal.toUpperCase()}_EXPORTER`]) : [];
		kept[signal] = names.filter((name) => name !== "otlp");
		if (names.includes("otlp")) destinations[signal] = userDestination(signal, env, problems);
		else if (options.config.forwardNative) destinations[signal] = ownDestination(signal, options.config.otel);
	}
	const protocols = { metrics: towardsUs("metrics"), logs: towardsUs("logs") };

	function towardsUs(signal: NativeSignal): NativeProtocol {
		const protocol = destinations[signal]?.protocol ?? "http/json";
		// The same message in another envelope: gRPC would ask a proxy to reach our loopback.
		return protocol === "grpc" && grpcGoesToProxy(env) ? "http/protobuf" : protocol;
	}

	return {
		protocols,
		destinations,
		problems,
		settingsEnv(urls) {
			const overlay: TextEnv = { CLAUDE_CODE_ENABLE_TELEMETRY: "1" };
			// What was off stays off, though the switch for all is on now.
			if (!works && namesIn(env.OTEL_TRACES_EXPORTER).length > 0) overlay.OTEL_TRACES_EXPORTER = "none";
			for (const signal of open) Object.assign(overlay, signalEnv(signal, urls));
			return overlay;
		},
		secretSettingsEnv: (token) =>
			headersEnv(token, (variable) => ranked.findLast((file) => variable in said(file)) && (env[variable] ?? "")),
		processEnv: (token) => headersEnv(token, (variable) => options.env[variable] ?? ""),
	};

	function signalEnv(signal: NativeSignal, urls: DoorUrls): TextEnv {
		const name = signal.toUpperCase();
		const grpc = protocols[signal] === "grpc" ? urls.grpc : undefined;
		const protocol = protocols[signal] === "grpc" && grpc === undefined ? "http/protobuf" : protocols[signal];
		return {
			[`OTEL_${name}_EXPORTER`]: [...kept[signal], "otlp"].join(","),
			[`OTEL_EXPORTER_OTLP_${name}_ENDPOINT`]: grpc ?? `${urls.http}/v1/${signal}`,
			[`OTEL_EXPORTER_OTLP_${name}_PROTOCOL`]: protocol,
			// The interval is the console exporter's as well, which writes where the user reads.
			...(kept[signal].includes("console") ? {} : { [INTERVALS[signal]]: String(NATIVE_INTERVAL_MS) }),
		};
	}

	/** `theirs`: undefined where the variable is not to be set. */
	function headersEnv(token: string, theirs: (variable: string) => string | undefined): TextEnv {
		return Object.fromEntries(
			open.flatMap((signal) => {
				const variable = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`;
				const headers = theirs(variable);
				if (headers === undefined) return [];
				const all = [headers.trim(), `${NATIVE_TOKEN_HEADER}=${token}`].filter((part) => part !== "");
				return [[variable, all.join(",")]];
			}),
		);
	}
}

/** Claude Code waits for its writer before anything else. */
function isPipe(path: string | undefined): boolean {
	try {
		return path !== undefined && statSync(path).isFIFO();
	} catch {
		return false;
	}
}

/** A project's file has no say in headers. */
function said(file: SettingsFile): TextEnv {
	return file.scope === "project" ? {} : envOf(file);
}

function canWork(signal: NativeSignal, env: TextEnv): boolean {
	const names = namesIn(env[`OTEL_${signal.toUpperCase()}_EXPORTER`]);
	if (!names.every((name) => EXPORTERS[signal].includes(name))) return false;
	const protocol = env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL`]?.trim() || protocolIn(env);
	return !names.includes("otlp") || PROTOCOLS.includes(protocol);
}

/** Where it is not said, Claude Code takes this one. */
function protocolIn(env: TextEnv): string {
	return env.OTEL_EXPORTER_OTLP_PROTOCOL?.trim() || "http/protobuf";
}

/** Read as our own exporters' variables are, with Claude Code's protocol where none is said. */
function userDestination(signal: NativeSignal, env: TextEnv, problems: string[]): NativeDestination | undefined {
	const others = ["TRACES", "METRICS", "LOGS"].filter((name) => name !== signal.toUpperCase());
	const own = Object.entries(env).filter(
		([name]) => !others.some((other) => name.startsWith(`OTEL_EXPORTER_OTLP_${other}_`)),
	);
	try {
		const reader = new Reader({ ...Object.fromEntries(own), OTEL_EXPORTER_OTLP_PROTOCOL: protocolIn(env) });
		const target = readTargets(reader)[signal];
		const { protocol } = target;
		return {
			...target,
			...userIdentity(target, env),
			of: "user",
			// Claude speaks http to us, and there it decodes less and asks his helper; to him it would speak gRPC.
			headersOf: protocol === "grpc" ? "variables" : "claude",
			proxies: userProxies(protocol, env),
			tls: userTls(protocol, env),
		};
	} catch (error) {
		if (!(error instanceof UserMistake)) throw error;
		problems.push(nativeNotes.noDestination(signal, error.message));
		return undefined;
	}
}

function ownDestination(signal: NativeSignal, otel: Config["otel"]): NativeDestination | undefined {
	const { exporters, none, ...target } = otel[signal];
	return !none && exporters.includes("otlp")
		? { ...target, of: "ours", headersOf: "variables", proxies: otel.proxies, tls: {} }
		: undefined;
}

/** As Claude Code has them: over http the first of these for any endpoint, over gRPC in small letters alone. */
function userProxies(protocol: NativeProtocol, env: TextEnv): Proxies {
	const first = (names: readonly string[]) => names.map((name) => env[name]?.trim()).find((value) => value);
	if (protocol === "grpc") {
		return { grpc: first(["grpc_proxy", "https_proxy", "http_proxy"]), none: env.no_grpc_proxy || env.no_proxy || "" };
	}
	const proxy = first(["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY"]);
	return { http: proxy, https: proxy, none: [env.no_proxy, env.NO_PROXY].filter(Boolean).join(",") };
}

/** Over http Claude Code shows the certificate that it shows to everybody; over gRPC OpenTelemetry's variables count. */
function userIdentity({ protocol }: OtlpTarget, env: TextEnv): Pick<OtlpTarget, "clientKey" | "clientCertificate"> {
	const { CLAUDE_CODE_CLIENT_CERT: clientCertificate, CLAUDE_CODE_CLIENT_KEY: clientKey } = env;
	return protocol === "grpc" || !clientCertificate || !clientKey ? {} : { clientKey, clientCertificate };
}

function userTls(protocol: NativeProtocol, env: TextEnv): NativeTls {
	const authorities = env.NODE_EXTRA_CA_CERTS || undefined;
	if (protocol === "grpc") return { authorities };
	const unverified = env.NODE_TLS_REJECT_UNAUTHORIZED === "0" ? true : undefined;
	return { authorities, passphrase: env.CLAUDE_CODE_CLIENT_KEY_PASSPHRASE || undefined, unverified };
}

/** gRPC in Claude Code knows these in small letters alone. */
function grpcGoesToProxy(env: TextEnv): boolean {
	if (!(env.grpc_proxy || env.https_proxy || env.http_proxy)) return false;
	const direct = (env.no_grpc_proxy || env.no_proxy || "").split(",").map((entry) => entry.trim());
	return !direct.includes("127.0.0.1");
}
