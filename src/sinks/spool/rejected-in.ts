// A collector's answer → how many spans, records or points of the batch it did not take (OTLP's partial success). The
// three signals have the same shape: field 1 of the answer, and in it the count as field 1.
import { Reader } from "protobufjs/minimal.js";

const COUNTS = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"];

export function rejectedIn(answer: Buffer, json: boolean): number {
	if (answer.length === 0) return 0;
	try {
		return json ? inJson(answer) : inProtobuf(answer);
	} catch {
		// An answer that is none of OTLP's says nothing of it.
		return 0;
	}
}

function inJson(answer: Buffer): number {
	const { partialSuccess } = JSON.parse(answer.toString()) as { partialSuccess?: Record<string, unknown> };
	const told = COUNTS.map((name) => Number(partialSuccess?.[name] ?? 0)).find((count) => count > 0);
	return told ?? 0;
}

function inProtobuf(answer: Buffer): number {
	const reader = Reader.create(answer);
	while (reader.pos < reader.len) {
		const tag = reader.uint32();
		if (tag === ((1 << 3) | 2)) return countIn(reader.bytes());
		reader.skipType(tag & 7);
	}
	return 0;
}

function countIn(bytes: Uint8Array): number {
	const reader = Reader.create(bytes);
	while (reader.pos < reader.len) {
		const tag = reader.uint32();
		if (tag === 1 << 3) return Math.max(0, Number(reader.int64()));
		reader.skipType(tag & 7);
	}
	return 0;
}
