// Comes in: the variables of the OTLP exporters, general and per signal. Goes out: for each signal where
// its batches go, in which protocol and with what headers and certificates; and hints where protocol and
// port do not go together, which is the commonest reason why nothing arrives.
import { mistakes, warnings } from "../errors.ts";
import { type Protocol, SIGNAL_ROWS } from "./otlp-table.ts";
import { hideUserInfo, type Reader, type Setting, type Signal, signalVariable, variablesOf } from "./row.ts";

export interface OtlpTarget {
	protocol: Protocol;
	/** What is called: for http the whole URL, for grpc scheme, host and port. */
	url: string;
	/** As the user wrote it, without user info: for sentences. */
	endpoint: string;
	/** The variable that would change it. */
	endpointVariable: string;
	/** Nobody said where it goes: the default. */
	isDefault: boolean;
	headers: Record<string, string>;
	timeoutMs: number;
	compression: "none" | "gzip";
	/** Plain text, whatever certificates are set. */
	insecure: boolean;
	certificate?: string;
	clientKey?: string;
	clientCertificate?: string;
}

/** Undefined: directly. `none`: hosts that are reached directly all the same. */
export interface Proxies {
	http?: string;
	https?: string;
	grpc?: string;
	none: string;
	/** Which variable named each, where that is known. */
	variables?: { http?: string; https?: string; grpc?: string };
}

/** Where Claude Code's own telemetry goes on to. `user`: where he has it go himself; `ours`: he had it off, and CLAUDE_OTEL_FORWARD_NATIVE is set. */
export interface NativeDestination extends OtlpTarget {
	of: "user" | "ours";
	/** Which headers it gets: those that claude sends, or those alone that the variables name. */
	headersOf: "claude" | "variables";
	proxies: Proxies;
	tls: NativeTls;
}

/** What Claude Code's exporters know of TLS beside OpenTelemetry's variables. */
export interface NativeTls {
	/** A file of further authorities. */
	authorities?: string;
	/** Of the client's key. */
	passphrase?: string;
	/** Whoever answers is trusted. */
	unverified?: true;
}
export type NativeDestinations = Partial<Record<"metrics" | "logs", NativeDestination>>;

const PATHS: Record<Signal, string> = { traces: "v1/traces", metrics: "v1/metrics", logs: "v1/logs" };
const HAS_SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** @param replacedBy the variable whose back ends take the place of the default endpoint, for --config */
export function readTargets(reader: Reader, replacedBy?: string): Record<Signal, OtlpTarget> {
	const settings = {
		endpoint: reader.readPerSignal(SIGNAL_ROWS.endpoint),
		protocol: reader.readPerSignal(SIGNAL_ROWS.protocol),
		headers: reader.readPerSignal(SIGNAL_ROWS.headers),
		timeout: reader.readPerSignal(SIGNAL_ROWS.timeout),
		compression: reader.readPerSignal(SIGNAL_ROWS.compression),
		certificate: reader.readPerSignal(SIGNAL_ROWS.certificate),
		clientKey: reader.readPerSignal(SIGNAL_ROWS.clientKey),
		clientCertificate: reader.readPerSignal(SIGNAL_ROWS.clientCertificate),
		insecure: reader.readPerSignal(SIGNAL_ROWS.insecure),
	};
	const target = (signal: Signal): OtlpTarget => {
		const endpoint = settings.endpoint[signal];
		const protocol = { ...settings.protocol[signal], value: chooseProtocol(settings.protocol[signal], endpoint) };
		const place = locate(signal, endpoint, protocol.value, settings.insecure[signal].value);
		reader.problems.push(...hints(signal, endpoint, protocol, place.url));
		const { clientKey, clientCertificate } = clientIdentity(
			reader,
			settings.clientKey[signal],
			settings.clientCertificate[signal],
		);
		// All headers of the general variable stay unless the signal's own names the same key.
		const headers = { ...settings.headers.general.value, ...settings.headers[signal].value };
		const describe = (name: string, setting: Setting<unknown>, secret = false) =>
			reader.describe(signalVariable(`OTEL_EXPORTER_OTLP_${name}`, signal), setting, secret);
		const isDefault = endpoint.origin === undefined;
		describe(
			"ENDPOINT",
			isDefault && replacedBy !== undefined ? { value: "", origin: replacedBy } : { ...endpoint, value: place.url },
		);
		describe("PROTOCOL", protocol);
		describe("HEADERS", { ...settings.headers[signal], value: headers }, true);
		describe("TIMEOUT", settings.timeout[signal]);
		describe("COMPRESSION", settings.compression[signal]);
		describe("CERTIFICATE", settings.certificate[signal]);
		describe("CLIENT_KEY", settings.clientKey[signal]);
		describe("CLIENT_CERTIFICATE", settings.clientCertificate[signal]);
		describe("INSECURE", settings.insecure[signal]);
		return {
			protocol: protocol.value,
			url: place.url,
			endpoint: hideUserInfo(endpoint.value ?? (protocol.value === "grpc" ? place.url : "http://localhost:4318")),
			endpointVariable: endpoint.origin ?? "OTEL_EXPORTER_OTLP_ENDPOINT",
			isDefault,
			headers,
			timeoutMs: settings.timeout[signal].value,
			compression: settings.compression[signal].value,
			insecure: place.insecure,
			certificate: settings.certificate[signal].value,
			clientKey,
			clientCertificate,
		};
	};
	const targets = { traces: target("traces"), metrics: target("metrics"), logs: target("logs") };
	// The same hint for three signals is one hint.
	reader.problems.splice(0, Infinity, ...new Set(reader.problems));
	return targets;
}

