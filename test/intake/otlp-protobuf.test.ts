// Our reading and writing of OTLP's protobuf, against what others write: protobufjs with OTLP's own .proto files, and the
// serializers of the OpenTelemetry exporters.
import {
	JsonLogsSerializer,
	JsonMetricsSerializer,
	JsonTraceSerializer,
	ProtobufLogsSerializer,
	ProtobufMetricsSerializer,
	ProtobufTraceSerializer,
} from "@opentelemetry/otlp-transformer";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/intake/json.ts";
import { OTLP_DEPTH_MAX } from "../../src/intake/otlp-limits.ts";
import { decodeOtlp, encodeOtlp } from "../../src/intake/otlp-protobuf.ts";
import type { OtlpSignal } from "../../src/intake/otlp-server.ts";
import { recordedLogs, recordedMetrics, recordedSpans } from "../support/otel-sdk.ts";
import { canonical } from "../support/otlp-canonical.ts";
import { anyRequest, toWire } from "../support/otlp-proto.ts";
import { seeds } from "../support/seed.ts";

const SEEDS = seeds();
const RUNS_PER_SEED = 100;
const SIGNALS: readonly OtlpSignal[] = ["logs", "metrics", "traces"];

function holds<T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>): void {
	for (const seed of SEEDS) fc.assert(property, { seed, numRuns: RUNS_PER_SEED });
}

describe.each(SIGNALS)("%s", (signal) => {
	test("of any content are read as protobufjs has written them by OTLP's own files", () => {
		holds(
			fc.property(anyRequest(signal), (json) => {
				expect(decodeOtlp(signal, toWire(signal, json))).toEqual(json);
			}),
		);
	});

	test("of any content are written as protobufjs writes them by OTLP's own files, byte for byte", () => {
		holds(
			fc.property(anyRequest(signal), (json) => {
				expect(encodeOtlp(signal, json).toString("hex")).toBe(toWire(signal, json).toString("hex"));
			}),
		);
	});

	test("that were cut, or of which bytes were changed, never throw; what is still read can be written", () => {
		const anyChange = fc.record({ at: fc.nat(), byte: fc.nat(255), keep: fc.nat(), cut: fc.boolean() });
		holds(
			fc.property(anyRequest(signal), fc.array(anyChange, { minLength: 1, maxLength: 4 }), (json, changes) => {
				let bytes = toWire(signal, json);
				for (const { at, byte, keep, cut } of changes) {
					if (cut) bytes = bytes.subarray(0, keep % (bytes.length + 1));
					else if (bytes.length > 0) bytes[at % bytes.length] = byte;
				}
				const read = decodeOtlp(signal, bytes);
				expect(read && decodeOtlp(signal, encodeOtlp(signal, read))).toEqual(read);
			}),
		);
	});

	test("that are no such thing at all never throw", () => {
		holds(
			fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
				expect(typeof decodeOtlp(signal, Buffer.from(bytes))).toMatch(/^(?:object|undefined)$/);
			}),
		);
	});
});

describe("what the OpenTelemetry SDK recorded", () => {
	test("reads the same from its protobuf as from its JSON: log records", () => {
		const records = recordedLogs();
		expect(records.length).toBeGreaterThan(1);
		expectSameRead(
			"logs",
			ProtobufLogsSerializer.serializeRequest(records),
			JsonLogsSerializer.serializeRequest(records),
		);
	});

	test("reads the same from its protobuf as from its JSON: sums, gauges, both kinds of histograms", async () => {
		const metrics = await recordedMetrics();
		const protobuf = ProtobufMetricsSerializer.serializeRequest(metrics);
		expectSameRead("metrics", protobuf, JsonMetricsSerializer.serializeRequest(metrics));
		const kinds = ["sum", "gauge", "histogram", "exponentialHistogram"];
		const text = JSON.stringify(decodeOtlp("metrics", Buffer.from(protobuf ?? [])));
		expect(kinds.filter((kind) => !text.includes(`"${kind}":`))).toEqual([]);
	});

	test("reads the same from its protobuf as from its JSON: spans with events, links and state", async () => {
		const spans = await recordedSpans();
		expect(spans.length).toBe(2);
		expectSameRead(
			"traces",
			ProtobufTraceSerializer.serializeRequest(spans),
			JsonTraceSerializer.serializeRequest(spans),
		);
	});
});

