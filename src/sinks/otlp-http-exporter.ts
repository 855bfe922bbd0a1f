// Comes in: where a signal goes by http/protobuf or http/json, and the agent that holds its connections. Goes out: an
// exporter made of the same parts as OpenTelemetry's own, but without a look at the environment: theirs adds the headers
// of OTEL_EXPORTER_OTLP_HEADERS to whatever they send anywhere, and a back end would get the credentials of another.
import type { Agent } from "node:http";
import { diag } from "@opentelemetry/api";
import { ExportResultCode } from "@opentelemetry/core";
import { createOtlpHttpExportDelegate } from "@opentelemetry/otlp-exporter-base/node-http";
import {
	type IExporterMetricsHelper,
	type ISerializer,
	JsonLogsSerializer,
	JsonMetricsSerializer,
	JsonTraceSerializer,
	LogsExporterMetricsHelper,
	MetricsExporterMetricsHelper,
	ProtobufLogsSerializer,
	ProtobufMetricsSerializer,
	ProtobufTraceSerializer,
	TraceExporterMetricsHelper,
} from "@opentelemetry/otlp-transformer";
import type { OtlpTarget } from "../config.ts";
import type { BatchExporter, Batches } from "./exporter.ts";
import { isWebPage, WebPageAnswer } from "./is-web-page.ts";

type Delegate = typeof createOtlpHttpExportDelegate;
type Compression = Parameters<Delegate>[0]["compression"];

interface Parts<B> {
	json: ISerializer<B, unknown>;
	protobuf: ISerializer<B, unknown>;
	/** In an answer, how much of the batch was not wanted. */
	rejected: "rejectedSpans" | "rejectedDataPoints" | "rejectedLogRecords";
	/** OpenTelemetry's account of its own exporters, which goes nowhere here. */
	name: string;
	metrics: IExporterMetricsHelper<B>;
}

const PARTS: { [S in keyof Batches]: Parts<Batches[S]> } = {
	traces: {
		json: JsonTraceSerializer,
		protobuf: ProtobufTraceSerializer,
		rejected: "rejectedSpans",
		name: "otlp_http_span_exporter",
		metrics: TraceExporterMetricsHelper,
	},
	metrics: {
		json: JsonMetricsSerializer,
		protobuf: ProtobufMetricsSerializer,
		rejected: "rejectedDataPoints",
		name: "otlp_http_metric_exporter",
		metrics: MetricsExporterMetricsHelper,
	},
	logs: {
		json: JsonLogsSerializer,
		protobuf: ProtobufLogsSerializer,
		rejected: "rejectedLogRecords",
		name: "otlp_http_log_exporter",
		metrics: LogsExporterMetricsHelper,
	},
};

/** @param onRejected a batch was taken, but for so many of its spans, points or records */
export function createHttpExporter<S extends keyof Batches>(
	signal: S,
	target: OtlpTarget,
	concurrencyLimit: number,
	agent: Agent,
	onRejected: (count: number) => void,
): BatchExporter<Batches[S]> {
	const parts: Parts<Batches[S]> = PARTS[signal];
	const json = target.protocol === "http/json";
	const contentType = { "Content-Type": json ? "application/json" : "application/x-protobuf" };
	const options = {
		url: target.url,
		// A new object for each request: the transport adds to it.
		headers: async () => ({ ...target.headers, ...contentType }),
		compression: target.compression as Compression,
		timeoutMillis: target.timeoutMs,
		concurrencyLimit,
		agentFactory: () => agent,
	};
	/** The answer that was read last is a web page; the result of its export follows at once. */
	let webPage = false;
	const serializer = tellRejected(json ? parts.json : parts.protobuf, parts.rejected, onRejected, () => {
		webPage = true;
	});
	const delegate = createOtlpHttpExportDelegate(options, serializer, parts.name, parts.metrics, undefined);
	return {
		export(batch, done) {
			delegate.export(batch, (result) => {
				const taken = !webPage;
				webPage = false;
				done(taken ? result : { code: ExportResultCode.FAILED, error: new WebPageAnswer() });
			});
		},
		forceFlush: () => delegate.forceFlush(),
		shutdown: () => delegate.shutdown(),
	};
}

/** The exporter would only log it, and a log does not say whose answer it was. */
function tellRejected<B>(
	serializer: ISerializer<B, unknown>,
	field: Parts<B>["rejected"],
	onRejected: (count: number) => void,
	onWebPage: () => void,
): ISerializer<B, unknown> {
	return {
		serializeRequest: (batch) => serializer.serializeRequest(batch),
		deserializeResponse(bytes) {
			if (isWebPage(bytes)) {
				onWebPage();
				return {};
			}
			const response = serializer.deserializeResponse(bytes) as { partialSuccess?: Record<string, unknown> };
			// JSON carries 64-bit numbers as text.
			const count = Number(response.partialSuccess?.[field] ?? 0);
			if (!(count > 0)) return response;
			diag.warn(`taken but for ${count}: ${String(response.partialSuccess?.errorMessage ?? "")}`);
			onRejected(count);
			return {};
		},
	};
}
