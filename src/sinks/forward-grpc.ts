// Comes in: requests and where they go by gRPC. Goes out: each as one unary call with the same message and the same
// headers as metadata. Loaded only where gRPC is used.
import {
	type ChannelCredentials,
	type ChannelOptions,
	Client,
	type ClientUnaryCall,
	credentials,
	Metadata,
	type ServiceError,
} from "@grpc/grpc-js";
import { ExportResultCode } from "@opentelemetry/core";
import type { NativeDestination, OtlpTarget } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { BatchExporter } from "./exporter.ts";
import { type ForwardRequest, grpcHeaders, messageOf } from "./forward-request.ts";
import { GrpcConnections } from "./grpc-connections.ts";
import { retryInfoMs } from "./grpc-retry-info.ts";
import { readIdentity } from "./identity.ts";
import { proxyFor } from "./proxy.ts";

export const SERVICES: Record<ForwardRequest["signal"], string> = {
	metrics: "metrics.v1.MetricsService",
	logs: "logs.v1.LogsService",
	traces: "trace.v1.TraceService",
};
/** gRPC's number for it. */
export const GZIP = 2;
const same = (bytes: Buffer) => bytes;

/** Throws where a certificate cannot be read. `authorities`: in place of the usual ones. */
export function createGrpcForwarder(
	target: NativeDestination,
	diagnostics: Diagnostics,
	authorities?: readonly string[],
): BatchExporter<ForwardRequest> {
	const connections = new GrpcConnections(target.proxies, diagnostics);
	const compression = target.compression === "gzip" ? { "grpc.default_compression_algorithm": GZIP } : {};
	const { address, options } = wayTo(target);
	const trust = authorities ? trusting(target, authorities) : connections.credentialsFor(target);
	const client = new Client(address, trust, { ...compression, ...options });
	const underway = new Set<ClientUnaryCall>();
	return {
		export(request, done) {
			const metadata = new Metadata();
			for (const [name, value] of grpcHeaders(request)) {
				metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
			}
			const path = `/opentelemetry.proto.collector.${SERVICES[request.signal]}/Export`;
			const deadline = Date.now() + target.timeoutMs;
			const message = messageOf(request);
			const call = client.makeUnaryRequest(path, same, same, message, metadata, { deadline }, (error) => {
				underway.delete(call);
				if (error === null) done({ code: ExportResultCode.SUCCESS });
				else done({ code: ExportResultCode.FAILED, error: withRetryAfter(error) });
			});
			underway.add(call);
		},
		async shutdown() {
			for (const call of underway) call.cancel();
			client.close();
		},
	};
}

function trusting(target: NativeDestination, authorities: readonly string[]): ChannelCredentials {
	const { key, certificate } = readIdentity(target);
	return credentials.createSsl(Buffer.from(authorities.join("\n")), key ?? null, certificate ?? null);
}

function withRetryAfter(error: ServiceError): Error {
	return Object.assign(error, { retryAfterMs: retryInfoMs(error.metadata) });
}

/** The proxy of this destination alone: gRPC would take it from the environment, which is for ours. */
function wayTo(target: NativeDestination): { address: string; options: ChannelOptions } {
	const address = addressOf(target);
	const direct = { "grpc.enable_http_proxy": 0 };
	const proxy = proxyFor(target.url, "grpc", target.proxies);
	if (proxy === undefined) return { address, options: direct };
	const { hostname, port, username, password } = new URL(proxy);
	const user = decodeURIComponent(password === "" ? username : `${username}:${password}`);
	return {
		address: `${hostname}:${port || "80"}`,
		options: {
			...direct,
			"grpc.http_connect_target": `dns:${address}`,
			"grpc.default_authority": address,
			...(user === "" ? {} : { "grpc.http_connect_creds": user }),
		},
	};
}

export function addressOf({ url, insecure }: Pick<OtlpTarget, "url" | "insecure">): string {
	if (url.startsWith("unix:")) return url;
	const { hostname, port } = new URL(url);
	return `${hostname}:${port || (insecure ? "80" : "443")}`;
}
