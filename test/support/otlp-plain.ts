// OTLP requests as plain objects that are the same whatever protocol they came by.
// grpc gives Buffers, Longs and numbers, protobuf the same in classes, JSON gives hex and decimal strings.

export type AttributeValue = string | number | boolean | null | AttributeValue[] | { [key: string]: AttributeValue };
export type Attributes = Record<string, AttributeValue>;
export type Scope = { name: string; version: string; attributes: Attributes };

export type Span = {
	name: string;
	traceId: string;
	spanId: string;
	/** '' for a root. */
	parentSpanId: string;
	traceState: string;
	kind: "UNSPECIFIED" | "INTERNAL" | "SERVER" | "CLIENT" | "PRODUCER" | "CONSUMER";
	startTime: bigint;
	endTime: bigint;
	attributes: Attributes;
	status: { code: "UNSET" | "OK" | "ERROR"; message: string };
	events: { name: string; time: bigint; attributes: Attributes }[];
	links: { traceId: string; spanId: string; attributes: Attributes }[];
	droppedAttributes: number;
	resource: Attributes;
	scope: Scope;
};

export type LogRecord = {
	/** '' over grpc and http/protobuf: the mock server's copy of the protocol is older than the field. */
	eventName: string;
	severityNumber: number;
	severityText: string;
	body: AttributeValue;
	time: bigint;
	observedTime: bigint;
	traceId: string;
	spanId: string;
	attributes: Attributes;
	resource: Attributes;
	scope: Scope;
};

export type MetricPoint = {
	name: string;
	unit: string;
	description: string;
	type: "sum" | "gauge" | "histogram" | "exponentialHistogram" | "summary";
	temporality: "unspecified" | "delta" | "cumulative";
	monotonic: boolean;
	attributes: Attributes;
	startTime: bigint;
	time: bigint;
	/** Of a sum or gauge; of a histogram its sum. */
	value: number;
	count: number;
	bounds: number[];
	buckets: number[];
	min?: number;
	max?: number;
	resource: Attributes;
	scope: Scope;
};

export function plainSpans(request: unknown): Span[] {
	return each(request, "resourceSpans", "scopeSpans", "spans", (span, resource, scope) => ({
		name: str(span.name),
		traceId: hex(span.traceId),
		spanId: hex(span.spanId),
		parentSpanId: hex(span.parentSpanId),
		traceState: str(span.traceState),
		kind: oneOf(SPAN_KINDS, span.kind),
		startTime: nanos(span.startTimeUnixNano),
		endTime: nanos(span.endTimeUnixNano),
		attributes: attributes(span.attributes),
		status: { code: oneOf(STATUS_CODES, rec(span.status).code), message: str(rec(span.status).message) },
		events: list(span.events).map((event) => ({
			name: str(event.name),
			time: nanos(event.timeUnixNano),
			attributes: attributes(event.attributes),
		})),
		links: list(span.links).map((link) => ({
			traceId: hex(link.traceId),
			spanId: hex(link.spanId),
			attributes: attributes(link.attributes),
		})),
		droppedAttributes: num(span.droppedAttributesCount),
		resource,
		scope,
	}));
}

export function plainLogs(request: unknown): LogRecord[] {
	return each(request, "resourceLogs", "scopeLogs", "logRecords", (record, resource, scope) => ({
		eventName: str(record.eventName),
		severityNumber: oneOfSeverities(record.severityNumber),
		severityText: str(record.severityText),
		body: value(record.body),
		time: nanos(record.timeUnixNano),
		observedTime: nanos(record.observedTimeUnixNano),
		traceId: hex(record.traceId),
		spanId: hex(record.spanId),
		attributes: attributes(record.attributes),
		resource,
		scope,
	}));
}

export function plainMetrics(request: unknown): MetricPoint[] {
	return each(request, "resourceMetrics", "scopeMetrics", "metrics", (metric, resource, scope) => {
		const type = METRIC_TYPES.find((candidate) => metric[candidate] !== undefined && metric[candidate] !== null);
		if (type === undefined) return [];
		const data = rec(metric[type]);
		return list(data.dataPoints).map((point) => ({
			name: str(metric.name),
			unit: str(metric.unit),
			description: str(metric.description),
			type,
			temporality: oneOf(TEMPORALITIES, data.aggregationTemporality),
			monotonic: data.isMonotonic === true,
			attributes: attributes(point.attributes),
			startTime: nanos(point.startTimeUnixNano),
			time: nanos(point.timeUnixNano),
			value: num(
				["asDouble", "asInt", "sum"].map((field) => (has(point, field) ? point[field] : undefined)).find(isSent),
			),
			count: num(point.count),
			bounds: numbers(point.explicitBounds),
			buckets: numbers(point.bucketCounts),
			...(point.min === undefined || point.min === null ? {} : { min: num(point.min) }),
			...(point.max === undefined || point.max === null ? {} : { max: num(point.max) }),
			resource,
			scope,
		}));
	}).flat();
}

