// Compressed bodies, one after the other.
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { inflate } from "../../src/intake/otlp-inflate.ts";
import { OTLP_DECODED_MAX } from "../../src/intake/otlp-limits.ts";
import { usedMemory } from "../support/memory.ts";

test("the last body is not held until the next one comes", async () => {
	const packed = gzipSync(Buffer.alloc(OTLP_DECODED_MAX));
	const before = usedMemory();
	expect((await inflate(packed, "gzip")).length).toBe(OTLP_DECODED_MAX);
	let growth = Number.POSITIVE_INFINITY;
	for (let turn = 0; turn < 50 && growth > OTLP_DECODED_MAX / 2; turn++) {
		await new Promise((resolve) => setTimeout(resolve, 10));
		growth = usedMemory() - before;
	}
	expect(growth).toBeLessThan(OTLP_DECODED_MAX / 2);
});

test("a broken body does not keep the next one from being read", async () => {
	expect(await inflate(Buffer.from("none"), "gzip")).toBe("malformed");
	expect((await inflate(gzipSync("{}"), "GZIP")).toString()).toBe("{}");
});
