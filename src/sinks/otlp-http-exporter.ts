// Comes in: where a signal goes by http/protobuf or http/json, and the agent that holds its connections. Goes out: an
// exporter that tries once. OpenTelemetry's own looks at the environment, and so adds the headers of
// OTEL_EXPORTER_OTLP_HEADERS to whatever it sends anywhere (a back end would get the credentials of another); and it keeps
// to itself how long the collector wants to be left alone.
import type { Agent } from "node:http";
import { diag } from "@opentelemetry/api";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { OtlpTarget } from "../config.ts";
import type { BatchExporter, Batches } from "./exporter.ts";
import { createHttpPost } from "./http-post.ts";
import { type Rejected, rejectedIn } from "./spool/rejected-in.ts";
import { serializerFor } from "./spool/serializers.ts";

/** @param onRejected a batch was taken, but for so many of its spans, points or records */
export function createHttpExporter<S extends keyof Batches>(
	signal: S,
	target: OtlpTarget,
	agent: Agent,
	onRejected: (count: number) => void,
): BatchExporter<Batches[S]> {
	const serialize = serializerFor(signal, target.protocol);
	const post = createHttpPost(target, agent);

	async function attempt(batch: Batches[S]): Promise<ExportResult> {
		try {
			const body = serialize(batch);
			if (body === undefined) throw new Error("nothing to send");
			tell(rejectedIn(await post(body), target.protocol === "http/json"));
			return { code: ExportResultCode.SUCCESS };
		} catch (error) {
			return { code: ExportResultCode.FAILED, error: error instanceof Error ? error : new Error(String(error)) };
		}
	}

	function tell({ count, why }: Rejected): void {
		if (count === 0) return;
		diag.warn(`taken but for ${count}: ${why}`);
		onRejected(count);
	}

	return {
		export: async (batch, done) => done(await attempt(batch)),
		shutdown: () => Promise.resolve(),
	};
}
