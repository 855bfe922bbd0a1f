// A collector's answer → how many spans, records or points of the batch it did not take, and why (OTLP's partial success).
// The three signals have the same shape: field 1 of the answer, and in it the count as field 1 and words as field 2.
import { Reader } from "protobufjs/minimal.js";

const COUNTS = ["rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"];

export interface Rejected {
	count: number;
	/** In the collector's words: for the diagnostics alone. */
	why: string;
}

const NOTHING: Rejected = { count: 0, why: "" };

export function rejectedIn(answer: Buffer, json: boolean): Rejected {
	if (answer.length === 0) return NOTHING;
	try {
		return json ? inJson(answer) : inProtobuf(answer);
	} catch {
		// An answer that is none of OTLP's says nothing of it.
		return NOTHING;
	}
}

function inJson(answer: Buffer): Rejected {
	const { partialSuccess } = JSON.parse(answer.toString()) as { partialSuccess?: Record<string, unknown> };
	// JSON carries 64-bit numbers as text.
	const told = COUNTS.map((name) => Number(partialSuccess?.[name] ?? 0)).find((count) => count > 0);
	return { count: told ?? 0, why: String(partialSuccess?.errorMessage ?? "") };
}

function inProtobuf(answer: Buffer): Rejected {
	const reader = Reader.create(answer);
	while (reader.pos < reader.len) {
		const tag = reader.uint32();
		if (tag === ((1 << 3) | 2)) return partialSuccessIn(reader.bytes());
		reader.skipType(tag & 7);
	}
	return NOTHING;
}

function partialSuccessIn(bytes: Uint8Array): Rejected {
	const reader = Reader.create(bytes);
	const rejected = { ...NOTHING };
	while (reader.pos < reader.len) {
		const tag = reader.uint32();
		if (tag === 1 << 3) rejected.count = Math.max(0, Number(reader.int64()));
		else if (tag === ((2 << 3) | 2)) rejected.why = reader.string();
		else reader.skipType(tag & 7);
	}
	return rejected;
}
