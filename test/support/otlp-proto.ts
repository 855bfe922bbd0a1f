// OTLP's own .proto files, as Elastic's mock server loads them: the wire format in words that are not ours. Goes out:
// messages as bytes, bytes as messages, and random messages in the shape of OTLP/JSON.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import type { Field, Root, Type } from "protobufjs";
import type { JsonObject } from "../../src/intake/json.ts";
import type { OtlpSignal } from "../../src/intake/otlp-server.ts";
import type { Json } from "../../src/model/fact.ts";

const requireHere = createRequire(import.meta.url);
const mockServer = dirname(fileURLToPath(import.meta.resolve("@elastic/mockotlpserver")));
const { getProtoRoot } = requireHere(join(mockServer, "proto.js")) as { getProtoRoot(): Root };

const REQUESTS = {
	logs: "opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest",
	metrics: "opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest",
	traces: "opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest",
} satisfies Record<OtlpSignal, string>;

/** AnyValue holds itself. */
const NESTING_MAX = 4;
const LIST_MAX = 3;

export function requestType(signal: OtlpSignal): Type {
	return getProtoRoot().lookupType(REQUESTS[signal]);
}

export function toWire(signal: OtlpSignal, json: JsonObject): Buffer {
	const type = requestType(signal);
	return Buffer.from(type.encode(type.fromObject(withBytes(type, json) as Record<string, unknown>)).finish());
}

/** Every field of every message, with any value that its type allows. */
export function anyRequest(signal: OtlpSignal): fc.Arbitrary<JsonObject> {
	return anyMessage(requestType(signal), 0);
}

function anyMessage(type: Type, nesting: number): fc.Arbitrary<JsonObject> {
	const choice = new Set(type.oneofsArray.filter((one) => !isOptional(one.name)).flatMap((one) => one.oneof));
	const plain = type.fieldsArray.filter((field) => !choice.has(field.name));
	const fields = fc.record(Object.fromEntries(plain.map((field) => [field.name, anyField(field, nesting)])), {
		requiredKeys: [],
	});
	if (choice.size === 0) return fields;
	const chosen = type.fieldsArray.filter(
		(field) => choice.has(field.name) && !(isDeep(field) && nesting > NESTING_MAX),
	);
	const one = fc.oneof(
		...chosen.map((field) => anyField(field, nesting).map((value): JsonObject => ({ [field.name]: value }))),
	);
	return fc.tuple(fields, fc.option(one, { nil: {} })).map(([some, other]) => ({ ...some, ...other }));
}

/** `optional double sum` is a oneof of its own to the parser. */
function isOptional(oneof: string): boolean {
	return oneof.startsWith("_");
}

function isDeep(field: Field): boolean {
	return field.type.endsWith("ArrayValue") || field.type.endsWith("KeyValueList");
}

function anyField(field: Field, nesting: number): fc.Arbitrary<Json> {
	const one = anyItem(field, nesting);
	return field.repeated ? fc.array(one, { minLength: 1, maxLength: LIST_MAX }) : one;
}

function anyItem(field: Field, nesting: number): fc.Arbitrary<Json> {
	field.resolve();
	const { resolvedType } = field;
	if (resolvedType !== null && "values" in resolvedType) return fc.constantFrom(...Object.values(resolvedType.values));
	if (resolvedType !== null)
		return fc.constant(null).chain(() => anyMessage(resolvedType, nesting + 1) as fc.Arbitrary<Json>);
	const whole = (min: bigint, max: bigint) => fc.bigInt({ min, max }).map(String);
	switch (field.type) {
		case "string":
			return fc.string({ unit: "grapheme" });
		case "bytes":
			return fc.uint8Array().map((bytes) => Buffer.from(bytes).toString(isId(field) ? "hex" : "base64"));
		case "bool":
			return fc.boolean();
		case "double":
			return fc.double().map((value) => (Number.isFinite(value) ? value : String(value)));
		case "uint32":
		case "fixed32":
			return fc.nat(0xffff_ffff);
		case "sint32":
			return fc.integer();
		case "int64":
		case "sfixed64":
			return whole(-(2n ** 63n), 2n ** 63n - 1n);
		case "uint64":
		case "fixed64":
			return whole(0n, 2n ** 64n - 1n);
		default:
			throw new Error(`OTLP has got a type that this does not know: ${field.type}`);
	}
}

function isId(field: Field): boolean {
	return field.name.endsWith("Id");
}

/** What the library's own JSON has otherwise: ids are base64 there. */
function withBytes(type: Type, json: JsonObject): JsonObject {
	return Object.fromEntries(
		Object.entries(json).map(([name, value]) => {
			const field = type.fields[name];
			const one = (item: Json): Json => {
				if (field?.resolvedType && "fields" in field.resolvedType) {
					return withBytes(field.resolvedType, item as JsonObject) as Json;
				}
				if (field?.type === "bytes" && isId(field)) return Buffer.from(String(item), "hex").toString("base64");
				return field?.type === "double" ? Number(item) : item;
			};
			return [name, Array.isArray(value) ? value.map(one) : one(value ?? null)];
		}),
	);
}
