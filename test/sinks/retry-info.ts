// How long a receiver wants to be left alone → the details of a gRPC status that say so.
import { Metadata } from "@grpc/grpc-js";

export function metadataOf(status: Buffer): Metadata {
	const metadata = new Metadata();
	metadata.set("grpc-status-details-bin", status);
	return metadata;
}

/** google.rpc.Status { code, message, details: [google.rpc.RetryInfo { retry_delay }] }, as the protocol has it. */
export function retryInfo(seconds: number): Buffer {
	const bytes = (number: number, content: Buffer) =>
		Buffer.concat([Buffer.of(number * 8 + 2, content.length), content]);
	const duration = Buffer.of(0x08, Math.floor(seconds), 0x10, ...varint((seconds % 1) * 1e9));
	const type = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");
	const other = Buffer.from("type.googleapis.com/google.rpc.Help");
	const any = Buffer.concat([bytes(1, type), bytes(2, bytes(1, duration))]);
	return Buffer.concat([Buffer.of(0x08, 8), bytes(2, Buffer.from("slower")), bytes(3, bytes(1, other)), bytes(3, any)]);
}

function varint(value: number): number[] {
	const rest = Math.floor(value / 128);
	return rest === 0 ? [value] : [128 + (value % 128), ...varint(rest)];
}
