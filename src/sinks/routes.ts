// Comes in: the configuration. Goes out: for each signal the exporters that it asks for. A protocol is loaded
// only when a signal uses it. What cannot be set up (a certificate that cannot be read) becomes an exporter
// that fails with the reason, so that it is counted and told like everything else.
import { ExportResultCode } from "@opentelemetry/core";
import { emptyResource } from "@opentelemetry/resources";
import type { Config, SignalConfig } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { ConsoleRoutes } from "./console-exporter.ts";
import type { Batches, Route } from "./exporter.ts";
import { spoolableTo } from "./spool/spoolable.ts";

/** Batches on their way at once, above what a full queue makes when it is flushed. */
const SPARE_BATCHES = 16;

type Routes = { [S in keyof Batches]: Route<Batches[S]>[] };

export async function openRoutes(
	config: Pick<Config, "otel" | "file" | "backends">,
	diagnostics: Diagnostics,
): Promise<{ routes: Routes; console: ConsoleRoutes | undefined }> {
	const { otel, file } = config;
	const signals = [otel.traces, otel.metrics, otel.logs];
	const uses = (wanted: (signal: SignalConfig) => boolean) => !otel.disabled && signals.some(wanted);
	const sends = (signal: SignalConfig) => signal.exporters.includes("otlp");
	const grpc = uses((signal) => sends(signal) && signal.protocol === "grpc")
		? new (await import("./otlp-grpc.ts")).GrpcRoutes(otel.proxies, diagnostics)
		: undefined;
	const http = uses((signal) => sends(signal) && signal.protocol !== "grpc")
		? new (await import("./otlp-http.ts")).HttpRoutes(otel.proxies)
		: undefined;
	const backends =
		!otel.disabled && config.backends.length > 0
			? (await import("./backends/open-backends.ts")).openBackends(config, diagnostics)
			: undefined;
	const files = !otel.disabled && file ? new (await import("./file-exporter.ts")).FileRoutes(file) : undefined;
	const console = uses((signal) => signal.exporters.includes("console"))
		? new (await import("./console-exporter.ts")).ConsoleRoutes()
		: undefined;
	const inFlight = {
		traces: Math.ceil(otel.spanBatch.queueLimit / otel.spanBatch.batchLimit) + SPARE_BATCHES,
		metrics: SPARE_BATCHES,
		logs: Math.ceil(otel.logBatch.queueLimit / otel.logBatch.batchLimit) + SPARE_BATCHES,
	};
	/**
	 * An empty protobuf is no bytes at all: over HTTP some receivers refuse that, over gRPC some stumble over the lists that
	 * are not in it. Of metrics there is a resource in it, and over gRPC they open the connection for all that go their way.
	 */
	const isWarmed = (signal: keyof Batches, target: SignalConfig) => {
		if (target.protocol !== "grpc" || signal === "metrics") return target.protocol !== "http/protobuf";
		return !(sends(otel.metrics) && wayOf(otel.metrics) === wayOf(target));
	};
	const open = async <S extends keyof Batches>(signal: S): Promise<Route<Batches[S]>[]> => {
		const target = otel[signal];
		const opened: Route<Batches[S]>[] = [];
		if (otel.disabled) return opened;
		if (sends(target)) {
			try {
				const route =
					target.protocol === "grpc" ? grpc?.create(signal, target, inFlight[signal]) : http?.create(signal, target);
				const spoolable = { spoolable: spoolableTo(signal, target, otel.proxies, diagnostics) };
				if (route) opened.push({ ...(isWarmed(signal, target) ? warmable(signal, route) : route), ...spoolable });
			} catch (error) {
				diagnostics.say("error", `${signal} exporter: ${String(error)}`);
				opened.push(failing(target, error));
			}
		}
		if (backends && !target.none) opened.push(...backends[signal]());
		if (files) opened.push(files.create(signal));
		if (console && target.exporters.includes("console")) opened.push(console.create(signal));
		return opened;
	};
	return {
		routes: { traces: await open("traces"), metrics: await open("metrics"), logs: await open("logs") },
		console,
	};
}

/** What decides over gRPC whether two signals share a connection. */
function wayOf({ protocol, url, insecure, compression, ...tls }: SignalConfig): string {
	const identity = insecure ? [] : [tls.certificate, tls.clientKey, tls.clientCertificate];
	return JSON.stringify([protocol, url, insecure, compression, ...identity]);
}

/**
 * An empty request, which every OTLP receiver has to accept: it opens the connection and lets the code run once,
 * so that the first real export is fast. What becomes of it is nobody's loss.
 */
function warmable<S extends keyof Batches>(signal: S, route: Route<Batches[S]>): Route<Batches[S]> {
	return { ...route, warm: () => route.exporter.export(EMPTY[signal], () => {}) };
}

const EMPTY: Batches = {
	traces: [],
	metrics: { resource: emptyResource(), scopeMetrics: [] },
	logs: [],
};

function failing<B>(target: SignalConfig, reason: unknown): Route<B> {
	const error = reason instanceof Error ? reason : new Error(String(reason));
	return {
		exporter: {
			export: (_batch, done) => done({ code: ExportResultCode.FAILED, error }),
			shutdown: () => Promise.resolve(),
		},
		destination: target.endpoint,
		variable: target.endpointVariable,
	};
}
