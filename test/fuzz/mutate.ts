// A recorded sample and random numbers that repeat → the same sample gone wrong: as bytes (flipped, cut, doubled, with
// another's in the midst) or as JSON (values and names of another kind, nested without end, keys that stand twice).
import type { Json } from "../../src/model/fact.ts";
import type { Random } from "../support/seed.ts";

/** Names that an object has without being given them, and ours that are worth to be found in a wrong place. */
const NAMES = [
	"__proto__",
	"constructor",
	"prototype",
	"toString",
	"hasOwnProperty",
	"valueOf",
	"length",
	"key",
	"value",
	"",
	"\0",
	"\ud800",
	"a".repeat(300),
];
const TEXTS = [
	"",
	" ",
	"\0",
	"\ud800",
	"x\udc00y",
	"\uFEFF",
	"\u2028\r\n",
	"__proto__",
	"constructor",
	"toString",
	"../../../etc/passwd",
	"-1",
	"1e999",
	"NaN",
	"Infinity",
	"+275760-09-13T00:00:00.000Z",
	"-271821-04-20T00:00:00.000Z",
	"0000-00-00",
	"99999999999999999999",
	"<task-notification>",
	"Exit code 99999999999999999999999",
	"%E0%A4%A",
	"\u001b[2J",
	"é".repeat(50),
	"A".repeat(5_000),
];
const NUMBERS = [
	0,
	-0,
	-1,
	0.5,
	1e-300,
	1e21,
	1e300,
	1.7976931348623157e308,
	2 ** 31,
	2 ** 32,
	2 ** 53,
	2 ** 63,
	2 ** 64,
	-(2 ** 63),
	8.64e15,
	8.64e15 + 1,
];
/** What no JSON.stringify writes: stands in for a value. */
const RAW = [
	"1e999",
	"-1e999",
	"9".repeat(400),
	`0.${"1".repeat(400)}`,
	'{"__proto__":{"polluted":true}}',
	'{"constructor":{"prototype":{"polluted":true}}}',
	'{"a":1,"a":{"b":2},"a":[3]}',
	'{"stringValue":{"intValue":[1]}}',
	"[]",
	"{}",
	"[[],[[]],{}]",
	'"\\ud800"',
	'"\\u0000"',
];
/** Cheap to parse, and deep enough for whoever walks by recursion. */
const DEPTHS = [33, 41, 101, 500, 4_000, 20_000];
const TOKENS = [
	...RAW,
	'"__proto__":{"polluted":1},',
	'"tool_input":',
	",",
	":",
	'"',
	"\\",
	"\\u",
	"{",
	"}",
	"[",
	"]",
	"\n",
	"\r\n",
	"\0",
	"null",
	"/*",
	"//",
].map((text) => Buffer.from(text));
const BYTES = [
	Buffer.of(0xff),
	Buffer.of(0xc0, 0x80),
	Buffer.of(0xed, 0xa0, 0x80),
	Buffer.of(0xf4, 0x90, 0x80, 0x80),
	Buffer.of(0xe2, 0x82),
	// Varints that do not end, that are as long as they may be, and lengths beyond every body.
	Buffer.alloc(12, 0xff),
	Buffer.alloc(10, 0x80),
	Buffer.of(0xff, 0xff, 0xff, 0xff, 0x0f),
	Buffer.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
	Buffer.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x07),
	Buffer.of(0x0b),
	Buffer.of(0x00),
];
const CHANGES_MAX = 4;

/** Lengths of what is inserted or doubled: most are short. */
const RUN_MAX = 64;

export interface Mutator {
	/** `others`: of the same kind, to be mixed in. */
	bytes(sample: Buffer, others: readonly Buffer[]): Buffer;
	/** The text of a changed value; now and then one that is no JSON any more. */
	text(sample: Json): string;
	/** A changed value, as JSON.parse gives it. */
	json(sample: Json): Json;
}

