import { randomBytes } from "node:crypto";
import { ROOT_CONTEXT, SpanKind, trace } from "@opentelemetry/api";
import { SamplingDecision } from "@opentelemetry/sdk-trace";
import { afterEach, describe, expect, test } from "vitest";
import { isSampled } from "../../src/config/sampled.ts";
import { createSampler } from "../../src/sinks/sampler.ts";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { openSinks, TRACE_ID } from "./open.ts";

const NAMES = [
	"always_on",
	"always_off",
	"traceidratio",
	"parentbased_always_on",
	"parentbased_always_off",
	"parentbased_traceidratio",
] as const;

describe.each(NAMES)("%s", (name) => {
	test.each([undefined, true, false])("decides as the SDK's, with an inbound parent that is sampled: %s", (inbound) => {
		for (let number = 0; number < 500; number++) {
			const traceId = randomBytes(16).toString("hex");
			const sampler = { name, ratio: [0, 0.25, 0.5, 1][number % 4] ?? 0 };
			const parent = { traceId, spanId: "1".repeat(16), traceFlags: inbound ? 1 : 0, isRemote: true };
			const context = inbound === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent);
			const { decision } = createSampler(sampler).shouldSample(context, traceId, "", SpanKind.INTERNAL, {}, []);
			const sampled = decision === SamplingDecision.RECORD_AND_SAMPLED;
			expect({ traceId, sampled: isSampled(sampler, traceId, inbound) }).toEqual({ traceId, sampled });
		}
	});
});

let receiver: Receiver | undefined;
afterEach(() => receiver?.close());

test.each([
	["always_off", "1", 0],
	["traceidratio", "0", 0],
	["traceidratio", "1", 1],
	["parentbased_always_on", "1", 1],
])(
	"OTEL_TRACES_SAMPLER=%s with argument %s exports %i of one span, and log records and metrics always",
	async (name, arg, count) => {
		receiver = await startReceiver();
		const sinks = await openSinks({
			OTEL_EXPORTER_OTLP_ENDPOINT: receiver.grpc,
			OTEL_TRACES_SAMPLER: name,
			OTEL_TRACES_SAMPLER_ARG: arg,
		});
		sinks.tracer.startSpan("span").end();
		sinks.meter.createCounter("things_total").add(1);
		const context = trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE_ID, spanId: "1".repeat(16), traceFlags: 0 });
		sinks.logger.emit({ body: "record", context });
		const delivery = await sinks.shutdown(10_000);
		expect(delivery.line).toBeUndefined();
		expect([receiver.spans.length, receiver.metrics.length, receiver.logs.length]).toEqual([count, 1, 1]);
	},
);
