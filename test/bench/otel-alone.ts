// Comes in: OTEL_EXPORTER_OTLP_ENDPOINT. Goes out: one span, one count, one record, when asked for.
import { OTLPLogExporter } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

export function startOtel(): () => Promise<void> {
	const tracers = new TracerProvider({
		spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
	});
	const meters = new MeterProvider({
		readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
	});
	const loggers = new LoggerProvider({
		processors: [new BatchLogRecordProcessor({ exporter: new OTLPLogExporter() })],
	});
	const span = tracers.getTracer("bench").startSpan("run");
	return async () => {
		span.end();
		meters.getMeter("bench").createCounter("runs").add(1);
		loggers.getLogger("bench").emit({ body: "run" });
		await Promise.all([tracers.shutdown(), meters.shutdown(), loggers.shutdown()]);
	};
}
