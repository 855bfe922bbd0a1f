// Comes in: where each signal goes by gRPC. Goes out: the OpenTelemetry gRPC exporters, wrapped so that they
// retry, with credentials and headers from our configuration. Loaded only where gRPC is used.
import { type ChannelCredentials, credentials, Metadata, setLogger } from "@grpc/grpc-js";
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import type { OtelConfig, SignalConfig } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { BatchExporter, Batches, Route } from "./exporter.ts";
import { readIdentity } from "./identity.ts";
import { proxyFor } from "./proxy.ts";
import { RetryingExporter } from "./retrying-exporter.ts";

const EXPORTERS: { [S in keyof Batches]: new (options: GrpcOptions) => BatchExporter<Batches[S]> } = {
	traces: OTLPTraceExporter,
	metrics: OTLPMetricExporter,
	logs: OTLPLogExporter,
};

type GrpcOptions = NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>;

export class GrpcRoutes {
	/** The same files give the same credentials object, and that lets the signals share one connection. */
	private readonly shared = new Map<string, ChannelCredentials>();
	private readonly proxies: OtelConfig["proxies"];

	constructor(proxies: OtelConfig["proxies"], diagnostics: Diagnostics) {
		this.proxies = proxies;
		// gRPC would write to the terminal, which is claude's.
		const say = (message: unknown) => diagnostics.say("warn", `grpc: ${String(message)}`);
		setLogger({ error: say, info: say, debug: say });
	}

	create<S extends keyof Batches>(signal: S, target: SignalConfig, concurrencyLimit: number): Route<Batches[S]> {
		this.chooseProxy(target);
		const metadata = new Metadata();
		for (const [key, value] of Object.entries(target.headers)) metadata.set(key, value);
		const inner = new EXPORTERS[signal]({
			url: addressWithPort(target.url),
			metadata,
			credentials: this.credentialsFor(target),
			compression: target.compression as GrpcOptions["compression"],
			timeoutMillis: target.timeoutMs,
			concurrencyLimit,
		});
		const exporter = new RetryingExporter(inner, target.timeoutMs);
		return {
			exporter,
			destination: target.endpoint,
			variable: target.endpointVariable,
			close: () => exporter.close(),
		};
	}

	private credentialsFor(target: SignalConfig): ChannelCredentials {
		const key = target.insecure
			? "insecure"
			: JSON.stringify([target.certificate, target.clientKey, target.clientCertificate]);
		let found = this.shared.get(key);
		if (!found) {
			const identity = target.insecure ? undefined : readIdentity(target);
			found = identity
				? credentials.createSsl(identity.authority ?? null, identity.key ?? null, identity.certificate ?? null)
				: credentials.createInsecure();
			this.shared.set(key, found);
		}
		return found;
	}

	/**
	 * gRPC reads its proxy from the environment alone, and only in small letters. What our one rule decided is
	 * written there; claude has its own copy of the environment by now.
	 */
	private chooseProxy(target: SignalConfig): void {
		const { http, https, grpc } = this.proxies;
		if (target.url.startsWith("unix:") || (http ?? https ?? grpc) === undefined) return;
		const proxy = proxyFor(target.url, "grpc", this.proxies);
		if (proxy !== undefined) {
			process.env["grpc_proxy"] = proxy;
			process.env["no_grpc_proxy"] ??= " ";
			return;
		}
		const host = new URL(target.url).hostname.replace(/^\[|\]$/g, "");
		const listed = new Set((process.env["no_grpc_proxy"] ?? "").split(","));
		process.env["no_grpc_proxy"] = [...listed.add(host)].filter((entry) => entry.trim() !== "").join(",");
	}
}

/**
 * The exporter takes the host of a URL, and a URL leaves its scheme's own port out: `http://collector:80`
 * would become `collector`, which is port 443 to gRPC. The scheme does not matter here, the credentials do.
 */
function addressWithPort(url: string): string {
	return url.startsWith("http://") && new URL(url).port === "" ? `https://${new URL(url).host}:80` : url;
}
