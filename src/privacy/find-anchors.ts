// Words in; out comes a scanner that tells where any of them stands in a text, ASCII case ignored, in one pass
// (Aho and Corasick's automaton). Its cost does not grow with the number of words, so a rule costs nothing where
// its word does not occur, and there can be hundreds of rules.

/** Called with the index of the word and where it starts in the text. */
export type OnAnchor = (word: number, start: number) => void;

const ASCII = 128;

export type ScanAnchors = (text: string, from: number, to: number, onAnchor: OnAnchor) => void;

/**
 * The automaton takes longer to build than a short session has texts to scan, and it would be built while claude starts:
 * so many characters are searched word by word before it is. Both tell the same, in the same order.
 */
const PLAIN_CHARACTERS = 30_000;

export function createAnchorScanner(words: readonly string[]): ScanAnchors {
	const plain = createPlainScanner(words);
	let left = PLAIN_CHARACTERS;
	let automaton: ScanAnchors | undefined;
	return (text, from, to, onAnchor) => {
		left -= to - from;
		if (left < 0) automaton ??= createAutomaton(words);
		(automaton ?? plain)(text, from, to, onAnchor);
	};
}

export function createPlainScanner(words: readonly string[]): ScanAnchors {
	const foldedWords = words.map(foldCase);
	return (text, from, to, onAnchor) => {
		const folded = foldCase(text.slice(from, to));
		const hits: { word: number; start: number; end: number }[] = [];
		for (const [word, letters] of foldedWords.entries()) {
			for (let at = folded.indexOf(letters); at !== -1; at = folded.indexOf(letters, at + 1)) {
				hits.push({ word, start: from + at, end: at + letters.length });
			}
		}
		// By end, of several that end together the longest first.
		hits.sort((a, b) => a.end - b.end || a.start - b.start || a.word - b.word);
		for (const { word, start } of hits) onAnchor(word, start);
	};
}

/** ASCII letters alone, so that every character keeps its place. */
function foldCase(text: string): string {
	return text.replace(/[A-Z]+/g, (capitals) => capitals.toLowerCase());
}

export function createAutomaton(words: readonly string[]): ScanAnchors {
	const { columnOf, columns } = numberCharacters(words);
	const trie = buildTrie(words, columnOf, columns);
	const { next, endings } = trie;
	const lengths = words.map((word) => word.length);
	return (text, from, to, onAnchor) => {
		let state = 0;
		for (let at = from; at < to; at++) {
			const code = text.charCodeAt(at);
			// Column 0 is every character that no word has: it leads back to the root.
			state = next[state + (code < ASCII ? (columnOf[code] as number) : 0)] as number;
			if (state >= 0) continue;
			state = ~state;
			for (const word of endings[state / columns] as number[]) onAnchor(word, at + 1 - (lengths[word] as number));
		}
	};
}

function numberCharacters(words: readonly string[]) {
	const columnOf = new Uint8Array(ASCII);
	let columns = 1;
	for (const char of words.join("")) {
		const lower = char.toLowerCase().charCodeAt(0);
		if (lower >= ASCII) throw new RangeError("An anchor is made of ASCII characters.");
		if (columnOf[lower] === 0) columnOf[lower] = columns++;
		columnOf[char.toUpperCase().charCodeAt(0)] = columnOf[lower] as number;
	}
	return { columnOf, columns };
}

/** States are numbered by their row's offset in `next`, which saves a multiplication for each character. */
function buildTrie(words: readonly string[], columnOf: Uint8Array, columns: number) {
	const rows = 1 + words.reduce((sum, word) => sum + word.length, 0);
	const next = new Int32Array(rows * columns);
	const endings: (number[] | undefined)[] = Array.from({ length: rows });
	let used = 1;
	for (const [index, word] of words.entries()) {
		let state = 0;
		for (let i = 0; i < word.length; i++) {
			const slot = state + (columnOf[word.charCodeAt(i)] as number);
			if (next[slot] === 0) next[slot] = columns * used++;
			state = next[slot] as number;
		}
		(endings[state / columns] ??= []).push(index);
	}
	linkFailures(next, endings, columns);
	// A state where a word ends is written as its complement: the loop over the text then asks for a sign, nothing more.
	for (let slot = 0; slot < used * columns; slot++) {
		const state = next[slot] as number;
		if (state !== 0 && endings[state / columns] !== undefined) next[slot] = ~state;
	}
	return { next, endings };
}

/** Breadth first: where a state has no child for a character, it goes where its longest proper suffix would go. */
function linkFailures(next: Int32Array, endings: (number[] | undefined)[], columns: number): void {
	const fallback = new Int32Array(endings.length);
	const queue: number[] = [];
	for (let column = 1; column < columns; column++) if (next[column] !== 0) queue.push(next[column] as number);
	for (const state of queue) {
		const suffix = fallback[state / columns] as number;
		const inherited = endings[suffix / columns];
		if (inherited !== undefined) endings[state / columns] = [...(endings[state / columns] ?? []), ...inherited];
		for (let column = 1; column < columns; column++) {
			const child = next[state + column] as number;
			const viaSuffix = next[suffix + column] as number;
			if (child === 0) next[state + column] = viaSuffix;
			else {
				fallback[child / columns] = viaSuffix;
				queue.push(child);
			}
		}
	}
}
