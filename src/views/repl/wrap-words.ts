// What the conversation says by itself → as many rows as it needs, broken between words; beside a sign, if it has one.
import stringWidth from "string-width";
import wrapAnsi from "wrap-ansi";

/** A narrower terminal breaks them itself. */
const LEAST_COLUMNS = 10;

export function wrapWords(text: string, columns: number): string[] {
	return wrapAnsi(text, Math.max(columns, LEAST_COLUMNS), { hard: true }).split("\n");
}

export function besideSign(sign: string, text: string, columns: number): string[] {
	const air = " ".repeat(stringWidth(sign) + 1);
	return wrapWords(text, columns - air.length).map((row, nth) => `${nth === 0 ? `${sign} ` : air}${row}`);
}
