// What a collector says of when to come again → milliseconds. Over HTTP the header Retry-After, over gRPC a RetryInfo in
// the details of the status, as the OTLP specification says.
import type { Metadata } from "@grpc/grpc-js";
import { Reader } from "protobufjs/minimal.js";

/** Seconds, or a date. */
export function readRetryAfter(header: string | undefined): number | undefined {
	if (header === undefined) return undefined;
	const seconds = Number(header);
	if (Number.isFinite(seconds) && seconds >= 0) return seconds * 1000;
	const date = Date.parse(header);
	return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

export function readRetryInfo(metadata: Metadata): number | undefined {
	const [details] = metadata.get("grpc-status-details-bin");
	if (!(details instanceof Buffer)) return undefined;
	try {
		for (const any of fields(details).filter(({ field }) => field === 3)) {
			const [type, value] = [1, 2].map((wanted) => fields(any.bytes).find(({ field }) => field === wanted)?.bytes);
			if (!type?.toString().endsWith("/google.rpc.RetryInfo") || value === undefined) continue;
			const delay = fields(value).find(({ field }) => field === 1)?.bytes;
			return delay && durationOf(delay);
		}
	} catch {
		// It says nothing that can be read.
	}
	return undefined;
}

/** google.protobuf.Duration: seconds, nanoseconds. */
function durationOf(bytes: Buffer): number {
	const reader = Reader.create(bytes);
	let millis = 0;
	while (reader.pos < reader.len) {
		const tag = reader.uint32();
		if (tag === 1 << 3) millis += Number(reader.int64()) * 1000;
		else if (tag === 2 << 3) millis += reader.int32() / 1e6;
		else reader.skipType(tag & 7);
	}
	return millis;
}

/** The length-delimited fields of a message. */
function fields(bytes: Buffer): { field: number; bytes: Buffer }[] {
	const reader = Reader.create(bytes);
	const found: { field: number; bytes: Buffer }[] = [];
	while (reader.pos < reader.len) {
		const tag = reader.uint32();
		if ((tag & 7) === 2) found.push({ field: tag >>> 3, bytes: Buffer.from(reader.bytes()) });
		else reader.skipType(tag & 7);
	}
	return found;
}
