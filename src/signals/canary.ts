// A tracer, a meter and a logger → one span, one point and one record that say nothing but that they were sent.
import type { Logger, Meter, Tracer } from "@opentelemetry/api";
import { SeverityNumber } from "@opentelemetry/api";
import { CANARY } from "./names.ts";

export function sendCanary({ tracer, meter, logger }: { tracer: Tracer; meter: Meter; logger: Logger }): void {
	tracer.startSpan(CANARY.span).end();
	meter.createCounter(CANARY.metric).add(1);
	logger.emit({
		eventName: CANARY.record,
		severityNumber: SeverityNumber.INFO,
		severityText: "INFO",
		body: "claude-otel check looks whether this arrives.",
		attributes: { "event.name": CANARY.record },
	});
}
