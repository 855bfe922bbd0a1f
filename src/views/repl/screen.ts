// Lines for the terminal → written in their order, above the line that says what goes on and above an open prompt.
import type { LineReader } from "./line-reader.ts";
import { oneLine } from "./plain-text.ts";
import type { Theme } from "./theme.ts";

export interface Screen {
	columns(): number;
	print(lines: readonly string[]): void;
	/** Shown and kept up to date until `rest`; asked for what goes on. */
	work(status: () => string | undefined): void;
	rest(): void;
}

const FRAME_MS = 100;
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = "\r\u001b[K";

export function createScreen(
	stdout: NodeJS.WriteStream,
	{ color, icons }: Theme,
	/** False: the terminal can only write on. */
	canRedraw: boolean,
	reader: () => Pick<LineReader, "hide" | "show"> | undefined,
): Screen {
	let status: (() => string | undefined) | undefined;
	let timer: NodeJS.Timeout | undefined;
	let drawn = false;
	let frame = 0;
	const columns = () => stdout.columns || DEFAULT_COLUMNS;

	function draw(): void {
		const text = status?.();
		erase();
		if (text === undefined) return;
		const spinner = icons.spinner[frame++ % icons.spinner.length];
		// A line that fills its row would take the next one, too.
		stdout.write(`${color.cyan(spinner ?? "")} ${color.dim(oneLine(text, columns() - 4))}`);
		drawn = true;
	}

	function erase(): void {
		if (drawn) stdout.write(CLEAR_LINE);
		drawn = false;
	}

	return {
		columns,
		print(lines) {
			if (lines.length === 0) return;
			erase();
			reader()?.hide();
			stdout.write(`${lines.join("\n")}\n`);
			reader()?.show();
			if (status !== undefined) draw();
		},
		work(next) {
			if (!canRedraw) return;
			status = next;
			timer ??= setInterval(draw, FRAME_MS).unref();
			draw();
		},
		rest() {
			clearInterval(timer);
			timer = undefined;
			status = undefined;
			erase();
		},
	};
}
