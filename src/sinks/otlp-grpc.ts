// Comes in: where each signal goes by gRPC. Goes out: the OpenTelemetry gRPC exporters, wrapped so that they
// retry, with credentials and headers from our configuration. Loaded only where gRPC is used.
import { Metadata } from "@grpc/grpc-js";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import type { OtelConfig, SignalConfig } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { BatchExporter, Batches, Route } from "./exporter.ts";
import { GrpcConnections } from "./grpc-connections.ts";
import { retryInfoMs } from "./grpc-retry-info.ts";
import { isGrpcRetryable } from "./is-retryable.ts";
import { tellProxy } from "./proxy.ts";
import { RetryingExporter } from "./retrying-exporter.ts";

const EXPORTERS: { [S in keyof Batches]: new (options: GrpcOptions) => BatchExporter<Batches[S]> } = {
	traces: OTLPTraceExporter,
	metrics: OTLPMetricExporter,
	logs: OTLPLogExporter,
};

type GrpcOptions = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

export class GrpcRoutes {
	private readonly connections: GrpcConnections;
	private readonly proxies: OtelConfig["proxies"];

	constructor(proxies: OtelConfig["proxies"], diagnostics: Diagnostics) {
		this.proxies = proxies;
		this.connections = new GrpcConnections(proxies, diagnostics);
	}

	create<S extends keyof Batches>(signal: S, target: SignalConfig, concurrencyLimit: number): Route<Batches[S]> {
		this.connections.chooseProxy(target);
		const metadata = new Metadata();
		for (const [key, value] of Object.entries(target.headers)) metadata.set(key, value);
		const inner = new EXPORTERS[signal]({
			url: addressWithPort(target.url),
			metadata,
			credentials: this.connections.credentialsFor(target),
			compression: target.compression as GrpcOptions["compression"],
			timeoutMillis: target.timeoutMs,
			concurrencyLimit,
		});
		const exporter = new RetryingExporter(withRetryInfo(inner), target.timeoutMs, isGrpcRetryable);
		return {
			exporter,
			destination: target.endpoint,
			variable: target.endpointVariable,
			proxy: tellProxy(target.url, "grpc", this.proxies),
			// gRPC has one word, UNAVAILABLE, for what is busy and for what is not there.
			close: () => exporter.close(),
		};
	}
}

/** What the exporter hands on is gRPC's own error; how long the collector wants to be left alone is hidden in it. */
function withRetryInfo<B>(inner: BatchExporter<B>): BatchExporter<B> {
	return {
		export(batch, done) {
			inner.export(batch, (result) => {
				const { error } = result;
				if (error && "metadata" in error && error.metadata instanceof Metadata) {
					Object.assign(error, { retryAfterMs: retryInfoMs(error.metadata) });
				}
				done(result);
			});
		},
		shutdown: () => inner.shutdown(),
	};
}

/**
 * The exporter takes the host of a URL, and a URL leaves its scheme's own port out: `http://collector:80`
 * would become `collector`, which is port 443 to gRPC. The scheme does not matter here, the credentials do.
 */
function addressWithPort(url: string): string {
	return url.startsWith("http://") && new URL(url).port === "" ? `https://${new URL(url).host}:80` : url;
}
