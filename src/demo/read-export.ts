// A file of OTLP JSON lines → the spans, metric points and log records in it, as far as the demo shows them.
// The same bytes as a collector would get; nothing of claude-otel's own state.

export type Value = string | number | boolean | Value[];
export type Attributes = Record<string, Value>;

export interface Span {
	spanId: string;
	parentSpanId: string;
	name: string;
	/** Milliseconds since the epoch, with a fraction. */
	start: number;
	end: number;
	attributes: Attributes;
}

export interface Point {
	metric: string;
	unit: string;
	attributes: Attributes;
	value: number;
	/** Of histograms: how many values, which `value` is the sum of. */
	count?: number;
	max?: number;
	/** Series may be summed up: a counter's. */
	adds: boolean;
}

export interface Exported {
	spans: Span[];
	points: Point[];
	/** Event name → how many. */
	records: Map<string, number>;
}

export function readExport(jsonLines: string): Exported {
	const spans: Span[] = [];
	const points = new Map<string, Point>();
	const records = new Map<string, number>();
	for (const line of jsonLines.split("\n")) {
		if (line === "") continue;
		const request: Wire = JSON.parse(line);
		for (const span of items(request, "resourceSpans", "scopeSpans", "spans")) spans.push(readSpan(span));
		for (const record of items(request, "resourceLogs", "scopeLogs", "logRecords")) {
			const name = String(readAttributes(record.attributes)["event.name"]);
			records.set(name, (records.get(name) ?? 0) + 1);
		}
		for (const metric of items(request, "resourceMetrics", "scopeMetrics", "metrics")) {
			// Each export tells the totals again: the last one counts.
			for (const point of readPoints(metric)) {
				points.set(`${point.metric} ${JSON.stringify(point.attributes)}`, point);
			}
		}
	}
	return { spans, points: [...points.values()], records };
}

interface Wire {
	[key: string]: unknown;
}

/** Resource → scope → item, the shape that the three signals share. */
function items(request: Wire, resources: string, scopes: string, name: string): Wire[] {
	return list(request[resources]).flatMap((resource) => list(resource[scopes]).flatMap((scope) => list(scope[name])));
}

function readSpan(span: Wire): Span {
	return {
		spanId: String(span.spanId),
		parentSpanId: String(span.parentSpanId ?? ""),
		name: String(span.name),
		start: milliseconds(span.startTimeUnixNano),
		end: milliseconds(span.endTimeUnixNano),
		attributes: readAttributes(span.attributes),
	};
}

function readPoints(metric: Wire): Point[] {
	const data = (metric.sum ?? metric.gauge ?? metric.histogram) as Wire | undefined;
	const adds = data?.isMonotonic === true;
	return list(data?.dataPoints).map((point) => ({
		metric: String(metric.name),
		unit: String(metric.unit ?? ""),
		attributes: readAttributes(point.attributes),
		adds,
		value: Number(point.asDouble ?? point.asInt ?? point.sum ?? 0),
		...(point.count === undefined ? {} : { count: Number(point.count) }),
		...(point.max === undefined ? {} : { max: Number(point.max) }),
	}));
}

function readAttributes(attributes: unknown): Attributes {
	return Object.fromEntries(list(attributes).map(({ key, value }) => [String(key), readValue(value as Wire)]));
}

function readValue(value: Wire): Value {
	if (value.boolValue !== undefined) return value.boolValue === true;
	if (value.arrayValue !== undefined) return list((value.arrayValue as Wire).values).map(readValue);
	const number = value.intValue ?? value.doubleValue;
	return number === undefined ? String(value.stringValue ?? "") : Number(number);
}

/** Nanoseconds as a decimal string are more than a number holds exactly; a microsecond is fine enough here. */
function milliseconds(nanos: unknown): number {
	return Number(BigInt(String(nanos)) / 1000n) / 1000;
}

function list(value: unknown): Wire[] {
	return Array.isArray(value) ? value : [];
}
