// Spooled bytes → one unary gRPC call with the metadata of today, and what the collector said of it. Loaded only where
// gRPC is used.
import { Client, Metadata } from "@grpc/grpc-js";
import type { OtelConfig, OtlpTarget } from "../../config.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import type { Batches } from "../exporter.ts";
import { describeFailure } from "../failure.ts";
import { addressOf, GZIP, SERVICES } from "../forward-grpc.ts";
import { GrpcConnections } from "../grpc-connections.ts";
import { retryInfoMs } from "../grpc-retry-info.ts";
import type { Exit, Outcome } from "./exit.ts";
import { isPermanent } from "./is-permanent.ts";
import { rejectedIn } from "./rejected-in.ts";

const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asIs = (bytes: Buffer) => bytes;

/** Throws where a certificate cannot be read. */
export function createGrpcExit(
	signal: keyof Batches,
	target: OtlpTarget,
	proxies: OtelConfig["proxies"],
	diagnostics: Diagnostics,
): Exit {
	const connections = new GrpcConnections(proxies, diagnostics);
	connections.chooseProxy(target);
	const compression = target.compression === "gzip" ? { "grpc.default_compression_algorithm": GZIP } : {};
	const client = new Client(addressOf(target), connections.credentialsFor(target), compression);
	const metadata = new Metadata();
	for (const [key, value] of Object.entries(target.headers)) metadata.set(key, value);
	const path = `/opentelemetry.proto.collector.${SERVICES[signal]}/Export`;

	return {
		send: (body) =>
			new Promise<Outcome>((resolve) => {
				const deadline = Date.now() + target.timeoutMs;
				client.makeUnaryRequest(path, toBuffer, asIs, body, metadata, { deadline }, (error, answer) => {
					if (error === null)
						return resolve({ kind: "taken", rejected: rejectedIn(answer ?? Buffer.alloc(0), false).count });
					const failure = describeFailure(error);
					if (isPermanent(error)) return resolve({ kind: "refused", failure });
					resolve({ kind: "later", failure, retryAfterMs: retryInfoMs(error.metadata) });
				});
			}),
		close: () => client.close(),
	};
}
