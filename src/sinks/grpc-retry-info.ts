// Comes in: the metadata of a gRPC refusal. Goes out: how long the receiver wants us to wait, if it says so: a
// google.rpc.Status in protobuf, and among its details a google.rpc.RetryInfo. Loaded only where gRPC is used.
import type { Metadata } from "@grpc/grpc-js";
import protobuf, { type Reader } from "protobufjs/minimal.js";

const DETAILS = "grpc-status-details-bin";
const RETRY_INFO = "google.rpc.RetryInfo";

export function retryInfoMs(metadata: Metadata): number | undefined {
	try {
		const [status] = metadata.get(DETAILS);
		if (!Buffer.isBuffer(status)) return undefined;
		const info = fieldsOf(status, 3)
			.map(anyOf)
			.find(({ type }) => type.endsWith(`/${RETRY_INFO}`))?.value;
		const delay = info && fieldsOf(info, 1)[0];
		if (delay === undefined) return undefined;
		const millis = numberIn(delay, 1) * 1_000 + numberIn(delay, 2) / 1e6;
		return millis >= 0 ? millis : undefined;
	} catch {
		// Whatever it is, it is no wish that we can read.
		return undefined;
	}
}

function anyOf(bytes: Uint8Array): { type: string; value?: Uint8Array } {
	const [type] = fieldsOf(bytes, 1);
	return { type: type ? Buffer.from(type).toString() : "", value: fieldsOf(bytes, 2)[0] ?? new Uint8Array() };
}

/** All of that number that hold bytes. */
function fieldsOf(bytes: Uint8Array, number: number): Uint8Array[] {
	const found: Uint8Array[] = [];
	each(bytes, number, 2, (reader) => found.push(reader.bytes()));
	return found;
}

function numberIn(bytes: Uint8Array, number: number): number {
	let found = 0;
	each(bytes, number, 0, (reader) => {
		found = Number(reader.int64());
	});
	return found;
}

function each(bytes: Uint8Array, number: number, wireType: number, take: (reader: Reader) => void): void {
	const reader = protobuf.Reader.create(bytes);
	while (reader.pos < reader.len) {
		const tag = reader.uint32();
		if (tag === number * 8 + wireType) take(reader);
		else reader.skipType(tag & 7);
	}
}
