// A title and lines → a frame around them, as wide as it must be and no wider than the terminal.
import type { Ansis } from "ansis";
import Table from "cli-table3";
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

export interface PanelOptions {
	columns: number;
	color: Ansis;
	/** It tells of something that went wrong. */
	bad?: boolean;
}

const LEAST_COLUMNS = 20;
/** Frame and air beside the text. */
const FRAME = 4;

export function showPanel(title: string, lines: readonly string[], { columns, color, bad }: PanelOptions): string[] {
	const room = Math.max(columns, LEAST_COLUMNS) - FRAME;
	const wrapped = [title, ...lines]
		.flatMap((line) => wrapAnsi(line, room, { hard: true, trim: false }).split("\n").map(withoutAir))
		.map((line) => line.trimEnd());
	const width = Math.max(...wrapped.map((line) => stringWidth(line)));
	const paint = bad ? color.red : color.dim;
	const table = new Table({ style: { head: [], border: [], compact: true }, colWidths: [width + 2] });
	const [head = "", ...rest] = wrapped;
	for (const line of [color.bold(head), ...rest]) table.push([line]);
	return table
		.toString()
		.split("\n")
		.map((line) => paintFrame(line, paint));
}

/** Rows of a table of two columns, the first one as wide as its widest. */
export function showRows(rows: readonly (readonly [string, string])[], color: Ansis): string[] {
	const width = Math.max(...rows.map(([label]) => stringWidth(label)));
	return rows.map(([label, text]) => {
		const air = " ".repeat(width - stringWidth(label) + 2);
		return `${color.dim(label)}${air}${text}`;
	});
}

/** Between the words where it was broken; what stands before the first word stays. */
function withoutAir(row: string, nth: number): string {
	return nth === 0 ? row : row.replace(/^((?:\u001b\[[\d;]*m)*) /, "$1");
}

function paintFrame(line: string, paint: (text: string) => string): string {
	const inside = /^([│])(.*)([│])$/s.exec(line);
	return inside === null ? paint(line) : `${paint("│")}${inside[2]}${paint("│")}`;
}