describe("the wire allows what nobody writes:", () => {
	const nested = (depth: number) => {
		let value = Buffer.alloc(0);
		for (let level = 0; level < depth; level++) value = Buffer.concat([delimited(5, delimited(1, value))]);
		return delimited(1, delimited(2, delimited(2, delimited(5, value))));
	};

	test("values in values beyond the limit, which are refused before the stack ends", () => {
		expect(decodeOtlp("logs", nested(10))).toBeDefined();
		expect(decodeOtlp("logs", nested(OTLP_DEPTH_MAX))).toBeUndefined();
		expect(decodeOtlp("logs", nested(5_000))).toBeUndefined();
	});

	test("a message in two pieces, which are one", () => {
		const resource = (key: string) => delimited(1, delimited(1, delimited(1, Buffer.from(key))));
		const bytes = delimited(1, Buffer.concat([resource("a"), resource("b")]));
		expect(decodeOtlp("logs", bytes)).toEqual({
			resourceLogs: [{ resource: { attributes: [{ key: "a" }, { key: "b" }] } }],
		});
	});

	test("two values where one is to be chosen, of which the last counts", () => {
		const both = Buffer.concat([delimited(1, Buffer.from("text")), Buffer.of(0x10, 1)]);
		const bytes = delimited(1, delimited(2, delimited(2, delimited(5, both))));
		expect(decodeOtlp("logs", bytes)).toEqual({
			resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { boolValue: true } }] }] }],
		});
	});

	test("numbers of a list one by one instead of packed", () => {
		const bound = (value: number) => {
			const bytes = Buffer.alloc(9, 0x39);
			bytes.writeDoubleLE(value, 1);
			return bytes;
		};
		const point = Buffer.concat([bound(1), bound(2.5)]);
		const bytes = delimited(1, delimited(2, delimited(2, delimited(9, delimited(1, point)))));
		expect(JSON.stringify(decodeOtlp("metrics", bytes))).toContain('{"explicitBounds":[1,2.5]}');
	});

	test("fields that OTLP does not know, which are passed over", () => {
		const unknown = Buffer.concat([delimited(100, Buffer.from("x")), Buffer.of(0xb8, 0x06, 0x96, 0x01)]);
		expect(decodeOtlp("traces", unknown)).toEqual({});
	});
});

test("values that are not of their field's type are left out", () => {
	const json = {
		resourceLogs: [{ schemaUrl: 1, scopeLogs: [{ logRecords: [{ timeUnixNano: "x", flags: 1.5 }, 7] }] }],
	};
	const written = decodeOtlp("logs", encodeOtlp("logs", json));
	expect(written).toEqual({ resourceLogs: [{ scopeLogs: [{ logRecords: [{}] }] }] });
});

function expectSameRead(signal: OtlpSignal, protobuf: Uint8Array | undefined, json: Uint8Array | undefined): void {
	const read = decodeOtlp(signal, Buffer.from(protobuf ?? []));
	const told: JsonObject = JSON.parse(Buffer.from(json ?? []).toString());
	expect(read).toBeDefined();
	expect(canonical(read)).toEqual(canonical(told));
}

function delimited(field: number, bytes: Buffer): Buffer {
	return Buffer.concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
	const bytes: number[] = [];
	for (let left = value; ; left >>>= 7) {
		bytes.push(left > 0x7f ? (left & 0x7f) | 0x80 : left);
		if (left <= 0x7f) return Buffer.from(bytes);
	}
}
