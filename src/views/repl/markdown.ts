// Markdown → lines for a terminal: colours where it has them, wrapped at its width, and no code that it would obey.
import Table from "cli-table3";
import { lexer, type MarkedToken, type Token, type Tokens } from "marked";
import wrapAnsi from "wrap-ansi";
import { plainText } from "./plain-text.ts";
import type { Theme } from "./theme.ts";

const INDENT = "  ";
const LEAST_COLUMNS = 20;
const BULLET = "•";

export function renderMarkdown(source: string, theme: Theme, columns: number): string[] {
	const width = Math.max(columns, LEAST_COLUMNS);
	return withoutEdges(blocksOf(lexer(plainText(source)), theme, width)).map((line) => line.trimEnd());
}

/** Between blocks stands one empty line. */
function blocksOf(tokens: readonly Token[], theme: Theme, width: number): string[] {
	return tokens.flatMap((token) => {
		const lines = blockOf(token as MarkedToken, theme, width);
		return lines.length === 0 ? [] : [...lines, ""];
	});
}

function blockOf(token: MarkedToken, theme: Theme, width: number): string[] {
	const { color } = theme;
	switch (token.type) {
		case "space":
		case "def":
			return [];
		case "heading":
			return wrap(color.bold(token.depth === 1 ? color.underline(inline(token, theme)) : inline(token, theme)), width);
		case "code":
			// Never wrapped: it is copied from here.
			return token.text.split("\n").map((line) => `${INDENT}${color.cyan(line)}`);
		case "blockquote":
			return withoutEdges(blocksOf(token.tokens, theme, width - 2)).map((line) => `${color.dim("│")} ${line}`);
		case "list":
			return listOf(token, theme, width);
		case "table":
			return tableOf(token, theme, width);
		case "hr":
			return [color.dim("─".repeat(width))];
		case "paragraph":
		case "text":
			return wrap(inline(token, theme), width);
		default:
			// HTML and what else there is stays as it was written.
			return wrap("text" in token ? String(token.text).trimEnd() : token.raw.trimEnd(), width);
	}
}

function listOf(list: Tokens.List, theme: Theme, width: number): string[] {
	const first = typeof list.start === "number" ? list.start : 1;
	return list.items.flatMap((item, nth) => {
		const mark = `${list.ordered ? `${first + nth}.` : BULLET} ${item.task ? `[${item.checked ? "x" : " "}] ` : ""}`;
		const tokens = item.tokens.filter((token) => token.type !== "checkbox");
		const inside = withoutEdges(
			list.loose
				? blocksOf(tokens, theme, width - mark.length)
				: tokens.flatMap((token) => blockOf(token as MarkedToken, theme, width - mark.length)),
		);
		const lines = inside.map((line, at) => (at === 0 ? `${mark}${line}` : `${" ".repeat(mark.length)}${line}`));
		return lines.length === 0 ? [mark] : lines;
	});
}

function tableOf({ header, rows, align }: Tokens.Table, theme: Theme, width: number): string[] {
	const table = new Table({
		head: header.map((cell) => theme.color.bold(inline(cell, theme))),
		colAligns: align.map((side) => side ?? "left"),
		style: { head: [], border: [], compact: true },
	});
	for (const row of rows) table.push(row.map((cell) => inline(cell, theme)));
	const lines = table.toString().split("\n");
	if (widthOf(lines) <= width) return lines;
	// Too wide for its frame: a line for each cell.
	return rows.flatMap((row) =>
		row.flatMap((cell, at) => {
			const name = header[at];
			const label = name === undefined ? "" : `${theme.color.bold(inline(name, theme))}: `;
			const lines = wrap(`${label}${inline(cell, theme)}`, width - INDENT.length);
			return lines.map((line, nth) => `${at === 0 && nth === 0 ? `${BULLET} ` : INDENT}${line}`);
		}),
	);
}

function widthOf(lines: readonly string[]): number {
	// A frame's first line has no colours and nothing wide in it.
	return lines[0]?.length ?? 0;
}

function inline(token: { tokens?: Token[]; text: string }, theme: Theme): string {
	if (token.tokens === undefined) return unescape(token.text);
	return token.tokens.map((part) => spanOf(part as MarkedToken, theme)).join("");
}

function spanOf(token: MarkedToken, theme: Theme): string {
	const { color } = theme;
	switch (token.type) {
		case "strong":
			return color.bold(inline(token, theme));
		case "em":
			return color.italic(inline(token, theme));
		case "del":
			return color.strikethrough(inline(token, theme));
		case "codespan":
			return color.cyan(unescape(token.text));
		case "br":
			return "\n";
		case "link": {
			const text = inline(token, theme);
			const href = token.href.replace(/^mailto:/, "");
			return text === href ? color.underline(text) : `${color.underline(text)} (${href})`;
		}
		case "image":
			return `[${token.text}] (${token.href})`;
		case "text":
		case "escape":
			return inline(token, theme);
		default:
			return token.raw;
	}
}

/** The lexer leaves some entities as they are written. */
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };

function unescape(text: string): string {
	return text.replaceAll(/&(amp|lt|gt|quot|#39);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}

function wrap(text: string, width: number): string[] {
	return wrapAnsi(text, width, { hard: true }).split("\n");
}

function withoutEdges(lines: readonly string[]): string[] {
	const first = lines.findIndex((line) => line !== "");
	const last = lines.findLastIndex((line) => line !== "");
	return first < 0 ? [] : lines.slice(first, last + 1);
}
