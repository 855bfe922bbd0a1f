// One value of the wire ↔ one value of OTLP/JSON. Numbers of 64 bits are decimal strings there, for a number of
// JavaScript would round them; doubles that JSON has no number for are the strings that protobuf's JSON gives them.
import type { Reader, Writer } from "protobufjs/minimal.js";
import type { Json } from "../model/fact.ts";
import type { Scalar } from "./otlp-messages.ts";

export const WIRE_TYPES = {
	bool: 0,
	enum: 0,
	uint32: 0,
	sint32: 0,
	int64: 0,
	uint64: 0,
	fixed64: 1,
	sfixed64: 1,
	double: 1,
	string: 2,
	bytes: 2,
	id: 2,
	fixed32: 5,
} satisfies Record<Scalar, 0 | 1 | 2 | 5>;

export const READ: Record<Scalar, (reader: Reader) => Json> = {
	bool: (reader) => reader.bool(),
	enum: (reader) => reader.int32(),
	uint32: (reader) => reader.uint32(),
	sint32: (reader) => reader.sint32(),
	int64: (reader) => readVarint(reader, true),
	uint64: (reader) => readVarint(reader, false),
	fixed64: (reader) => decimal(reader.fixed32(), reader.fixed32()),
	sfixed64: (reader) => decimal(reader.fixed32(), reader.fixed32() | 0),
	double: (reader) => fromDouble(reader.double()),
	string: readString,
	bytes: (reader) => readBytes(reader, "base64"),
	id: (reader) => readBytes(reader, "hex"),
	fixed32: (reader) => reader.fixed32(),
};

type Write = (writer: Writer, tag: number | undefined, value: Json) => void;

/** Without a tag where the value lies in a packed list. Writes nothing where the value is none of that type. */
export const WRITE: Record<Scalar, Write> = {
	bool(writer, tag, value) {
		if (typeof value === "boolean") tagged(writer, tag).bool(value);
	},
	enum: writeNumber((writer, value) => writer.int32(value)),
	uint32: writeNumber((writer, value) => writer.uint32(value)),
	sint32: writeNumber((writer, value) => writer.sint32(value)),
	int64: writeLong((writer, low, high) => writer.int64({ low, high, unsigned: false })),
	uint64: writeLong((writer, low, high) => writer.uint64({ low, high, unsigned: true })),
	fixed64: writeLong((writer, low, high) => writer.fixed32(low).fixed32(high)),
	sfixed64: writeLong((writer, low, high) => writer.fixed32(low).fixed32(high)),
	double(writer, tag, value) {
		const number = typeof value === "string" && value !== "" ? Number(value) : value;
		if (typeof number !== "number" || (typeof value === "string" && Number.isNaN(number) && value !== "NaN")) return;
		tagged(writer, tag).double(number);
	},
	string(writer, tag, value) {
		if (typeof value === "string") tagged(writer, tag).string(value);
	},
	bytes: writeBytes("base64"),
	id: writeBytes("hex"),
	fixed32: writeNumber((writer, value) => writer.fixed32(value)),
};

/** Where a message, a string or a packed list ends. The library would read on to the end of all bytes instead. */
export function readEnd(reader: Reader): number {
	const length = reader.uint32();
	const end = reader.pos + length;
	if (end > reader.len) throw new RangeError("cut off");
	return end;
}

function readString(reader: Reader): string {
	const start = reader.pos;
	readEnd(reader);
	reader.pos = start;
	return reader.string();
}

function readBytes(reader: Reader, encoding: BufferEncoding): string {
	const end = readEnd(reader);
	const start = reader.pos;
	reader.pos = end;
	return (reader.buf as Buffer).toString(encoding, start, end);
}

/** The library's own needs a package for 64 bits, or rounds them. */
function readVarint(reader: Reader, signed: boolean): string {
	let low = 0;
	let high = 0;
	for (let shift = 0; shift < 70; shift += 7) {
		const byte = reader.buf[reader.pos];
		if (byte === undefined || reader.pos >= reader.len) throw new RangeError("cut off");
		reader.pos++;
		const bits = byte & 0x7f;
		if (shift < 28) low |= bits << shift;
		else if (shift === 28) {
			low |= bits << 28;
			high = bits >>> 4;
		} else if (shift < 63) high |= bits << (shift - 32);
		else high |= (bits & 1) << 31;
		if (byte < 0x80) return decimal(low >>> 0, signed ? high | 0 : high >>> 0);
	}
	throw new RangeError("a number without end");
}

/** `high` with a sign makes a number with a sign. */
function decimal(low: number, high: number): string {
	const number = high * 0x1_0000_0000 + low;
	return Number.isSafeInteger(number) ? String(number) : String((BigInt(high) << 32n) + BigInt(low));
}

function fromDouble(value: number): Json {
	return Number.isFinite(value) ? value : String(value);
}

function writeNumber(write: (writer: Writer, value: number) => void): Write {
	return (writer, tag, value) => {
		const number = typeof value === "string" && value !== "" ? Number(value) : value;
		if (typeof number === "number" && Number.isInteger(number)) write(tagged(writer, tag), number);
	};
}

function writeLong(write: (writer: Writer, low: number, high: number) => void): Write {
	return (writer, tag, value) => {
		const isWhole = typeof value === "string" ? /^-?\d{1,20}$/.test(value) : Number.isInteger(value);
		if (!isWhole || (typeof value !== "string" && typeof value !== "number")) return;
		const bits = BigInt.asUintN(64, BigInt(value));
		write(tagged(writer, tag), Number(bits & 0xffff_ffffn), Number(bits >> 32n));
	};
}

function writeBytes(encoding: BufferEncoding): Write {
	return (writer, tag, value) => {
		if (typeof value === "string") tagged(writer, tag).bytes(Buffer.from(value, encoding));
	};
}

function tagged(writer: Writer, tag: number | undefined): Writer {
	return tag === undefined ? writer : writer.uint32(tag);
}
