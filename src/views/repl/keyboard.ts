// Standard input, raw → keys for whoever reads a line, pasted text in one piece, and the keys that always mean something:
// Ctrl-C, and Ctrl-Z. What is typed while nobody reads waits for the next prompt.

export interface KeyReader {
	keys(text: string): void;
	pasted(text: string): void;
}

export interface Keyboard {
	/** From now on this one reads; undefined: nobody. What was typed before is his, but for `fresh`. */
	readBy(reader: KeyReader | undefined, fresh?: boolean): void;
	/** Keys that came behind the end of a line: for the next reader. */
	giveBack(keys: string): void;
	/** After the terminal was somebody else's. */
	resume(): void;
	close(): void;
}

export interface KeyboardOptions {
	stdin: NodeJS.ReadStream;
	write(codes: string): void;
	onInterrupt(): void;
	onSuspend(): void;
	/** The terminal has gone. */
	onEnd(): void;
}

const PASTE_BEGIN = "\u001b[200~";
const PASTE_END = "\u001b[201~";
/** The terminal marks what is pasted. */
const MARK_PASTE = "\u001b[?2004h";
const UNMARK_PASTE = "\u001b[?2004l";
/** What nobody reads; the rest of it is dropped. */
const AHEAD_MAX = 64 * 1024;

export function openKeyboard({ stdin, write, onInterrupt, onSuspend, onEnd }: KeyboardOptions): Keyboard {
	let reader: KeyReader | undefined;
	let ahead: ((to: KeyReader) => void)[] = [];
	let aheadLength = 0;

	function hand(text: string, to: (reader: KeyReader) => void): void {
		if (text === "") return;
		if (reader !== undefined) return to(reader);
		aheadLength += text.length;
		if (aheadLength <= AHEAD_MAX) ahead.push(to);
	}

	function drop(): void {
		ahead = [];
		aheadLength = 0;
	}

	const split = createKeySplitter({
		keys: (text) => hand(text, (to) => to.keys(text)),
		pasted: (text) => hand(text, (to) => to.pasted(text)),
		interrupt() {
			drop();
			onInterrupt();
		},
		suspend: onSuspend,
	});
	const resume = () => {
		stdin.setRawMode(true);
		write(MARK_PASTE);
	};
	stdin.setEncoding("utf8").on("data", split).on("end", onEnd).on("error", onEnd);
	resume();
	stdin.resume();
	return {
		readBy(next, fresh) {
			if (fresh) drop();
			reader = next;
			if (next === undefined) return;
			const waiting = ahead;
			drop();
			for (const to of waiting) to(next);
		},
		giveBack: (keys) => hand(keys, (to) => to.keys(keys)),
		resume,
		close() {
			stdin.off("data", split).off("end", onEnd).off("error", onEnd).pause();
			try {
				stdin.setRawMode(false);
			} catch {
				// It has gone.
			}
			write(UNMARK_PASTE);
		},
	};
}

export interface KeySink {
	keys(text: string): void;
	pasted(text: string): void;
	interrupt(): void;
	suspend(): void;
}

/** Marks may be torn between two pieces. */
export function createKeySplitter(sink: KeySink): (piece: string) => void {
	let rest = "";
	let pasting = false;

	return (piece) => {
		rest += piece;
		for (;;) {
			const mark = pasting ? PASTE_END : PASTE_BEGIN;
			const at = rest.indexOf(mark);
			if (at < 0) break;
			(pasting ? sink.pasted : typed)(rest.slice(0, at));
			rest = rest.slice(at + mark.length);
			pasting = !pasting;
		}
		if (pasting) return;
		const torn = tornLength(rest);
		const whole = rest.slice(0, rest.length - torn);
		rest = rest.slice(rest.length - torn);
		typed(whole);
	};

	function typed(text: string): void {
		for (const part of text.split(/([\u0003\u001a])/)) {
			if (part === "\u0003") sink.interrupt();
			else if (part === "\u001a") sink.suspend();
			else if (part !== "") sink.keys(part);
		}
	}
}

/** How much at its end may be the beginning of a mark; an escape alone is a key. */
function tornLength(text: string): number {
	for (let length = PASTE_BEGIN.length - 1; length > 1; length--) {
		if (text.endsWith(PASTE_BEGIN.slice(0, length))) return length;
	}
	return 0;
}
