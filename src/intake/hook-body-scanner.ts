// A JSON object, byte by byte and chopped anywhere → the same object in few bytes: long strings cut, what exceeds the
// budget left out, everything small kept wherever it stands. Where it cut depends on the bytes alone, not on the chops.

export interface ScanLimits {
	/** Bytes kept while there is room. */
	head: number;
	/** Further bytes for small values near the top, once the head is full. */
	tail: number;
	/** Longest string, as it stands in the JSON. */
	string: number;
}

export interface HookBodyScanner {
	push(chunk: Uint8Array): void;
	/** The shortened JSON, or undefined where the bytes are no complete object. */
	text(): string | undefined;
	/** Top-level keys whose value was shortened → bytes of their full JSON. */
	cut(): Record<string, number> | undefined;
}

const DEPTH_MAX = 32;
const KEY_MAX = 256;
const SCALAR_MAX = 64;
/** Longest string kept out of the tail's budget: an id fits, a text does not. */
const TAIL_STRING_MAX = 512;
/** Depths whose small values may use the tail: members of the body, and members of those. */
const TAIL_DEPTH = 2;
/** Room for quotes, commas and closing brackets, which no budget counts. */
const PUNCTUATION = 4 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const LETTER_U = 0x75;

/** States of an escape inside a string: behind the backslash, or digits of a \u escape to come. */
const AT_LETTER = 5;
const HEX_DIGITS = 4;

/** What the next byte belongs to. */
type State =
	| "value"
	| "key"
	| "colon"
	| "next"
	| "string"
	| "keyString"
	| "scalar"
	| "skip"
	| "skipString"
	| "done"
	| "broken";

