// Text of a model, a tool or a server → text that a terminal only shows and never obeys, in as much room as there is.
import stringWidth from "string-width";

/** Codes of terminals, and marks that turn the direction of writing: they could make a line look like another one. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Whole sequences go, so that nothing of them is left to read. */
const SEQUENCES = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;
const TAB = "    ";

/** Its lines stay. */
export function plainText(text: string): string {
	return text.replaceAll("\r\n", "\n").replaceAll(SEQUENCES, "").replaceAll("\t", TAB).replaceAll(OBEYED, "");
}

/** On one line; what has no room is cut at its end, and `…` says so. */
export function oneLine(text: string, columns: number): string {
	const line = plainText(text).replaceAll(/\s+/g, " ").trim();
	return fits(line, columns) ? line : `${startOf(line, columns - 1)}…`;
}

/** A path or a long word is known by its end. */
export function endOf(text: string, columns: number): string {
	const line = plainText(text).replaceAll(/\s+/g, " ").trim();
	if (fits(line, columns)) return line;
	const reversed = [...line].toReversed().join("");
	return `…${[...startOf(reversed, columns - 1)].toReversed().join("")}`;
}

function fits(line: string, columns: number): boolean {
	// Nothing is wider than two columns a unit: long texts are not measured for nothing.
	return line.length <= columns * 4 && stringWidth(line) <= columns;
}

function startOf(line: string, columns: number): string {
	let width = 0;
	let start = "";
	for (const character of line) {
		width += stringWidth(character);
		if (width > columns) break;
		start += character;
	}
	return start;
}
