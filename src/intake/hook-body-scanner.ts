// A JSON object, byte by byte and chopped anywhere → the same object in few bytes: long strings cut, what exceeds the
// budget left out, everything small kept wherever it stands. Where it cuts depends on the bytes alone, not on the chops.
import { KEY_MAX, SCALAR_MAX, type ShrinkLimits, ShrunkJson } from "./shrunk-json.ts";

const DEPTH_MAX = 32;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const LETTER_U = 0x75;

/** What the next byte belongs to. */
type State =
	| "value"
	| "key"
	| "colon"
	| "next"
	| "copy"
	| "keyText"
	| "scalar"
	| "skip"
	| "skipText"
	| "done"
	| "broken";

/** Bytes of an escape that are to come: the letter behind the backslash, or up to four digits behind `\u`. */
const AT_LETTER = 5;
const HEX_DIGITS = 4;

export class HookBodyScanner {
	private readonly out: ShrunkJson;
	private readonly cuts = new Map<string, number>();
	private state: State = "value";
	/** Open containers that are being copied, outermost first. */
	private readonly stack: { array: boolean; members: number }[] = [];
	/** Bytes of all earlier chunks. */
	private before = 0;
	/** The member of the body that is being read. */
	private topKey = "";
	private topStart = 0;
	private topCut = false;
	private key: number[] = [];
	private scalar: number[] = [];
	private scalarWanted = false;
	private escape = 0;
	/** Of the string that is copied: where its copy began, must end, and may end without splitting a character. */
	private textStart = 0;
	private textEnd = 0;
	private whole = 0;
	/** Open containers inside a value that is skipped. */
	private skipped = 0;

	constructor(limits: ShrinkLimits) {
		this.out = new ShrunkJson(limits);
	}

	push(chunk: Uint8Array): void {
		let at = 0;
		while (at < chunk.length && this.state !== "broken") at = this.step(chunk, at);
		this.before += chunk.length;
	}

	/** The shortened JSON, or undefined where the bytes are no complete object. */
	text(): string | undefined {
		return this.state === "done" ? this.out.toString() : undefined;
	}

	/** Top-level keys whose value was shortened → bytes of their full JSON. */
	cut(): Record<string, number> | undefined {
		return this.cuts.size === 0 ? undefined : Object.fromEntries(this.cuts);
	}

	/** Reads one byte, or a run of bytes that are alike; answers where to go on. */
	private step(chunk: Uint8Array, at: number): number {
		switch (this.state) {
			case "copy":
				return this.copyText(chunk, at);
			case "skipText":
				return this.skipText(chunk, at);
			case "skip":
				return this.skipContainer(chunk, at);
			case "keyText":
				return this.readKey(chunk[at] as number, at);
			case "scalar":
				return this.readScalar(chunk[at] as number, at);
			default:
				if (!isSpace(chunk[at] as number)) this.readStructure(chunk[at] as number, this.before + at);
				return at + 1;
		}
	}

	private readStructure(byte: number, offset: number): void {
		const inArray = this.stack.at(-1)?.array ?? false;
		if (this.state === "value" && !(byte === CLOSE_ARRAY && inArray)) return this.beginValue(byte, offset);
		if (this.state === "colon") {
			this.state = byte === COLON ? "value" : "broken";
		} else if (this.state === "key" && byte === QUOTE) {
			this.key = [];
			this.escape = 0;
			this.state = "keyText";
		} else if (this.state === "next" && byte === COMMA) {
			this.state = inArray ? "value" : "key";
		} else if (this.stack.length > 0 && byte === (inArray ? CLOSE_ARRAY : CLOSE_OBJECT)) {
			this.stack.pop();
			this.out.put(byte);
			this.endValue(offset + 1);
		} else this.state = "broken";
	}

