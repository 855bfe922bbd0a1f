// OTLP export requests in protobuf ↔ the same in the shape of OTLP/JSON. What is on the wire is in the JSON, also where it
// is a default value, and the other way round; so nothing is lost between the two but fields that OTLP does not know.
import protobuf, { type Reader, type Writer } from "protobufjs/minimal.js";
import type { Json } from "../model/fact.ts";
import { asObject, type JsonObject } from "./json.ts";
import { OTLP_DEPTH_MAX } from "./otlp-limits.ts";
import { type FieldRow, MESSAGES, REQUESTS, type Scalar } from "./otlp-messages.ts";
import { READ, readEnd, WIRE_TYPES, WRITE } from "./otlp-scalars.ts";
import type { OtlpSignal } from "./otlp-server.ts";

interface Message {
	fields: Field[];
	byNumber: (Field | undefined)[];
	/** Names of those of which only one is there. */
	choice: string[];
}

interface Field {
	name: string;
	number: number;
	wireType: number;
	list: boolean;
	chosen: boolean;
	/** Either of the two. */
	message?: Message;
	scalar?: Scalar;
}

const LENGTH_DELIMITED = 2;

const messages: ReadonlyMap<string, Message> = link();

/** Undefined for what is no such request. */
export function decodeOtlp(signal: OtlpSignal, body: Buffer): JsonObject | undefined {
	const message = messageOf(REQUESTS[signal]);
	try {
		return readMessage(message, protobuf.Reader.create(body), body.length, undefined, OTLP_DEPTH_MAX);
	} catch {
		return undefined;
	}
}

/** Values that are not of their field's type are left out. */
export function encodeOtlp(signal: OtlpSignal, json: JsonObject): Buffer {
	const writer = protobuf.Writer.create();
	writeMessage(messageOf(REQUESTS[signal]), writer, json);
	return Buffer.from(writer.finish());
}

/** Reads on into `before`, for a message may come in several pieces. */
function readMessage(
	message: Message,
	reader: Reader,
	end: number,
	before: JsonObject | undefined,
	depth: number,
): JsonObject {
	if (depth === 0) throw new RangeError("too deep");
	const into = before ?? {};
	let chosen = before && message.choice.find((name) => name in before);
	while (reader.pos < end) {
		const tag = reader.uint32();
		const field = message.byNumber[tag >>> 3];
		const wireType = tag & 7;
		if (tag >>> 3 === 0) throw new RangeError("no field has number 0");
		if (field?.wireType === wireType) {
			// Of a choice the last one counts.
			if (field.chosen && chosen !== undefined && chosen !== field.name) delete into[chosen];
			if (field.chosen) chosen = field.name;
			readField(field, reader, into, depth);
		} else if (field?.list && wireType === LENGTH_DELIMITED) readPacked(field, reader, into);
		else reader.skipType(wireType);
	}
	if (reader.pos > end) throw new RangeError("a field goes beyond the end of its message");
	return into;
}

function readField({ name, list, message, scalar }: Field, reader: Reader, into: JsonObject, depth: number): void {
	if (scalar) {
		const value = READ[scalar](reader);
		if (list) listIn(into, name).push(value);
		else into[name] = value;
	} else if (message) {
		const end = readEnd(reader);
		const before = list ? undefined : asObject(into[name]);
		const value = readMessage(message, reader, end, before, depth - 1) as Json;
		if (list) listIn(into, name).push(value);
		else into[name] = value;
	}
}

function readPacked({ name, scalar }: Field, reader: Reader, into: JsonObject): void {
	const list = listIn(into, name);
	const end = readEnd(reader);
	while (reader.pos < end) list.push(scalar ? READ[scalar](reader) : null);
	if (reader.pos > end) throw new RangeError("a number goes beyond the end of its list");
}

function listIn(into: JsonObject, name: string): Json[] {
	const before = into[name];
	if (Array.isArray(before)) return before;
	const list: Json[] = [];
	into[name] = list;
	return list;
}

function writeMessage(message: Message, writer: Writer, json: JsonObject): void {
	for (const field of message.fields) {
		const value = json[field.name];
		if (value === undefined || value === null) continue;
		if (!field.list) writeValue(field, writer, value);
		else if (Array.isArray(value)) writeList(field, writer, value);
	}
}

function writeList(field: Field, writer: Writer, list: Json[]): void {
	const { scalar, wireType } = field;
	if (scalar === undefined || wireType === LENGTH_DELIMITED || list.length === 0) {
		for (const item of list) writeValue(field, writer, item);
		return;
	}
	writer.uint32((field.number << 3) | LENGTH_DELIMITED).fork();
	for (const item of list) WRITE[scalar](writer, undefined, item);
	writer.ldelim();
}

function writeValue({ number, wireType, message, scalar }: Field, writer: Writer, value: Json): void {
	const tag = (number << 3) | wireType;
	if (scalar) WRITE[scalar](writer, tag, value);
	const object = message && asObject(value);
	if (message === undefined || object === undefined) return;
	writer.uint32(tag).fork();
	writeMessage(message, writer, object);
	writer.ldelim();
}

function messageOf(name: string): Message {
	const message = messages.get(name);
	if (message === undefined) throw new Error(`OTLP has no message ${name}`);
	return message;
}

/** The table with names replaced by what they name. */
function link(): Map<string, Message> {
	const linked = new Map<string, Message>();
	for (const name of Object.keys(MESSAGES)) linked.set(name, { fields: [], byNumber: [], choice: [] });
	for (const [name, rows] of Object.entries(MESSAGES)) {
		const message = linked.get(name);
		for (const [fieldName, row] of Object.entries(rows)) {
			const field = linkField(fieldName, row, linked);
			message?.fields.push(field);
			if (message) message.byNumber[field.number] = field;
			if (field.chosen) message?.choice.push(fieldName);
		}
	}
	return linked;
}

function linkField(name: string, [number, type, rule]: FieldRow, linked: ReadonlyMap<string, Message>): Field {
	const common = { name, number, list: rule === "list", chosen: rule === "one of" };
	const message = linked.get(type);
	if (message) return { ...common, message, wireType: LENGTH_DELIMITED };
	if (!isScalar(type)) throw new Error(`OTLP has no type ${type}`);
	return { ...common, scalar: type, wireType: WIRE_TYPES[type] };
}

function isScalar(type: string): type is Scalar {
	return type in WIRE_TYPES;
}
