// Exported metric points → a table: a line for each metric, and under it one for each series where there are several.
// The series of a histogram stand in one line together.
import type { Ansis } from "ansis";
import type { Attributes, Point } from "./read-export.ts";
import { fit, showBytes, showCount, showDuration, showUsd } from "./text.ts";

interface Row {
	metric: string;
	/** Which of its series; empty for all of them. */
	series: string;
	indented: boolean;
	value: string;
}

const INDENT = "   ";

export function showMetrics(points: readonly Point[], width: number, color: Ansis): string[] {
	const names = [...new Set(points.map((point) => point.metric))].toSorted(ownOnesLast);
	const rows = names.flatMap((name) => rowsOf(points.filter((point) => point.metric === name)));
	const tableWidth = Math.min(width, Math.max(...rows.map((row) => lengthOf(row) + 3 + row.value.length)));
	return rows.map((row) => {
		const room = tableWidth - row.value.length - 1;
		const metric = row.indented ? INDENT : row.metric;
		const between = row.indented || row.series === "" ? "" : "  ";
		const series = fit(row.series, room - metric.length - between.length);
		const gap = " ".repeat(tableWidth - row.value.length - metric.length - between.length - series.length);
		return `${color.bold(metric)}${between}${color.dim(series)}${gap}${row.value}`;
	});
}

function lengthOf({ metric, series, indented }: Row): number {
	return indented ? INDENT.length + series.length : metric.length + (series === "" ? 0 : 2) + series.length;
}

function rowsOf(points: readonly Point[]): Row[] {
	const [first] = points;
	if (first === undefined) return [];
	const { metric, unit } = first;
	if (first.count !== undefined) return [{ metric, series: "", indented: false, value: summarize(points) }];
	const rows = points
		.map((point) => ({ metric, series: seriesOf(point.attributes), indented: true, value: show(point.value, unit) }))
		.toSorted((a, b) => (a.series < b.series ? -1 : 1));
	if (rows.length === 1) return rows.map((row) => ({ ...row, indented: false }));
	const total = points.reduce((sum, point) => sum + point.value, 0);
	return [{ metric, series: "", indented: false, value: first.adds ? show(total, unit) : "" }, ...rows];
}

function summarize(points: readonly Point[]): string {
	const unit = points[0]?.unit ?? "";
	const count = points.reduce((sum, point) => sum + (point.count ?? 0), 0);
	const mean = points.reduce((sum, point) => sum + point.value, 0) / count;
	const max = Math.max(...points.map((point) => point.max ?? 0));
	return count === 1 ? show(mean, unit) : `${count} times, mean ${show(mean, unit)}, max ${show(max, unit)}`;
}

function show(value: number, unit: string): string {
	if (unit === "ms") return showDuration(value);
	if (unit === "s") return showDuration(value * 1000);
	if (unit === "USD") return showUsd(value);
	return unit === "By" ? showBytes(value) : showCount(Math.round(value));
}

/** Values say enough; only of true and false one must know whose they are. */
function seriesOf(attributes: Attributes): string {
	return Object.entries(attributes)
		.toSorted(([a], [b]) => (a < b ? -1 : 1))
		.map(([key, value]) => (typeof value === "boolean" ? `${key.split(".").at(-1)}=${value}` : String(value)))
		.join(", ");
}

/** What claude-otel counts of itself matters least. */
function ownOnesLast(a: string, b: string): number {
	const own = (name: string) => (name.startsWith("claude_otel.") ? 1 : 0);
	return own(a) - own(b) || (a < b ? -1 : 1);
}
