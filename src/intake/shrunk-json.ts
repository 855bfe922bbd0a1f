// Members and elements, one after the other → JSON text of limited size. Whoever writes asks first how much room there
// is; the punctuation around what is written is counted too, so that a million empty lists take no more than the limit.

export interface ShrinkLimits {
	/** Bytes kept while there is room. */
	head: number;
	/** Further bytes for small values near the top, once the head is full. */
	tail: number;
	/** Longest string, as it stands in the JSON. */
	string: number;
}

/** Longest key; a member with a longer one is left out. */
export const KEY_MAX = 256;
/** Longest number. */
export const SCALAR_MAX = 64;
/** Longest string kept out of the tail's budget: an id fits, a text does not. */
const TAIL_STRING_MAX = 512;
/** Depths whose small values may use the tail: members of the body, and members of those. */
const TAIL_DEPTH = 2;
/** What the last member may exceed its budget by: its key, and the closing brackets of everything around it. */
const OVERSHOOT = 2 * KEY_MAX + TAIL_STRING_MAX;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;

export class ShrunkJson {
	/** Bytes written so far. */
	length = 0;
	private readonly out: Buffer;
	private readonly limits: ShrinkLimits;
	private head: number;
	private tail: number;

	constructor(limits: ShrinkLimits) {
		this.out = Buffer.allocUnsafe(limits.head + limits.tail + OVERSHOOT);
		this.limits = limits;
		this.head = limits.head;
		this.tail = limits.tail;
	}

	/** Bytes that a string may have at this depth; 0: none. */
	roomForString(depth: number): number {
		if (this.head > 0) return Math.min(this.head, this.limits.string);
		return depth <= TAIL_DEPTH ? Math.max(0, Math.min(this.tail, TAIL_STRING_MAX)) : 0;
	}

	hasRoomForScalar(depth: number): boolean {
		return this.head > 0 ? this.head >= SCALAR_MAX : depth <= TAIL_DEPTH && this.tail >= SCALAR_MAX;
	}

	/** The values of the body's own members are opened while there is any room: what is small inside may still fit. */
	hasRoomForContainer(depth: number): boolean {
		return this.head > 0 || (depth === 1 && this.tail > 0);
	}

	/** What stands between this value and the one before it; `key` in an object, undefined in an array. */
	separate(first: boolean, key: readonly number[] | undefined): void {
		const start = this.length;
		if (!first) this.put(COMMA);
		if (key !== undefined) {
			this.put(QUOTE);
			for (const byte of key) this.put(byte);
			this.put(QUOTE);
			this.put(COLON);
		}
		// With the brackets or quotes of the value to come.
		this.spend(this.length - start + 2);
	}

	put(byte: number): void {
		this.out[this.length++] = byte;
	}

	/** Counts what was put since `start`. */
	count(start: number): void {
		this.spend(this.length - start);
	}

	toString(): string {
		return this.out.toString("utf8", 0, this.length);
	}

	private spend(bytes: number): void {
		if (this.head > 0) this.head = Math.max(0, this.head - bytes);
		else this.tail -= bytes;
	}
}
