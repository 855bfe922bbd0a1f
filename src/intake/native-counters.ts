// A metric of Claude Code's own → the increments of its counters. Delta and cumulative sums alike: a point that comes
// twice adds nothing, one that is older than what is known adds nothing, and a new start time begins from zero.
import { asArray, asNumber, asObject, asString, COUNT_MAX, type JsonObject } from "./json.ts";
import { type Attributes, attributesOf, millisOf } from "./otlp-attributes.ts";

/** What a counter has grown by. */
export interface Increment {
	sessionId: string;
	at: number;
	attributes: Attributes;
	value: number;
}

const CUMULATIVE = new Set<unknown>([2, "AGGREGATION_TEMPORALITY_CUMULATIVE"]);
/** Series of one run, and points of a series, that are remembered. */
const SERIES_MAX = 1_000;
const POINTS_MAX = 1_000;

interface Series {
	/** Of cumulative points: the last one. */
	start?: number;
	time: number;
	value: number;
	/** Of delta points: their intervals. */
	seen: Set<string>;
}

export function createCounterReader(): (metric: JsonObject) => Increment[] {
	const series = new Map<string, Series>();

	function seriesOf(key: string): Series | undefined {
		const found = series.get(key);
		if (found !== undefined || series.size >= SERIES_MAX) return found;
		const begun = { time: 0, value: 0, seen: new Set<string>() };
		series.set(key, begun);
		return begun;
	}

	return (metric) => {
		const name = asString(metric.name);
		const sum = asObject(metric.sum);
		if (name === undefined || sum === undefined) return [];
		const cumulative = CUMULATIVE.has(sum.aggregationTemporality);
		return asArray(sum.dataPoints).flatMap((entry): Increment[] => {
			const point = asObject(entry) ?? {};
			const attributes = attributesOf(point.attributes);
			const sessionId = asString(attributes["session.id"]);
			const value = asNumber(point.asDouble) ?? asNumber(point.asInt);
			const time = millisOf(point.timeUnixNano);
			if (sessionId === undefined || value === undefined || time === undefined) return [];
			const known = seriesOf(keyOf(name, attributes));
			if (known === undefined) return [];
			const start = millisOf(point.startTimeUnixNano) ?? 0;
			const increment = cumulative ? grown(known, start, time, value) : added(known, start, time, value);
			if (increment <= 0 || increment > COUNT_MAX) return [];
			return [{ sessionId, at: time, attributes, value: increment }];
		});
	};
}

function keyOf(name: string, attributes: Attributes): string {
	return JSON.stringify([name, ...Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
}

function added(series: Series, start: number, time: number, value: number): number {
	const interval = `${start}:${time}`;
	if (series.seen.has(interval)) return 0;
	series.seen.add(interval);
	if (series.seen.size > POINTS_MAX) series.seen.delete(series.seen.values().next().value as string);
	return value;
}

function grown(series: Series, start: number, time: number, value: number): number {
	const goesOn = series.start === start;
	// Late: what it counts has been counted by the point after it.
	if (series.start !== undefined && (goesOn ? time <= series.time : start < series.start)) return 0;
	// The same start with less in it is a reset that forgot to say so.
	const before = goesOn && value >= series.value ? series.value : 0;
	Object.assign(series, { start, time, value });
	return value - before;
}
