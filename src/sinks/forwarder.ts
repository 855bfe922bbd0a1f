// Comes in: where the user wants Claude Code's telemetry. Goes out: what takes it there, in his protocol, with retries and
// with the trust that claude has. A protocol is loaded only when it is used.
import type { NativeDestination } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { claudeAuthorities } from "./claude-trust.ts";
import type { BatchExporter } from "./exporter.ts";
import type { ForwardRequest } from "./forward-request.ts";
import { isGrpcRetryable, isHttpRetryable } from "./is-retryable.ts";
import { RetryingExporter } from "./retrying-exporter.ts";
import { TrustingExporter } from "./trusting-exporter.ts";

/** Never rejects: a certificate that cannot be read is told like everything else that fails. */
export async function openForwarder(
	destination: NativeDestination,
	diagnostics: Diagnostics,
): Promise<RetryingExporter<ForwardRequest>> {
	const { timeoutMs, protocol } = destination;
	try {
		if (protocol === "grpc") {
			const { createGrpcForwarder } = await import("./forward-grpc.ts");
			const inner = trusting(destination, (more) => createGrpcForwarder(destination, diagnostics, more));
			return new RetryingExporter(inner, timeoutMs, isGrpcRetryable);
		}
		const { createHttpForwarder } = await import("./forward-http.ts");
		const inner = trusting(destination, (more) => createHttpForwarder(destination, more));
		return new RetryingExporter(inner, timeoutMs, isHttpRetryable);
	} catch (error) {
		return new RetryingExporter(failing(error), timeoutMs, () => false);
	}
}

/** Whom claude would trust must be trusted here. Over gRPC a certificate that the user names is the only one. */
function trusting(
	destination: NativeDestination,
	create: (authorities?: readonly string[]) => BatchExporter<ForwardRequest>,
): BatchExporter<ForwardRequest> {
	const { of, insecure, protocol, certificate } = destination;
	const fixed = of === "ours" || insecure || (protocol === "grpc" && certificate !== undefined);
	return fixed ? create() : new TrustingExporter(create(), () => create(claudeAuthorities(destination)));
}

function failing(reason: unknown): BatchExporter<ForwardRequest> {
	return {
		export() {
			throw reason;
		},
		async shutdown() {},
	};
}
