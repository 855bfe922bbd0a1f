// A batch → the bytes of an OTLP request, as OpenTelemetry's own exporters write it.
import {
	JsonLogsSerializer,
	JsonMetricsSerializer,
	JsonTraceSerializer,
	ProtobufLogsSerializer,
	ProtobufMetricsSerializer,
	ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import type { SignalConfig } from "../../config.ts";
import type { Batches } from "../exporter.ts";

type Serializers = { [S in keyof Batches]: { serializeRequest(batch: Batches[S]): Uint8Array | undefined } };

const JSON_TEXT: Serializers = {
	traces: JsonTraceSerializer,
	metrics: JsonMetricsSerializer,
	logs: JsonLogsSerializer,
};
const PROTOBUF: Serializers = {
	traces: ProtobufTraceSerializer,
	metrics: ProtobufMetricsSerializer,
	logs: ProtobufLogsSerializer,
};

export function serializerFor<S extends keyof Batches>(
	signal: S,
	protocol: SignalConfig["protocol"],
): (batch: Batches[S]) => Uint8Array | undefined {
	const { [signal]: serializer } = protocol === "http/json" ? JSON_TEXT : PROTOBUF;
	return (batch) => serializer.serializeRequest(batch);
}
