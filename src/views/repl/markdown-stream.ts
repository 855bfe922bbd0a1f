// Pieces of an answer, as they come → what of it is settled and can be shown for good: whole blocks, and of a list whole
// items. What is not settled waits, for the next piece may make something else of it.
import { lexer, type Token, type Tokens } from "marked";

export interface Settled {
	/** Empty: nothing yet. */
	source: string;
	/** It goes on with the list that was shown before. */
	continued: boolean;
}

export interface MarkdownStream {
	push(piece: string): Settled;
	/** There is no more: all that waited. */
	end(): Settled;
	/** What waits. */
	waiting(): string;
}

export function createMarkdownStream(): MarkdownStream {
	let waiting = "";
	let inList = false;

	function take({ length, inside }: Length): Settled {
		const settled = { source: waiting.slice(0, length), continued: inList };
		waiting = waiting.slice(length);
		if (length > 0) inList = inside;
		return settled;
	}
	return {
		push(piece) {
			waiting += piece;
			// Only the end of a line settles anything.
			return take(piece.includes("\n") ? settledLength(waiting) : NOTHING);
		},
		end: () => take({ length: waiting.length, inside: false }),
		waiting: () => waiting,
	};
}

interface Length {
	length: number;
	/** It ends between two items of a list. */
	inside: boolean;
}
const NOTHING: Length = { length: 0, inside: false };

function settledLength(source: string): Length {
	const tokens = lexer(source);
	// The lexer takes \r\n for \n, and then its lengths are not ours.
	if (lengthOf(tokens) !== source.length) return NOTHING;
	const last = tokens.findLastIndex(({ type }) => type !== "space");
	const before = tokens.slice(0, Math.max(last, 0));
	const items = settledItems(tokens[last]);
	// A paragraph with an empty line behind it is whole; a list may still go on.
	const closed = last >= 0 && last < tokens.length - 1 && tokens[last]?.type === "paragraph";
	return closed ? { length: lengthOf(tokens), inside: false } : { length: lengthOf(before) + items, inside: items > 0 };
}

/** An ordered list says its first number alone: its items settle together. */
function settledItems(token: Token | undefined): number {
	if (token?.type !== "list") return 0;
	const { ordered, loose, items } = token as Tokens.List;
	return ordered || loose ? 0 : lengthOf(items.slice(0, -1));
}

function lengthOf(tokens: readonly { raw: string }[]): number {
	return tokens.reduce((length, { raw }) => length + raw.length, 0);
}