const SPAN_KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;
const STATUS_CODES = ["UNSET", "OK", "ERROR"] as const;
const TEMPORALITIES = ["unspecified", "delta", "cumulative"] as const;
const METRIC_TYPES = ["sum", "gauge", "histogram", "exponentialHistogram", "summary"] as const;

type Wire = Record<string, unknown>;

/** Walks resource → scope → item, the shape that all three signals share. */
function each<T>(
	request: unknown,
	resources: string,
	scopes: string,
	items: string,
	make: (item: Wire, resource: Attributes, scope: Scope) => T,
): T[] {
	return list(rec(request)[resources]).flatMap((perResource) => {
		const resource = attributes(rec(perResource.resource).attributes);
		return list(perResource[scopes]).flatMap((perScope) => {
			const wireScope = rec(perScope.scope);
			const scope = {
				name: str(wireScope.name),
				version: str(wireScope.version),
				attributes: attributes(wireScope.attributes),
			};
			return list(perScope[items]).map((item) => make(item, resource, scope));
		});
	});
}

function attributes(wire: unknown): Attributes {
	return Object.fromEntries(list(wire).map((entry) => [str(entry.key), value(entry.value)]));
}

function value(wire: unknown): AttributeValue {
	const any = rec(wire);
	if (has(any, "stringValue")) return str(any.stringValue);
	if (has(any, "boolValue")) return any.boolValue === true;
	if (has(any, "intValue")) return num(any.intValue);
	if (has(any, "doubleValue")) return num(any.doubleValue);
	if (has(any, "arrayValue")) return list(rec(any.arrayValue).values).map(value);
	if (has(any, "kvlistValue")) return attributes(rec(any.kvlistValue).values);
	if (has(any, "bytesValue")) return hex(any.bytesValue);
	return null;
}

/** Protobuf classes carry defaults on their prototype: only an own field was really sent. */
function has(wire: Wire, field: string): boolean {
	return Object.hasOwn(wire, field) && wire[field] !== null && wire[field] !== undefined;
}

function isSent(wire: unknown): boolean {
	return wire !== undefined;
}

function rec(wire: unknown): Wire {
	return typeof wire === "object" && wire !== null ? (wire as Wire) : {};
}

function list(wire: unknown): Wire[] {
	return Array.isArray(wire) ? wire.map(rec) : [];
}

function str(wire: unknown): string {
	return typeof wire === "string" ? wire : "";
}

function num(wire: unknown): number {
	return typeof wire === "number" ? wire : Number(long(wire));
}

function numbers(wire: unknown): number[] {
	return Array.isArray(wire) ? wire.map(num) : [];
}

function nanos(wire: unknown): bigint {
	return BigInt(long(wire));
}

/** A 64-bit number as decimal text; a `Long` prints itself so. */
function long(wire: unknown): string {
	if (wire === undefined || wire === null || wire === "") return "0";
	return String(wire);
}

function hex(wire: unknown): string {
	if (wire instanceof Uint8Array) return Buffer.from(wire).toString("hex");
	return typeof wire === "string" ? wire.toLowerCase() : "";
}

/** Enums come as numbers or, through some decoders, as names that end in ours. */
function oneOf<T extends string>(names: readonly [T, ...T[]], wire: unknown): T {
	if (typeof wire === "number") return names[wire] ?? names[0];
	if (typeof wire !== "string") return names[0];
	return names.find((name) => wire.toLowerCase().endsWith(`_${name.toLowerCase()}`)) ?? names[0];
}

/** SEVERITY_NUMBER_INFO2 is 10; exporters send the number, decoders may give the name. */
function oneOfSeverities(wire: unknown): number {
	if (typeof wire === "number") return wire;
	const match = /_(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)([234])?$/.exec(str(wire));
	if (match === null) return 0;
	return ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"].indexOf(match[1] ?? "") * 4 + Number(match[2] ?? 1);
}