export function createMutator(random: Random): Mutator {
	function bytes(sample: Buffer, others: readonly Buffer[]): Buffer {
		let changed = sample;
		for (let left = random.int(1, CHANGES_MAX); left > 0; left--) changed = changeBytes(changed, others);
		return changed;
	}

	function changeBytes(sample: Buffer, others: readonly Buffer[]): Buffer {
		const at = random.int(0, sample.length);
		const end = Math.min(sample.length, at + random.int(1, random.chance(0.1) ? 4096 : RUN_MAX));
		const insert = (middle: Buffer, from = at) =>
			Buffer.concat([sample.subarray(0, at), middle, sample.subarray(from)]);
		switch (random.int(0, 8)) {
			case 0:
				return withByte(sample, at, (byte) => byte ^ (1 << random.int(0, 7)));
			case 1:
				return withByte(sample, at, () => random.pick([0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5c, random.int(0, 255)]));
			case 2:
				return insert(random.pick(TOKENS), random.chance(0.5) ? end : at);
			case 3:
				return insert(random.pick(BYTES), random.chance(0.5) ? end : at);
			case 4:
				return insert(Buffer.alloc(0), end);
			case 5:
				return sample.subarray(0, at);
			case 6:
				return insert(sample.subarray(at, end));
			case 7: {
				const other = random.pick(others);
				const from = random.int(0, other.length);
				return insert(other.subarray(from, random.chance(0.5) ? other.length : from + RUN_MAX));
			}
			default:
				return insert(Buffer.from(deepText(random.pick(DEPTHS))), random.chance(0.5) ? end : at);
		}
	}

	function deepText(depth: number): string {
		const open = random.pick(["[", '{"a":', '[{"a":', '{"arrayValue":{"values":[']);
		const close = [...open].filter((char) => "[{".includes(char)).map((char) => (char === "[" ? "]" : "}"));
		return open.repeat(depth) + "1" + close.toReversed().join("").repeat(depth);
	}

	function text(sample: Json): string {
		const raw: string[] = [];
		let changed = sample;
		for (let left = random.int(1, CHANGES_MAX); left > 0; left--) changed = changeJson(changed, raw);
		const written = JSON.stringify(changed).replace(/"@raw(\d+)@"/g, (_all, index) => raw[Number(index)] ?? "0");
		return random.chance(0.1) ? bytes(Buffer.from(written), [Buffer.from(written)]).toString() : written;
	}

	function json(sample: Json): Json {
		for (;;) {
			try {
				return JSON.parse(text(sample));
			} catch {
				// One that is no JSON any more: the next one is.
			}
		}
	}

	/** Changes one place of it, rather near its leaves. */
	function changeJson(value: Json, raw: string[]): Json {
		const deeper = typeof value === "object" && value !== null && Object.keys(value).length > 0 && random.chance(0.85);
		if (!deeper) return random.chance(0.3) && typeof value === "string" ? changeText(value) : anyValue(value, raw);
		if (Array.isArray(value)) {
			const at = random.int(0, value.length - 1);
			const item = value[at] as Json;
			if (random.chance(0.1)) return value.toSpliced(at, 1);
			if (random.chance(0.1)) return [...value, ...Array<Json>(random.int(1, 40)).fill(item)];
			return value.with(at, changeJson(item, raw));
		}
		const entries = Object.entries(value);
		const at = random.int(0, entries.length - 1);
		const [name, item] = entries[at] as [string, Json];
		const chance = random.next();
		if (chance < 0.05) entries.splice(at, 1);
		else if (chance < 0.15) entries[at] = [anyName(value), item];
		else if (chance < 0.25) entries.push([anyName(value), anyValue(item, raw)]);
		else entries[at] = [name, changeJson(item, raw)];
		// Sets what an assignment would not: a member named __proto__.
		return Object.fromEntries(entries);
	}

	function anyName(holder: { [key: string]: Json }): string {
		return random.chance(0.4) ? random.pick(Object.keys(holder)) : random.pick(NAMES);
	}

	function anyValue(before: Json, raw: string[]): Json {
		switch (random.int(0, 7)) {
			case 0:
				return null;
			case 1:
				return random.chance(0.5);
			case 2:
				return random.pick(NUMBERS);
			case 3:
				return random.pick(TEXTS);
			case 4:
				return [before, before];
			case 5:
				return Object.fromEntries([[random.pick(NAMES), before]]);
			case 6:
				raw.push(random.pick(RAW));
				return `@raw${raw.length - 1}@`;
			default:
				raw.push(random.chance(0.3) ? deepText(random.pick(DEPTHS)) : String(random.pick(NUMBERS)));
				return `@raw${raw.length - 1}@`;
		}
	}

	function changeText(value: string): string {
		const at = random.int(0, value.length);
		if (random.chance(0.3)) return value.slice(0, at);
		return value.slice(0, at) + random.pick(TEXTS) + value.slice(random.chance(0.5) ? at : at + 1);
	}

	return { bytes, text, json };
}

function withByte(sample: Buffer, at: number, change: (byte: number) => number): Buffer {
	const changed = Buffer.from(sample);
	if (at < changed.length) changed[at] = change(changed[at] as number);
	return changed;
}
