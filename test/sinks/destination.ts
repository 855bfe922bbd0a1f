// Where a user has Claude Code's telemetry go, in any of the three protocols. In: what becomes of each export. Out: its
// address, and what came, in order; and claude's exports as they come to us.
import { Metadata } from "@grpc/grpc-js";
import { loadConfig, type NativeDestination } from "../../src/config.ts";
import type { Diagnostics } from "../../src/diagnostics.ts";
import type { JsonObject } from "../../src/intake/json.ts";
import {
	createNativeForward,
	type ForwardRequest,
	type NativeForward,
	type NativeForwardOptions,
} from "../../src/sinks/native-forward.ts";
import { toWire } from "../support/otlp-proto.ts";
import type { Protocol } from "../support/stage.ts";
import { readBody, startGrpc, startHttp } from "./collectors.ts";
import { metadataOf, retryInfo } from "./retry-info.ts";

export type NativeSignal = "metrics" | "logs";

export interface Came {
	signal: NativeSignal;
	headers: Record<string, string>;
	/** Over http as on the wire, over gRPC the message. */
	body: Buffer;
	at: number;
}

export type Fate = "taken" | "hangs" | { refused: keyof typeof REFUSALS; retryAfterS?: number };

/** The same refusal by http and by gRPC. */
const REFUSALS = {
	"bad request": [400, 3],
	unauthorized: [401, 16],
	throttled: [429, 8],
	"internal error": [500, 13],
	unavailable: [503, 14],
} as const;

export interface Destination {
	url: string;
	came: Came[];
	/** The most exports of one signal that were there at one time. */
	mostAtOnce(): number;
	close(): Promise<void>;
}

/** `decide` is asked when the export is there whole; a promise makes the sender wait. */
export async function startDestination(
	protocol: Protocol,
	decide: (came: Came, number: number) => Fate | Promise<Fate> = () => "taken",
): Promise<Destination> {
	const came: Came[] = [];
	const there = { metrics: 0, logs: 0 };
	let most = 0;
	async function take(one: Came): Promise<Fate> {
		came.push(one);
		most = Math.max(most, ++there[one.signal]);
		const fate = await decide(one, came.length);
		there[one.signal]--;
		return fate;
	}
	const place =
		protocol === "grpc"
			? await startGrpc(async (call, answer, signal) => {
					const headers = Object.fromEntries(
						Object.entries(call.metadata.getMap()).map(([name, value]) => [name, String(value)]),
					);
					const one = { signal: signal as NativeSignal, headers, body: call.request, at: performance.now() };
					const fate = await take(one);
					if (fate === "taken") answer(null, Buffer.alloc(0));
					else if (fate !== "hangs") answer(grpcRefusal(fate));
				})
			: await startHttp(async (incoming, response) => {
					// One that is given up has its end before its body.
					const body = await readBody(incoming).catch(() => undefined);
					if (body === undefined) return;
					const signal = incoming.url?.endsWith("/v1/logs") ? "logs" : "metrics";
					const headers = incoming.headers as Record<string, string>;
					const fate = await take({ signal, headers, body, at: performance.now() });
					if (fate === "taken") response.end();
					else if (fate !== "hangs") {
						if (fate.retryAfterS !== undefined) response.setHeader("retry-after", fate.retryAfterS);
						response.writeHead(REFUSALS[fate.refused][0]).end("your key sk-secret is wrong");
					}
				});
	return { url: place.url, came, mostAtOnce: () => most, close: place.close };
}

function grpcRefusal({ refused, retryAfterS }: Exclude<Fate, string>) {
	const metadata = retryAfterS === undefined ? new Metadata() : metadataOf(retryInfo(retryAfterS));
	return { code: REFUSALS[refused][1], details: "your key sk-secret is wrong", metadata };
}

/** As the user's variables describe it. */
export function destinationOf(
	protocol: Protocol,
	url: string,
	env: Record<string, string> = {},
): { metrics: NativeDestination; logs: NativeDestination } {
	const { otel } = loadConfig(
		{ HOME: "/nonexistent", OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_PROTOCOL: protocol, ...env },
		"linux",
	).config;
	const more = { of: "user", headersOf: "claude", proxies: otel.proxies, tls: {} } as const;
	return { metrics: { ...otel.metrics, ...more }, logs: { ...otel.logs, ...more } };
}

export interface Opened extends NativeForward {
	/** What the diagnostics were told. */
	said: string[];
}

export function openForward(
	options: Partial<NativeForwardOptions> & Pick<NativeForwardOptions, "destinations">,
): Opened {
	const said: string[] = [];
	const diagnostics: Diagnostics = { say: (_, message) => said.push(message), release() {}, close() {} };
	return { ...createNativeForward({ diagnostics, redactAll: false, ...options }), said };
}

/** As the door hands it on, of which claude has sent it. */
export function exportOf(
	signal: NativeSignal,
	protocol: Protocol,
	text: string,
	headers: Record<string, string> = {},
): ForwardRequest {
	const json = signal === "logs" ? logsOf(text) : metricsOf(text);
	const type = protocol === "http/json" ? "application/json" : "application/x-protobuf";
	return {
		signal,
		protocol,
		headers: { ...(protocol === "grpc" ? {} : { "content-type": type }), ...headers },
		body: protocol === "http/json" ? Buffer.from(JSON.stringify(json)) : toWire(signal, json),
		json,
	};
}

function logsOf(text: string): JsonObject {
	return { resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: "7", body: { stringValue: text } }] }] }] };
}

function metricsOf(name: string): JsonObject {
	const sum = { isMonotonic: true, aggregationTemporality: 1, dataPoints: [{ timeUnixNano: "7", asInt: "3" }] };
	return { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name, sum }] }] }] };
}
