// Comes in: requests and where they go by gRPC. Goes out: each as one unary call with the same message and the same
// headers as metadata. Loaded only where gRPC is used.
import { Client, type ClientUnaryCall, Metadata, type ServiceError } from "@grpc/grpc-js";
import { ExportResultCode } from "@opentelemetry/core";
import type { OtelConfig, OtlpTarget } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import type { BatchExporter } from "./exporter.ts";
import { type ForwardRequest, grpcHeaders, messageOf } from "./forward-request.ts";
import { GrpcConnections } from "./grpc-connections.ts";
import { retryInfoMs } from "./grpc-retry-info.ts";

const SERVICES: Record<ForwardRequest["signal"], string> = {
	metrics: "metrics.v1.MetricsService",
	logs: "logs.v1.LogsService",
	traces: "trace.v1.TraceService",
};
/** gRPC's number for it. */
const GZIP = 2;
const same = (bytes: Buffer) => bytes;

/** Throws where a certificate cannot be read. */
export function createGrpcForwarder(
	target: OtlpTarget,
	proxies: OtelConfig["proxies"],
	diagnostics: Diagnostics,
): BatchExporter<ForwardRequest> {
	const connections = new GrpcConnections(proxies, diagnostics);
	connections.chooseProxy(target);
	const compression = target.compression === "gzip" ? { "grpc.default_compression_algorithm": GZIP } : {};
	const client = new Client(addressOf(target), connections.credentialsFor(target), compression);
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

function withRetryAfter(error: ServiceError): Error {
	return Object.assign(error, { retryAfterMs: retryInfoMs(error.metadata) });
}

function addressOf({ url, insecure }: OtlpTarget): string {
	if (url.startsWith("unix:")) return url;
	const { hostname, port } = new URL(url);
	return `${hostname}:${port || (insecure ? "80" : "443")}`;
}
