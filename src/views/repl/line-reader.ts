// Keys → what was typed, edited as a shell's line is (Node's readline): history, completion, lines that go on, and pasted
// text that stays whole. Knows where its prompt stands, so that others can write above it.
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import { PassThrough } from "node:stream";
import type { Keyboard, KeyReader } from "./keyboard.ts";
import type { PastedBlocks } from "./pasted-blocks.ts";

export interface ReadOptions {
	prompt: string;
	/** In front of further lines of the same input; undefined: there are none. */
	continuation?: string;
	/** The newest first. */
	history?: readonly string[];
	complete?(line: string): [string[], string];
	/** What was typed before the prompt was there does not count. */
	fresh?: boolean;
	/** Gives it up. */
	signal?: AbortSignal;
}

export interface LineReader {
	/** Undefined: the user wants to leave, or it was given up. One that is begun before another's end goes before it. */
	read(options: ReadOptions): Promise<string | undefined>;
	/** Ctrl-C: what was typed is dropped, and the prompt stands there anew. True: there was something. */
	clear(): boolean;
	/** While nobody reads, it does nothing. */
	hide(): void;
	show(): void;
}

interface Open {
	line: Interface;
	lines: string[];
	prompt: string;
	keys: KeyReader;
}

/** Escape alone is a key after so long. */
const ESCAPE_MS = 50;

export function createLineReader(
	keyboard: Keyboard,
	stdout: NodeJS.WriteStream,
	blocks: PastedBlocks,
	/** False: the terminal can only write on. */
	canRedraw = true,
): LineReader {
	let open: Open | undefined;

	async function read(options: ReadOptions): Promise<string | undefined> {
		const { prompt, continuation, history = [], complete, signal } = options;
		if (signal?.aborted) return undefined;
		const input = new PassThrough();
		const line = createInterface({
			input,
			output: stdout,
			terminal: true,
			prompt,
			history: history.map(blocks.labelOf),
			historySize: Math.max(history.length, 1) + 1,
			escapeCodeTimeout: ESCAPE_MS,
			...(complete === undefined ? {} : { completer: complete }),
		});
		const lines: string[] = [];
		const outer = open;
		hide();
		const keys: KeyReader = {
			keys: (text) => void input.write(text),
			pasted: (text) => void input.write(blocks.labelOf(text)),
		};
		open = { line, lines, prompt, keys };
		/** Lines that came in one piece with the last one. */
		const behind: string[] = [];
		let whole = false;
		const { promise, resolve } = Promise.withResolvers<string | undefined>();
		const giveUp = () => resolve(undefined);
		line.on("line", (text) => {
			if (whole) return behind.push(text);
			const goesOn = continuation !== undefined && text.endsWith("\\");
			lines.push(goesOn ? text.slice(0, -1) : text);
			if (goesOn) {
				line.setPrompt(continuation);
				line.prompt();
			} else {
				whole = true;
				resolve(lines.join("\n"));
			}
			return undefined;
		});
		line.once("close", giveUp);
		signal?.addEventListener("abort", giveUp, { once: true });
		line.prompt();
		keyboard.readBy(keys, options.fresh);
		try {
			const typed = await promise;
			if (typed === undefined) stdout.write("\n");
			return typed === undefined ? undefined : blocks.expand(typed);
		} finally {
			keyboard.readBy(undefined);
			if (whole) keyboard.giveBack([...behind, line.line].join("\r"));
			signal?.removeEventListener("abort", giveUp);
			line.close();
			input.destroy();
			open = outer;
			if (outer !== undefined) {
				show();
				keyboard.readBy(outer.keys);
			}
		}
	}

	function hide(): void {
		if (open === undefined) return;
		if (!canRedraw) {
			stdout.write("\n");
			return;
		}
		moveCursor(stdout, 0, -open.line.getCursorPos().rows);
		cursorTo(stdout, 0);
		clearScreenDown(stdout);
	}

	function show(): void {
		if (open === undefined) return;
		// It would go up as many rows as the line had, where now stands something else.
		(open.line as unknown as { prevRows: number }).prevRows = 0;
		open.line.prompt(true);
		// Readline leaves it out where it cannot go back over it.
		if (!canRedraw) stdout.write(open.line.line);
	}

	return {
		read,
		clear() {
			if (open === undefined) return false;
			const something = open.line.line !== "" || open.lines.length > 0;
			open.lines.length = 0;
			if (canRedraw) {
				open.line.write(null, { ctrl: true, name: "e" });
				open.line.write(null, { ctrl: true, name: "u" });
			} else Object.assign(open.line, { line: "", cursor: 0 });
			hide();
			open.line.setPrompt(open.prompt);
			show();
			return something;
		},
		hide,
		show,
	};
}
