// The wire format of OTLP 1.x, as far as its three export requests reach: for every message its fields, with their
// numbers and types. The names are those of OTLP/JSON.
import type { OtlpSignal } from "./otlp-server.ts";

/** `id` are bytes that OTLP/JSON writes in hexadecimal, other `bytes` in base64. */
export type Scalar =
	| "string"
	| "bytes"
	| "id"
	| "bool"
	| "double"
	| "enum"
	| "uint32"
	| "sint32"
	| "fixed32"
	| "int64"
	| "uint64"
	| "fixed64"
	| "sfixed64";

/** Number and type, a scalar's or the name of a message; `one of` the fields so marked only one is there. */
export type FieldRow = readonly [number: number, type: string, rule?: "list" | "one of"];

export const REQUESTS = {
	logs: "LogsRequest",
	metrics: "MetricsRequest",
	traces: "TraceRequest",
} satisfies Record<OtlpSignal, string>;

export const MESSAGES: Readonly<Record<string, Readonly<Record<string, FieldRow>>>> = {
	// common/v1, resource/v1
	AnyValue: {
		stringValue: [1, "string", "one of"],
		boolValue: [2, "bool", "one of"],
		intValue: [3, "int64", "one of"],
		doubleValue: [4, "double", "one of"],
		arrayValue: [5, "ArrayValue", "one of"],
		kvlistValue: [6, "KeyValueList", "one of"],
		bytesValue: [7, "bytes", "one of"],
	},
	ArrayValue: { values: [1, "AnyValue", "list"] },
	KeyValueList: { values: [1, "KeyValue", "list"] },
	KeyValue: { key: [1, "string"], value: [2, "AnyValue"] },
	InstrumentationScope: {
		name: [1, "string"],
		version: [2, "string"],
		attributes: [3, "KeyValue", "list"],
		droppedAttributesCount: [4, "uint32"],
	},
	Resource: {
		attributes: [1, "KeyValue", "list"],
		droppedAttributesCount: [2, "uint32"],
		entityRefs: [3, "EntityRef", "list"],
	},
	EntityRef: {
		schemaUrl: [1, "string"],
		type: [2, "string"],
		idKeys: [3, "string", "list"],
		descriptionKeys: [4, "string", "list"],
	},

	// logs/v1
	LogsRequest: { resourceLogs: [1, "ResourceLogs", "list"] },
	ResourceLogs: { resource: [1, "Resource"], scopeLogs: [2, "ScopeLogs", "list"], schemaUrl: [3, "string"] },
	ScopeLogs: { scope: [1, "InstrumentationScope"], logRecords: [2, "LogRecord", "list"], schemaUrl: [3, "string"] },
	LogRecord: {
		timeUnixNano: [1, "fixed64"],
		severityNumber: [2, "enum"],
		severityText: [3, "string"],
		body: [5, "AnyValue"],
		attributes: [6, "KeyValue", "list"],
		droppedAttributesCount: [7, "uint32"],
		flags: [8, "fixed32"],
		traceId: [9, "id"],
		spanId: [10, "id"],
		observedTimeUnixNano: [11, "fixed64"],
		eventName: [12, "string"],
	},

	// trace/v1
	TraceRequest: { resourceSpans: [1, "ResourceSpans", "list"] },
	ResourceSpans: { resource: [1, "Resource"], scopeSpans: [2, "ScopeSpans", "list"], schemaUrl: [3, "string"] },
	ScopeSpans: { scope: [1, "InstrumentationScope"], spans: [2, "Span", "list"], schemaUrl: [3, "string"] },
	Span: {
		traceId: [1, "id"],
		spanId: [2, "id"],
		traceState: [3, "string"],
		parentSpanId: [4, "id"],
		name: [5, "string"],
		kind: [6, "enum"],
		startTimeUnixNano: [7, "fixed64"],
		endTimeUnixNano: [8, "fixed64"],
		attributes: [9, "KeyValue", "list"],
		droppedAttributesCount: [10, "uint32"],
		events: [11, "Event", "list"],
		droppedEventsCount: [12, "uint32"],
		links: [13, "Link", "list"],
		droppedLinksCount: [14, "uint32"],
		status: [15, "Status"],
		flags: [16, "fixed32"],
	},
	Event: {
		timeUnixNano: [1, "fixed64"],
		name: [2, "string"],
		attributes: [3, "KeyValue", "list"],
		droppedAttributesCount: [4, "uint32"],
	},
	Link: {
		traceId: [1, "id"],
		spanId: [2, "id"],
		traceState: [3, "string"],
		attributes: [4, "KeyValue", "list"],
		droppedAttributesCount: [5, "uint32"],
		flags: [6, "fixed32"],
	},
	Status: { message: [2, "string"], code: [3, "enum"] },

	// metrics/v1
	MetricsRequest: { resourceMetrics: [1, "ResourceMetrics", "list"] },
	ResourceMetrics: { resource: [1, "Resource"], scopeMetrics: [2, "ScopeMetrics", "list"], schemaUrl: [3, "string"] },
	ScopeMetrics: { scope: [1, "InstrumentationScope"], metrics: [2, "Metric", "list"], schemaUrl: [3, "string"] },
	Metric: {
		name: [1, "string"],
		description: [2, "string"],
		unit: [3, "string"],
		gauge: [5, "Gauge", "one of"],
		sum: [7, "Sum", "one of"],
		histogram: [9, "Histogram", "one of"],
		exponentialHistogram: [10, "ExponentialHistogram", "one of"],
		summary: [11, "Summary", "one of"],
		metadata: [12, "KeyValue", "list"],
	},
	Gauge: { dataPoints: [1, "NumberDataPoint", "list"] },
	Sum: {
		dataPoints: [1, "NumberDataPoint", "list"],
		aggregationTemporality: [2, "enum"],
		isMonotonic: [3, "bool"],
	},
	Histogram: { dataPoints: [1, "HistogramDataPoint", "list"], aggregationTemporality: [2, "enum"] },
	ExponentialHistogram: {
		dataPoints: [1, "ExponentialHistogramDataPoint", "list"],
		aggregationTemporality: [2, "enum"],
	},
	Summary: { dataPoints: [1, "SummaryDataPoint", "list"] },
	NumberDataPoint: {
		startTimeUnixNano: [2, "fixed64"],
		timeUnixNano: [3, "fixed64"],
		asDouble: [4, "double", "one of"],
		exemplars: [5, "Exemplar", "list"],
		asInt: [6, "sfixed64", "one of"],
		attributes: [7, "KeyValue", "list"],
		flags: [8, "uint32"],
	},
	HistogramDataPoint: {
		startTimeUnixNano: [2, "fixed64"],
		timeUnixNano: [3, "fixed64"],
		count: [4, "fixed64"],
		sum: [5, "double"],
		bucketCounts: [6, "fixed64", "list"],
		explicitBounds: [7, "double", "list"],
		exemplars: [8, "Exemplar", "list"],
		attributes: [9, "KeyValue", "list"],
		flags: [10, "uint32"],
		min: [11, "double"],
		max: [12, "double"],
	},
	ExponentialHistogramDataPoint: {
		attributes: [1, "KeyValue", "list"],
		startTimeUnixNano: [2, "fixed64"],
		timeUnixNano: [3, "fixed64"],
		count: [4, "fixed64"],
		sum: [5, "double"],
		scale: [6, "sint32"],
		zeroCount: [7, "fixed64"],
		positive: [8, "Buckets"],
		negative: [9, "Buckets"],
		flags: [10, "uint32"],
		exemplars: [11, "Exemplar", "list"],
		min: [12, "double"],
		max: [13, "double"],
		zeroThreshold: [14, "double"],
	},
	Buckets: { offset: [1, "sint32"], bucketCounts: [2, "uint64", "list"] },
	SummaryDataPoint: {
		startTimeUnixNano: [2, "fixed64"],
		timeUnixNano: [3, "fixed64"],
		count: [4, "fixed64"],
		sum: [5, "double"],
		quantileValues: [6, "ValueAtQuantile", "list"],
		attributes: [7, "KeyValue", "list"],
		flags: [8, "uint32"],
	},
	ValueAtQuantile: { quantile: [1, "double"], value: [2, "double"] },
	Exemplar: {
		timeUnixNano: [2, "fixed64"],
		asDouble: [3, "double", "one of"],
		spanId: [4, "id"],
		traceId: [5, "id"],
		asInt: [6, "sfixed64", "one of"],
		filteredAttributes: [7, "KeyValue", "list"],
	},
};
