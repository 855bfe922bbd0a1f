// Exported spans → lines of a tree, each with its duration, tokens and cost.
import type { Ansis } from "ansis";
import type { Attributes, Span } from "./read-export.ts";
import { fit, showCount, showDuration, showUsd } from "./text.ts";

interface Line {
	branch: string;
	span: Span;
}

/** Of the columns at the right: time, input tokens, output tokens, cost. */
const WIDTHS = [8, 8, 8, 9] as const;
const NAME_MIN = 30;

/** @param shorten makes texts of attributes shorter, a path relative, say. */
export function showTrace(
	spans: readonly Span[],
	width: number,
	color: Ansis,
	shorten: (text: string) => string,
): string[] {
	const nameWidth = Math.max(NAME_MIN, width - WIDTHS.reduce((sum, column) => sum + column, 0));
	const header = "span".padEnd(nameWidth) + columns(["time", "input", "output", "cost"]);
	const lines = childrenOf("", "", spans).map(({ branch, span }) => {
		const room = nameWidth - branch.length - 1;
		const name = fit(span.name, room);
		const mark = markOf(span.attributes);
		const shownMark = fit(mark, room - name.length - 1);
		const detail = fit(shorten(detailOf(span)), room - name.length - shownMark.length - (shownMark === "" ? 1 : 2));
		const length = [branch + name, shownMark, detail].filter((part) => part !== "").join(" ").length;
		const parts = [color.dim(branch) + color.bold(name), colorOf(mark, color)(shownMark), color.dim(detail)];
		const named = parts.filter((_part, nth) => [name, shownMark, detail][nth] !== "").join(" ");
		return named + " ".repeat(Math.max(1, nameWidth - length)) + columns(figuresOf(span)).trimEnd();
	});
	return [color.dim(header), ...lines];
}

function childrenOf(parent: string, indent: string, spans: readonly Span[]): Line[] {
	const children = spans
		.filter((span) => span.parentSpanId === parent)
		.toSorted((a, b) => a.start - b.start || (a.spanId < b.spanId ? -1 : 1));
	return children.flatMap((span, nth) => {
		const last = nth === children.length - 1;
		const [branch, below] = parent === "" ? ["", ""] : last ? ["└─ ", "   "] : ["├─ ", "│  "];
		return [{ branch: indent + branch, span }, ...childrenOf(span.spanId, indent + below, spans)];
	});
}

/** What went wrong, in a word. */
function markOf(attributes: Attributes): string {
	const status = attributes["tool.status"] ?? attributes["turn.status"] ?? attributes["agent.status"] ?? "ok";
	const failed = attributes["error.type"] !== undefined ? "error" : "";
	const word = status === "ok" ? failed : String(status);
	return word === "" ? "" : `[${word}]`;
}

function colorOf(mark: string, color: Ansis): (text: string) => string {
	return mark === "[error]" ? color.red : color.yellow;
}

function detailOf({ attributes }: Span): string {
	const text = (name: string) => (attributes[name] === undefined ? "" : String(attributes[name]));
	const message = text("error.message");
	return [text("input.summary"), text("gen_ai.response.finish_reasons"), message]
		.filter((part) => part !== "")
		.join(": ");
}

function figuresOf({ start, end, attributes }: Span): string[] {
	const number = (name: string) => (typeof attributes[name] === "number" ? attributes[name] : undefined);
	const output = number("tokens.output");
	const input = ["tokens.input", "tokens.cache_read", "tokens.cache_creation"].reduce(
		(sum, name) => sum + (number(name) ?? 0),
		0,
	);
	const usd = number("claude.cost_usd");
	const tokens = output === undefined ? ["", ""] : [showCount(input), showCount(output)];
	return [showDuration(end - start), ...tokens, usd === undefined ? "" : showUsd(usd)];
}

function columns(texts: readonly string[]): string {
	return texts.map((text, nth) => text.padStart(WIDTHS[nth] ?? 0)).join("");
}
