// What a program can hand over as the place where telemetry goes. Types alone, and none of OpenTelemetry's SDK: whoever
// reads our declarations need not have it.
import type { Logger, Meter, Tracer } from "@opentelemetry/api";

/** As much of the SDK's providers as is used: those of OpenTelemetry's SDK for JavaScript fit. */
export interface Providers {
	tracerProvider: { getTracer(name: string, version?: string): Tracer; forceFlush?(): Promise<void> };
	meterProvider: { getMeter(name: string, version?: string): Meter; forceFlush?(): Promise<void> };
	loggerProvider: { getLogger(name: string, version?: string): Logger; forceFlush?(): Promise<void> };
}

/** Made by `createMemorySink`; what it opens is our business. */
export interface TelemetrySink {
	readonly open: (options: never) => Promise<unknown>;
}
