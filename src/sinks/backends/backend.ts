// What every back end's preset tells, in the same shape. Comes in: its settings. Goes out: where a batch goes and with
// what headers, which signals it takes, and what is different for it.
import type { Attributes } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BackendName, BackendSettings, OtelConfig } from "../../config.ts";
import type { Batches } from "../exporter.ts";

export interface Backend<N extends BackendName> {
	connect(settings: BackendSettings<N>): Connection;
	/** The setting that would change the address, and the one that lets us in: for sentences. */
	address: keyof BackendSettings<N>;
	key: keyof BackendSettings<N>;
	/** Where it takes metrics in one way alone, whatever OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE says. */
	temporality?: OtelConfig["temporality"];
	/** What its own views read, beside the attributes of the span. */
	attributesOf?(span: ReadableSpan): Attributes;
	/** What tells it of a span that has begun and will last. */
	pendingOf?(span: ReadableSpan): ReadableSpan;
}

export interface Connection {
	/** The whole address but for `/v1/traces`, `/v1/metrics` and `/v1/logs`. */
	base: string;
	headers: Record<string, string>;
	/** Those that it takes, with headers of their own. */
	signals: { [S in keyof Batches]?: Record<string, string> };
}

/** What a span is a span of, by OpenTelemetry's conventions. */
export function operationOf({ attributes }: ReadableSpan): "chat" | "invoke_agent" | "execute_tool" | undefined {
	const operation = attributes["gen_ai.operation.name"];
	return operation === "chat" || operation === "invoke_agent" || operation === "execute_tool" ? operation : undefined;
}

export function numberOf(span: ReadableSpan, name: string): number | undefined {
	const value = span.attributes[name];
	return typeof value === "number" ? value : undefined;
}

export function textOf(span: ReadableSpan, name: string): string | undefined {
	const value = span.attributes[name];
	return typeof value === "string" ? value : undefined;
}

/** Neither right nor failed: refused, interrupted or lost. */
export function isUndone(span: ReadableSpan): boolean {
	const status = textOf(span, "tool.status") ?? textOf(span, "turn.status") ?? textOf(span, "agent.status") ?? "ok";
	return status !== "ok" && status !== "error";
}
