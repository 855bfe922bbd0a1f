// The table of the OTLP exporters' variables. Each exists in a general form, named here, and in one per
// signal (OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, say), which wins.
import { headers, integer, oneOf, type Parse, text, trueFalse } from "./parse.ts";
import type { Row } from "./row.ts";

export type Protocol = "grpc" | "http/protobuf" | "http/json";

export const SIGNAL_ROWS = {
	endpoint: signalRow<string | undefined>(
		"ENDPOINT",
		text,
		"a URL",
		undefined,
		"http://localhost:4317",
		"Where the collector listens. The general form gets `/v1/traces` and so on added for http; the per-signal forms are used as they stand.",
	),
	protocol: signalRow<Protocol | undefined>(
		"PROTOCOL",
		protocol,
		"grpc, http/protobuf or http/json",
		undefined,
		"grpc; http/protobuf for port 4318 or an endpoint with a path",
		"`grpc`, `http/protobuf` (alias `http`) or `http/json`.",
	),
	headers: {
		...signalRow<Record<string, string>>(
			"HEADERS",
			headers,
			"key=value pairs separated by commas, of characters that a header can carry",
			{},
			"none",
			"Headers of every export, `key=value,key=value`, percent-encoded; where your credentials go.",
		),
		secret: true,
	},
	timeout: signalRow<number>(
		"TIMEOUT",
		integer(1),
		"milliseconds from 1",
		10_000,
		undefined,
		"Longest time for one export, retries included, in milliseconds.",
	),
	compression: signalRow<"none" | "gzip">(
		"COMPRESSION",
		oneOf("none", "gzip"),
		"none or gzip",
		"none",
		undefined,
		"`gzip` or `none`.",
	),
	certificate: signalRow<string | undefined>(
		"CERTIFICATE",
		text,
		"a path",
		undefined,
		"the system's",
		"PEM file of the authority that signed the collector's certificate.",
	),
	clientKey: signalRow<string | undefined>(
		"CLIENT_KEY",
		text,
		"a path",
		undefined,
		"none",
		"PEM file of the private key for mutual TLS.",
	),
	clientCertificate: signalRow<string | undefined>(
		"CLIENT_CERTIFICATE",
		text,
		"a path",
		undefined,
		"none",
		"PEM file of the client's certificate chain for mutual TLS.",
	),
	insecure: signalRow<boolean>(
		"INSECURE",
		trueFalse,
		"true or false",
		false,
		undefined,
		"For grpc endpoints without a scheme: `true` means without TLS.",
	),
};

function signalRow<T>(
	suffix: string,
	parse: Parse<T>,
	expects: string,
	initial: T,
	initialText: string | undefined,
	meaning: string,
): Row<T> {
	return { variable: `OTEL_EXPORTER_OTLP_${suffix}`, parse, expects, initial, initialText, meaning, perSignal: true };
}

function protocol(value: string): Protocol | undefined {
	const name = value.toLowerCase();
	return name === "http" ? "http/protobuf" : oneOf("grpc", "http/protobuf", "http/json")(name);
}