export function createHookBodyScanner(limits: ScanLimits): HookBodyScanner {
	const out = Buffer.allocUnsafe(limits.head + limits.tail + PUNCTUATION);
	const cuts = new Map<string, number>();
	/** Open containers that are being copied, outermost first. */
	const stack: { array: boolean; members: number }[] = [];
	let head = limits.head;
	let tail = limits.tail;
	let length = 0;
	let state: State = "value";

	/** Bytes of all earlier chunks. */
	let before = 0;
	let topKey = "";
	let topStart = 0;
	let topCut = false;

	let key: number[] = [];
	let scalar: number[] = [];
	/** Inside a string: bytes of an escape still to come; where its copy began, must end, and may end without splitting a character. */
	let escape = 0;
	let stringStart = 0;
	let stringEnd = 0;
	let whole = 0;
	let copying = false;
	/** Open containers inside a value that is skipped. */
	let skipped = 0;

	return {
		push(chunk) {
			let at = 0;
			while (at < chunk.length && state !== "broken") at = step(chunk, at);
			before += chunk.length;
		},
		text: () => (state === "done" ? out.toString("utf8", 0, length) : undefined),
		cut: () => (cuts.size === 0 ? undefined : Object.fromEntries(cuts)),
	};

	/** Reads one byte, or a run of bytes that are alike; answers where to go on. */
	function step(chunk: Uint8Array, at: number): number {
		const byte = chunk[at] as number;
		switch (state) {
			case "string":
				return copyString(chunk, at);
			case "skipString":
				return passString(chunk, at);
			case "skip":
				return passContainer(chunk, at);
			case "keyString":
				return readKey(byte, at);
			case "scalar":
				return readScalar(byte, at);
			default:
				if (!isSpace(byte)) readStructure(byte, before + at);
				return at + 1;
		}
	}

	function readStructure(byte: number, offset: number): void {
		const top = stack.at(-1);
		if (state === "value") {
			if (byte === CLOSE_ARRAY && top?.array && top.members === 0) close(offset);
			else beginValue(byte, offset);
		} else if (state === "key" && byte === QUOTE) {
			key = [];
			escape = 0;
			state = "keyString";
		} else if (state === "colon" && byte === COLON) {
			state = "value";
		} else if (state === "next" && byte === COMMA) {
			state = top?.array ? "value" : "key";
		} else if (byte === (top?.array ? CLOSE_ARRAY : CLOSE_OBJECT) && top !== undefined && state !== "colon") {
			close(offset);
		} else {
			state = "broken";
		}
	}

	function beginValue(byte: number, offset: number): void {
		const depth = stack.length;
		if (depth === 0) {
			if (byte === OPEN_OBJECT) open(false);
			else state = "broken";
			return;
		}
		if (depth === 1) {
			topKey = decodeKey(key);
			topStart = offset;
			topCut = false;
		}
		const wanted = stack.at(-1)?.array === true || (key.length <= KEY_MAX && !isCallContent());
		if (byte === QUOTE) beginString(wanted ? allowance(depth, limits.string, TAIL_STRING_MAX) : 0);
		else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY)
			beginContainer(byte === OPEN_ARRAY, wanted && depth < DEPTH_MAX);
		else {
			copying = wanted && allowance(depth, SCALAR_MAX, SCALAR_MAX) >= SCALAR_MAX;
			scalar = [byte];
			state = "scalar";
		}
	}

	function beginString(room: number): void {
		escape = 0;
		if (room <= 0) {
			topCut = true;
			state = "skipString";
			return;
		}
		writeSeparator();
		out[length++] = QUOTE;
		stringStart = length;
		stringEnd = length + room;
		whole = length;
		state = "string";
	}

	function beginContainer(array: boolean, wanted: boolean): void {
		if (wanted && (head > 0 || (tail > 0 && stack.length === 1))) {
			writeSeparator();
			open(array);
			return;
		}
		topCut = true;
		skipped = 1;
		state = "skip";
	}

	/** PostToolBatch repeats every input and output of its calls; only their ids and names are needed from it. */
	function isCallContent(): boolean {
		if (stack.length !== 3 || topKey !== "tool_calls") return false;
		const name = decodeKey(key);
		return name === "tool_input" || name === "tool_response";
	}

	function allowance(depth: number, most: number, mostOfTail: number): number {
		if (head > 0) return Math.min(head, most);
		return depth <= TAIL_DEPTH ? Math.min(tail, mostOfTail) : 0;
	}

	function spend(bytes: number): void {
		if (head > 0) head = Math.max(0, head - bytes);
		else tail -= bytes;
	}

	function writeSeparator(): void {
		const top = stack.at(-1);
		if (top === undefined) return;
		const start = length;
		if (top.members++ > 0) out[length++] = COMMA;
		if (!top.array) {
			out[length++] = QUOTE;
			for (const byte of key) out[length++] = byte;
			out[length++] = QUOTE;
			out[length++] = COLON;
		}
		// With the brackets or quotes of the value to come.
		spend(length - start + 2);
	}

	function open(array: boolean): void {
		out[length++] = array ? OPEN_ARRAY : OPEN_OBJECT;
		stack.push({ array, members: 0 });
		state = array ? "value" : "key";
	}

	function close(offset: number): void {
		const container = stack.pop();
		out[length++] = container?.array ? CLOSE_ARRAY : CLOSE_OBJECT;
		endValue(offset + 1);
	}

	function endValue(end: number): void {
		if (stack.length === 1 && topCut) cuts.set(topKey, end - topStart);
		state = stack.length === 0 ? "done" : "next";
	}

	function copyString(chunk: Uint8Array, from: number): number {
		for (let at = from; at < chunk.length; at++) {
			const byte = chunk[at] as number;
			const startsCharacter = escape === 0 && (byte & 0xc0) !== 0x80;
			if (startsCharacter) whole = length;
			if (startsCharacter && byte === QUOTE) {
				endCopy();
				endValue(before + at + 1);
				return at + 1;
			}
			if (length === stringEnd) {
				length = whole;
				endCopy();
				topCut = true;
				state = "skipString";
				return at;
			}
			if (escape === AT_LETTER) escape = byte === LETTER_U ? HEX_DIGITS : 0;
			else if (escape > 0) escape--;
			else if (byte === BACKSLASH) escape = AT_LETTER;
			out[length++] = byte;
		}
		return chunk.length;
	}

	function endCopy(): void {
		spend(length - stringStart);
		out[length++] = QUOTE;
	}

	function passString(chunk: Uint8Array, from: number): number {
		let at = escape === AT_LETTER ? from + 1 : from;
		escape = 0;
		for (; at < chunk.length; at++) {
			const byte = chunk[at];
			if (byte === BACKSLASH) {
				at++;
				if (at === chunk.length) escape = AT_LETTER;
			} else if (byte === QUOTE) {
				if (skipped > 0) state = "skip";
				else endValue(before + at + 1);
				return at + 1;
			}
		}
		return at;
	}

	function passContainer(chunk: Uint8Array, from: number): number {
		for (let at = from; at < chunk.length; at++) {
			const byte = chunk[at];
			if (byte === QUOTE) {
				escape = 0;
				state = "skipString";
				return at + 1;
			}
			if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) skipped++;
			else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --skipped === 0) {
				endValue(before + at + 1);
				return at + 1;
			}
		}
		return chunk.length;
	}

	function readKey(byte: number, at: number): number {
		if (escape === 0 && byte === QUOTE) {
			state = "colon";
			return at + 1;
		}
		escape = escape === 0 && byte === BACKSLASH ? AT_LETTER : 0;
		if (key.length <= KEY_MAX) key.push(byte);
		return at + 1;
	}

	function readScalar(byte: number, at: number): number {
		if (byte !== COMMA && byte !== CLOSE_OBJECT && byte !== CLOSE_ARRAY && !isSpace(byte)) {
			if (scalar.length < SCALAR_MAX) scalar.push(byte);
			else copying = false;
			return at + 1;
		}
		if (copying) {
			writeSeparator();
			for (const digit of scalar) out[length++] = digit;
			spend(scalar.length);
		} else topCut = true;
		endValue(before + at);
		return at;
	}
}

function isSpace(byte: number): boolean {
	return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function decodeKey(key: number[]): string {
	const raw = Buffer.from(key).toString("utf8");
	if (!raw.includes("\\")) return raw;
	try {
		return String(JSON.parse(`"${raw}"`));
	} catch {
		return raw;
	}
}
