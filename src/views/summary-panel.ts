// Comes in: the figures of a run, and where its trace is. Goes out: the lines of the panel that `--summary` shows.
import type { Ansis } from "ansis";
import wrapAnsi from "wrap-ansi";
import type { RunFigures } from "./run-figures.ts";
import { showDuration } from "./show-duration.ts";

export interface TraceTold {
	ids: string[];
	/** Some of it has arrived somewhere. */
	exported: boolean;
	/** Each turn is a trace of its own. */
	perTurn: boolean;
	/** CLAUDE_OTEL_TRACE_URL: `{trace_id}` stands for the id. */
	url?: string;
}

/** Tools by name; the rest is in the number of calls. */
const TOOLS_SHOWN = 5;
/** Traces of a run that began many sessions; the last ones are shown. */
const TRACES_SHOWN = 3;
const LABEL_WIDTH = 8;
const INDENT = "  ";
const PICO = 1e12;
const LEAST_PICO_USD = 1e8;

/** @param columns undefined: there is room for all of a line */
export function showPanel(figures: RunFigures, trace: TraceTold, color: Ansis, columns?: number): string[] {
	const errors = errorsOf(figures);
	const rows: [label: string, lines: string[]][] = [
		["time", [showDuration(figures.durationMs)]],
		["turns", [turnsOf(figures)]],
		["tools", toolsOf(figures)],
		["tokens", [tokensOf(figures)]],
		["cost", [showCost(figures.picoUsd)]],
		["errors", [errors === "" ? "none" : color.red(errors)]],
		["trace", tracesOf(trace, figures)],
	];
	const room = columns === undefined ? Number.POSITIVE_INFINITY : columns - INDENT.length - LABEL_WIDTH;
	const lines = rows.flatMap(([label, texts]) =>
		// Between words alone: an id or a link is copied from here.
		texts
			.flatMap((text) => wrapAnsi(text, Math.max(room, 1)).split("\n"))
			.map((text, nth) => `${INDENT}${color.dim((nth === 0 ? label : "").padEnd(LABEL_WIDTH))}${text}`),
	);
	return [
		color.bold(
			figures.sessions === 1 ? "claude-otel: this session" : `claude-otel: these ${figures.sessions} sessions`,
		),
		...lines,
	];
}

function showCost(picoUsd: number | undefined): string {
	if (picoUsd === undefined) return "unknown";
	return picoUsd > 0 && picoUsd < LEAST_PICO_USD ? "<$0.0001" : `$${(picoUsd / PICO).toFixed(4)}`;
}

function turnsOf({ turns, syntheticTurns }: RunFigures): string {
	return syntheticTurns === 0 ? show(turns) : `${show(turns)}, and ${show(syntheticTurns)} that nobody typed`;
}

function toolsOf({ toolCalls, toolsByName, toolsByStatus }: RunFigures): string[] {
	if (toolCalls === 0) return ["none"];
	const words = { error: "failed", denied: "refused", interrupted: "interrupted", lost: "lost" } as const;
	const undone = Object.entries(words).flatMap(([status, word]) => {
		const calls = toolsByStatus.get(status as keyof typeof words) ?? 0;
		return calls === 0 ? [] : [`${show(calls)} ${word}`];
	});
	const most = [...toolsByName].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).slice(0, TOOLS_SHOWN);
	const named = most.map(([name, calls]) => `${plain(name)} ${show(calls)}`);
	const rest = toolsByName.size > most.length ? ["…"] : [];
	return [
		[`${show(toolCalls)} ${toolCalls === 1 ? "call" : "calls"}`, ...undone].join(", "),
		[...named, ...rest].join(", "),
	];
}

function tokensOf({ usage }: RunFigures): string {
	if (usage === undefined) return "unknown";
	const written = usage.cacheCreation5m + usage.cacheCreation1h;
	return `${show(usage.input)} in, ${show(usage.output)} out, cache ${show(usage.cacheRead)} read and ${show(written)} written`;
}

/** Empty where there were none. */
function errorsOf({ failedRequests, failedTurns, toolsByStatus, exitCode }: RunFigures): string {
	const counts: [number, string, string][] = [
		[sum(failedRequests), "request", ` (${[...failedRequests.keys()].map(plain).toSorted().join(", ")})`],
		[failedTurns, "turn", ""],
		[toolsByStatus.get("error") ?? 0, "tool call", ""],
	];
	const failures = counts.flatMap(([number, noun, more]) =>
		number === 0 ? [] : [`${show(number)} ${noun}${number === 1 ? "" : "s"}${more}`],
	);
	return [...failures, ...(exitCode === undefined ? [] : [`exit code ${exitCode}`])].join(", ");
}

function tracesOf({ ids, exported, perTurn, url }: TraceTold, { turns: human, syntheticTurns }: RunFigures): string[] {
	const last = ids.slice(-TRACES_SHOWN);
	const note = exported ? "" : " (not exported)";
	const links = exported && url !== undefined ? last.map((id) => url.replaceAll("{trace_id}", id)) : [];
	const turns =
		exported && perTurn && human + syntheticTurns > 0 ? ["each turn is a trace of its own, linked to it"] : [];
	return [...last.map((id) => `${id}${note}`), ...links, ...turns];
}

function sum(counts: ReadonlyMap<unknown, number>): number {
	return [...counts.values()].reduce((total, one) => total + one, 0);
}

function show(count: number): string {
	return count.toLocaleString("en-US");
}

/** A name of an MCP server's tool may hold codes that a terminal would obey. */
function plain(name: string): string {
	return name.replace(/[\u0000-\u001f\u007f-\u009f]+/g, "?");
}