	private beginValue(byte: number, offset: number): void {
		const depth = this.stack.length;
		if (depth === 0) {
			if (byte === OPEN_OBJECT) this.open(false);
			else this.state = "broken";
			return;
		}
		if (depth === 1) {
			this.topKey = decodeKey(this.key);
			this.topStart = offset;
			this.topCut = false;
		}
		const wanted = this.stack.at(-1)?.array === true || (this.key.length <= KEY_MAX && !this.isCallContent());
		if (byte === QUOTE) this.beginText(wanted ? this.out.roomForString(depth) : 0);
		else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
			this.beginContainer(byte === OPEN_ARRAY, wanted && depth < DEPTH_MAX && this.out.hasRoomForContainer(depth));
		} else {
			this.scalarWanted = wanted && this.out.hasRoomForScalar(depth);
			this.scalar = [byte];
			this.state = "scalar";
		}
	}

	/** PostToolBatch repeats every input and output of its calls; only their ids and names are needed from it. */
	private isCallContent(): boolean {
		if (this.stack.length !== 3 || this.topKey !== "tool_calls") return false;
		const name = decodeKey(this.key);
		return name === "tool_input" || name === "tool_response";
	}

	private beginText(room: number): void {
		this.escape = 0;
		if (room === 0) {
			this.topCut = true;
			this.state = "skipText";
			return;
		}
		this.separate();
		this.out.put(QUOTE);
		this.textStart = this.out.length;
		this.textEnd = this.textStart + room;
		this.state = "copy";
	}

	private beginContainer(array: boolean, wanted: boolean): void {
		if (wanted) {
			this.separate();
			this.open(array);
			return;
		}
		this.topCut = true;
		this.skipped = 1;
		this.state = "skip";
	}

	private separate(): void {
		const around = this.stack.at(-1);
		if (around !== undefined) this.out.separate(around.members++ === 0, around.array ? undefined : this.key);
	}

	private open(array: boolean): void {
		this.out.put(array ? OPEN_ARRAY : OPEN_OBJECT);
		this.stack.push({ array, members: 0 });
		this.state = array ? "value" : "key";
	}

	private endValue(end: number): void {
		if (this.stack.length === 1 && this.topCut) this.cuts.set(this.topKey, end - this.topStart);
		this.state = this.stack.length === 0 ? "done" : "next";
	}

	private copyText(chunk: Uint8Array, from: number): number {
		const { out } = this;
		for (let at = from; at < chunk.length; at++) {
			const byte = chunk[at] as number;
			const startsCharacter = this.escape === 0 && (byte & 0xc0) !== 0x80;
			if (startsCharacter) this.whole = out.length;
			const ended = startsCharacter && byte === QUOTE;
			if (ended || out.length === this.textEnd) {
				out.length = this.whole;
				out.count(this.textStart);
				out.put(QUOTE);
				if (ended) this.endValue(this.before + at + 1);
				else {
					this.topCut = true;
					this.state = "skipText";
				}
				return ended ? at + 1 : at;
			}
			if (this.escape === AT_LETTER) this.escape = byte === LETTER_U ? HEX_DIGITS : 0;
			else if (this.escape > 0) this.escape--;
			else if (byte === BACKSLASH) this.escape = AT_LETTER;
			out.put(byte);
		}
		return chunk.length;
	}

	private skipText(chunk: Uint8Array, from: number): number {
		let at = this.escape === AT_LETTER ? from + 1 : from;
		this.escape = 0;
		for (; at < chunk.length; at++) {
			const byte = chunk[at];
			if (byte === BACKSLASH) {
				at++;
				if (at === chunk.length) this.escape = AT_LETTER;
			} else if (byte === QUOTE) {
				if (this.skipped > 0) this.state = "skip";
				else this.endValue(this.before + at + 1);
				return at + 1;
			}
		}
		return chunk.length;
	}

	private skipContainer(chunk: Uint8Array, from: number): number {
		for (let at = from; at < chunk.length; at++) {
			const byte = chunk[at];
			if (byte === QUOTE) {
				this.state = "skipText";
				return at + 1;
			}
			if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) this.skipped++;
			else if ((byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) && --this.skipped === 0) {
				this.endValue(this.before + at + 1);
				return at + 1;
			}
		}
		return chunk.length;
	}

	private readKey(byte: number, at: number): number {
		if (this.escape === 0 && byte === QUOTE) {
			this.state = "colon";
			return at + 1;
		}
		this.escape = this.escape === 0 && byte === BACKSLASH ? AT_LETTER : 0;
		if (this.key.length <= KEY_MAX) this.key.push(byte);
		return at + 1;
	}

	private readScalar(byte: number, at: number): number {
		if (byte !== COMMA && byte !== CLOSE_OBJECT && byte !== CLOSE_ARRAY && !isSpace(byte)) {
			if (this.scalar.length < SCALAR_MAX) this.scalar.push(byte);
			else this.scalarWanted = false;
			return at + 1;
		}
		if (this.scalarWanted) {
			this.separate();
			const start = this.out.length;
			for (const digit of this.scalar) this.out.put(digit);
			this.out.count(start);
		} else this.topCut = true;
		this.endValue(this.before + at);
		// The delimiter is read again, as structure.
		return at;
	}
}

function isSpace(byte: number): boolean {
	return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function decodeKey(key: readonly number[]): string {
	const raw = Buffer.from(key).toString("utf8");
	if (!raw.includes("\\")) return raw;
	try {
		return String(JSON.parse(`"${raw}"`));
	} catch {
		return raw;
	}
}
