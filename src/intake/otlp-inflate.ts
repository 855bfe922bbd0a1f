// A compressed body → its bytes, or nothing where it is broken or grows too large. One at a time, off the main thread:
// however many bombs come at once, no more than one is being inflated.
import { OTLP_DECODED_MAX } from "./otlp-limits.ts";

export type Inflated = Buffer | "malformed" | "large";

export function isKnownEncoding(encoding: string | undefined): boolean {
	return encoding === undefined || ["identity", "gzip", "deflate"].includes(encoding.toLowerCase());
}

let last: Promise<unknown> = Promise.resolve();

export function inflate(body: Buffer, encoding: string): Promise<Inflated> {
	const mine = last.then(() => inflateNow(body, encoding.toLowerCase()));
	// What it waits for is not the bytes, which would be held until the next body comes.
	last = settled(mine);
	return mine;
}

async function settled(one: Promise<unknown>): Promise<void> {
	await Promise.allSettled([one]);
}

async function inflateNow(body: Buffer, encoding: string): Promise<Inflated> {
	if (encoding === "identity") return body;
	const zlib = await import("node:zlib");
	const start = encoding === "gzip" ? zlib.gunzip : zlib.inflate;
	return new Promise((resolve) => {
		start(body, { maxOutputLength: OTLP_DECODED_MAX }, (error, inflated) => {
			if (error === null) resolve(inflated);
			else resolve("code" in error && error.code === "ERR_BUFFER_TOO_LARGE" ? "large" : "malformed");
		});
	});
}
