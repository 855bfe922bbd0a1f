// Findings → lines for a person: how bad, of what, and the sentence; at the end what the self-test counted. Without a
// terminal each finding is one line without colours.
import type { Ansis } from "ansis";
import { fitLines } from "../../demo/text.ts";
import type { Finding, Outcome } from "./check.ts";
import type { Arrived } from "./self-test.ts";

export interface Page {
	/** Undefined: lines are not broken. */
	width: number | undefined;
	color: Ansis;
}

/** Of the outcome, and of the check's name. */
const COLUMNS = [9, 15] as const;
const INDENT = COLUMNS[0] + COLUMNS[1];
const LEAST_WIDTH = 40;

export function showFinding({ check, outcome, sentence }: Finding, { width, color }: Page): string[] {
	const paint = { ok: color.green, warning: color.yellow, broken: color.red }[outcome];
	const lines = width === undefined ? [sentence] : fitLines(sentence, Math.max(LEAST_WIDTH, width - INDENT));
	return lines.map((line, nth) =>
		nth === 0 ? paint(outcome.padEnd(COLUMNS[0])) + check.padEnd(COLUMNS[1]) + line : " ".repeat(INDENT) + line,
	);
}

export function showArrived(arrived: Arrived): string[] {
	const number = (count: number) => count.toLocaleString("en-US");
	const rows: [what: string, count: string][] = [
		["spans", number(arrived.spans)],
		["metric series", number(arrived.metricSeries)],
		["log records", number(arrived.logRecords)],
		["facts from hooks", number(arrived.hookFacts)],
		["facts from the transcript", number(arrived.transcriptFacts)],
		["facts from claude's own telemetry", number(arrived.nativeFacts)],
		["requests timed by it", number(arrived.nativeRequests)],
		["tokens billed", number(arrived.tokensBilled)],
		["tokens told", number(arrived.tokensTold)],
	];
	const width = Math.max(...rows.map(([what]) => what.length));
	const countWidth = Math.max(...rows.map(([, count]) => count.length));
	return rows.map(([what, count]) => `${" ".repeat(INDENT)}${what.padEnd(width)}  ${count.padStart(countWidth)}`);
}

export function showSum(findings: readonly Finding[], { color }: Page): string {
	const count = (outcome: Outcome) => findings.filter((finding) => finding.outcome === outcome).length;
	const [bad, odd] = [count("broken"), count("warning")];
	const warnings = `${odd} ${odd === 1 ? "warning" : "warnings"}`;
	if (bad > 0) return color.red(`${bad} broken, ${warnings}.`);
	return odd > 0 ? color.yellow(`Nothing is broken; ${warnings}.`) : color.green("All is well.");
}
