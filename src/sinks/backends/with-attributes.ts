// Comes in: a span, and attributes for one destination. Goes out: a copy that has them; the span itself also goes to
// others, and stays as it is.
import type { Attributes } from "@opentelemetry/api";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";

export function withAttributes(span: ReadableSpan, more: Attributes): ReadableSpan {
	// Field by field: some of the SDK's are getters, which a spread leaves out.
	return {
		name: span.name,
		kind: span.kind,
		spanContext: () => span.spanContext(),
		parentSpanContext: span.parentSpanContext,
		startTime: span.startTime,
		endTime: span.endTime,
		status: span.status,
		attributes: { ...span.attributes, ...more },
		links: span.links,
		events: span.events,
		duration: span.duration,
		ended: span.ended,
		resource: span.resource,
		instrumentationScope: span.instrumentationScope,
		droppedAttributesCount: span.droppedAttributesCount,
		droppedEventsCount: span.droppedEventsCount,
		droppedLinksCount: span.droppedLinksCount,
	};
}
