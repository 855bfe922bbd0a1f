// The times of series where the clock is set back: they never go back, and nothing ends before it begins.
import type { ExportResult } from "@opentelemetry/core";
import { hrTimeToMilliseconds, millisToHrTime } from "@opentelemetry/core";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
	AggregationTemporality,
	DataPointType,
	type MetricData,
	type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import { expect, test } from "vitest";
import { SteadySeriesExporter } from "../../src/sinks/steady-series.ts";

const NOON = 1_790_000_000_000;

/** [start, end] of the points that come out, in milliseconds after noon, for those that go in. */
function timesOf(
	kind: DataPointType.SUM | DataPointType.GAUGE,
	aggregationTemporality: AggregationTemporality,
	collected: [number, number][],
	toldBefore = NOON,
): [number, number][] {
	const times: [number, number][] = [];
	const inner = {
		export({ scopeMetrics }: ResourceMetrics, done: (result: ExportResult) => void) {
			for (const { startTime, endTime } of scopeMetrics.flatMap(({ metrics }) => metrics).flatMap(pointsOf))
				times.push([hrTimeToMilliseconds(startTime) - NOON, hrTimeToMilliseconds(endTime) - NOON]);
			done({ code: 0 });
		},
		shutdown: async () => {},
	};
	const notes: number[] = [];
	const told = { until: () => toldBefore, note: (at: number) => void notes.push(at) };
	const exporter = new SteadySeriesExporter(inner, { startedAt: NOON, told });
	for (const [start, end] of collected) {
		const point = {
			startTime: millisToHrTime(NOON + start),
			endTime: millisToHrTime(NOON + end),
			attributes: {},
			value: 1,
		};
		const metric = {
			dataPointType: kind,
			aggregationTemporality,
			isMonotonic: true,
			descriptor: { name: "calls", description: "", unit: "1", valueType: 1 },
			dataPoints: [point],
		} as MetricData;
		const scope = { name: "test" };
		exporter.export({ resource: resourceFromAttributes({}), scopeMetrics: [{ scope, metrics: [metric] }] }, () => {});
	}
	// Each was noted before it left, and no less.
	expect(notes).toEqual(times.map(([, end]) => NOON + end));
	return times;
}

function pointsOf({ dataPoints }: MetricData): MetricData["dataPoints"][number][] {
	return dataPoints;
}

test("cumulative points begin with the run and never end before the one before them", () => {
	const collected: [number, number][] = [
		[10, 100],
		[10, -3_600_000],
		[10, 200],
	];
	const times = timesOf(DataPointType.SUM, AggregationTemporality.CUMULATIVE, collected);
	expect(times).toEqual([
		[0, 100],
		[0, 100],
		[0, 200],
	]);
});

test("points of increments begin no sooner than the one before them ended", () => {
	const collected: [number, number][] = [
		[10, 100],
		[100, -50],
		[-50, -20],
		[-20, 300],
	];
	const times = timesOf(DataPointType.SUM, AggregationTemporality.DELTA, collected);
	expect(times).toEqual([
		[10, 100],
		[100, 100],
		[100, 100],
		[100, 300],
	]);
});

test("gauges follow the same rule, and what was told by another process counts", () => {
	const times = timesOf(DataPointType.GAUGE, AggregationTemporality.CUMULATIVE, [[500, 10]], NOON + 400);
	expect(times).toEqual([[400, 400]]);
});
