// The exporters of OpenTelemetry, which Claude Code uses, against our doors: what they were given arrives, the same by all
// three protocols.
import { Metadata } from "@grpc/grpc-js";
import type { ExportResult } from "@opentelemetry/core";
import { ExportResultCode } from "@opentelemetry/core";
import { OTLPLogExporter as GrpcLogs } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as JsonLogs } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as ProtobufLogs } from "@opentelemetry/exporter-logs-otlp-proto";
import { OTLPMetricExporter as GrpcMetrics } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as JsonMetrics } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraces } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonTraces } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { JsonLogsSerializer, JsonMetricsSerializer, JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import { afterEach, describe, expect, test } from "vitest";
import { openHookServer } from "../../src/intake/hook-server.ts";
import { openOtlpGrpc } from "../../src/intake/otlp-grpc.ts";
import { decodeOtlp } from "../../src/intake/otlp-protobuf.ts";
import type { OtlpProtocol, OtlpRequest, OtlpSignal } from "../../src/intake/otlp-server.ts";
import { TOKEN_HEADER } from "../../src/intake/run-token.ts";
import { recordedLogs, recordedMetrics, recordedSpans } from "../support/otel-sdk.ts";
import { canonical } from "../support/otlp-canonical.ts";

const TOKEN = "right-token";
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
	for (const close of closers.splice(0).toReversed()) await close();
});

interface Exporter<Batch> {
	export(batch: Batch, done: (result: ExportResult) => void): void;
	shutdown(): Promise<void>;
}
type Make<Batch> = new (options: object) => Exporter<Batch>;

async function open() {
	const requests: OtlpRequest[] = [];
	const take = (request: OtlpRequest) => void requests.push(request);
	const http = await openHookServer({ token: TOKEN, http: true, onHook: () => {}, onOtlp: take, tell: () => {} });
	const grpc = await openOtlpGrpc({ token: TOKEN, onRequest: take });
	closers.push(
		() => http.close(),
		() => grpc.close(),
	);
	return { requests, http, grpc };
}

async function exportWith<Batch>(make: Make<Batch>, options: object, batch: Batch): Promise<ExportResult> {
	const exporter = new make(options);
	const result = await new Promise<ExportResult>((resolve) => exporter.export(batch, resolve));
	await exporter.shutdown();
	return result;
}

async function expectArrival<Batch>(
	signal: OtlpSignal,
	makers: Record<OtlpProtocol, Make<Batch>>,
	batch: Batch,
	expected: Uint8Array | undefined,
	compression: "none" | "gzip",
): Promise<void> {
	const { requests, http, grpc } = await open();
	const metadata = new Metadata();
	metadata.set(TOKEN_HEADER, TOKEN);
	const overHttp = { url: `${http.otlpUrl}/v1/${signal}`, headers: { [TOKEN_HEADER]: TOKEN }, compression };
	const results = [
		await exportWith(makers["http/json"], overHttp, batch),
		await exportWith(makers["http/protobuf"], overHttp, batch),
		await exportWith(makers.grpc, { url: grpc.url, metadata, compression }, batch),
	];
	expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
	expect(requests.map((request) => [request.signal, request.protocol])).toEqual([
		[signal, "http/json"],
		[signal, "http/protobuf"],
		[signal, "grpc"],
	]);
	const told = canonical(JSON.parse(Buffer.from(expected ?? []).toString()));
	for (const { json } of requests) expect(canonical(json)).toEqual(told);
	expect(decodeOtlp(signal, requests[2]?.body ?? Buffer.of(0))).toEqual(requests[2]?.json);
	expect(requests.map(({ headers }) => headers["content-encoding"] ?? "none")).toEqual([
		compression,
		compression,
		"none",
	]);
}

describe.each(["none", "gzip"] as const)("with compression %s", (compression) => {
	test("log records arrive by all three protocols", async () => {
		const batch = recordedLogs();
		const makers = { "http/json": JsonLogs, "http/protobuf": ProtobufLogs, grpc: GrpcLogs };
		await expectArrival("logs", makers, batch, JsonLogsSerializer.serializeRequest(batch), compression);
		expect(batch.length).toBe(3);
	});

	test("metrics arrive by all three protocols", async () => {
		const batch = await recordedMetrics();
		const makers = { "http/json": JsonMetrics, "http/protobuf": ProtobufMetrics, grpc: GrpcMetrics };
		await expectArrival("metrics", makers, batch, JsonMetricsSerializer.serializeRequest(batch), compression);
		expect(batch.scopeMetrics[0]?.metrics.length).toBe(6);
	});

	test("spans arrive by all three protocols", async () => {
		const batch = await recordedSpans();
		const makers = { "http/json": JsonTraces, "http/protobuf": ProtobufTraces, grpc: GrpcTraces };
		await expectArrival("traces", makers, batch, JsonTraceSerializer.serializeRequest(batch), compression);
		expect(batch.length).toBe(2);
	});
});

test("without the run's token an exporter is told so, and nothing arrives", async () => {
	const { requests, http, grpc } = await open();
	const batch = recordedLogs();
	const overHttp = await exportWith(JsonLogs, { url: `${http.otlpUrl}/v1/logs` }, batch);
	const overGrpc = await exportWith(GrpcLogs, { url: grpc.url }, batch);
	expect([overHttp.code, overGrpc.code]).toEqual([ExportResultCode.FAILED, ExportResultCode.FAILED]);
	expect(overHttp.error).toMatchObject({ code: 401 });
	expect(overGrpc.error).toMatchObject({ code: 16 });
	expect(requests).toEqual([]);
});