function chooseProtocol(setting: Setting<Protocol | undefined>, endpoint: Setting<string | undefined>): Protocol {
	if (setting.value) return setting.value;
	const url = parseUrl(endpoint.value);
	if (!url) return "grpc";
	return url.port === "4318" || (url.pathname !== "/" && url.pathname !== "" && url.protocol !== "unix:")
		? "http/protobuf"
		: "grpc";
}

function locate(
	signal: Signal,
	endpoint: Setting<string | undefined>,
	protocol: Protocol,
	insecure: boolean,
): { url: string; insecure: boolean } {
	const http = protocol !== "grpc";
	const initial = http ? "http://localhost:4318" : "http://localhost:4317";
	// The common case costs nothing: parsing a URL is slow the first time, and claude waits.
	if (endpoint.value === undefined) return { url: http ? `${initial}/${PATHS[signal]}` : initial, insecure: true };
	const url = parseUrl(endpoint.value);
	const hasScheme = HAS_SCHEME.test(endpoint.value);
	if (!http && url?.protocol === "unix:") return { url: endpoint.value, insecure: true };
	if (!url || (http && !hasScheme) || (url.protocol !== "http:" && url.protocol !== "https:")) {
		throw mistakes.unreadableEndpoint(String(endpoint.origin), hideUserInfo(endpoint.value), initial);
	}
	if (!http) {
		const plain = hasScheme ? url.protocol === "http:" : insecure;
		return { url: `${plain ? "http" : "https"}://${url.host}`, insecure: plain };
	}
	// Only the general endpoint is a base; a signal's own is the whole address.
	if (endpoint.origin === variablesOf(SIGNAL_ROWS.endpoint)[0]) {
		url.pathname = `${url.pathname.replace(/\/$/, "")}/${PATHS[signal]}`;
	}
	return { url: url.href, insecure: url.protocol === "http:" };
}

function hints(
	signal: Signal,
	endpoint: Setting<string | undefined>,
	protocol: Setting<Protocol>,
	used: string,
): string[] {
	const { value, origin } = endpoint;
	const url = parseUrl(value);
	if (!value || !origin || !url || url.protocol === "unix:") return [];
	const shown = hideUserInfo(value);
	const protocolVariable = protocol.origin ?? "OTEL_EXPORTER_OTLP_PROTOCOL";
	if (protocol.value !== "grpc") {
		if (url.port === "4317") return [warnings.httpToGrpcPort(origin, shown, protocolVariable, protocol.value)];
		const isBase = origin === variablesOf(SIGNAL_ROWS.endpoint)[0];
		const path = Object.values(PATHS).find((one) => url.pathname.endsWith(`/${one}`));
		if (isBase && path !== undefined) return [warnings.endpointWithSignalPath(origin, shown, path)];
		const bare = !isBase && url.pathname === "/";
		return bare ? [warnings.signalEndpointWithoutPath(origin, shown, PATHS[signal])] : [];
	}
	const found: string[] = [];
	if (url.port === "4318") found.push(warnings.grpcToHttpPort(origin, shown, protocolVariable));
	if (url.pathname !== "/" && url.pathname !== "") found.push(warnings.grpcPathIgnored(origin, shown));
	if (!HAS_SCHEME.test(value) && used.startsWith("https:")) found.push(warnings.endpointWithoutScheme(origin, shown));
	if (url.port === "" && url.protocol === "http:") found.push(warnings.grpcWithoutPort(origin, shown, "80"));
	return found;
}

function clientIdentity(reader: Reader, key: Setting<string | undefined>, certificate: Setting<string | undefined>) {
	if ((key.value === undefined) === (certificate.value === undefined)) {
		return { clientKey: key.value, clientCertificate: certificate.value };
	}
	const [missing, given] = key.value
		? ["OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", key.origin]
		: ["OTEL_EXPORTER_OTLP_CLIENT_KEY", certificate.origin];
	reader.problems.push(warnings.clientCertificateIncomplete(missing, given ?? missing));
	return {};
}

/** `localhost:4317` is host and port here, not the scheme "localhost". */
function parseUrl(value: string | undefined): URL | undefined {
	if (value === undefined) return undefined;
	try {
		const url = new URL(HAS_SCHEME.test(value) || value.startsWith("unix:") ? value : `https://${value}`);
		return url.host === "" && url.protocol !== "unix:" ? undefined : url;
	} catch {
		return undefined;
	}
}
