// Claude Code's own telemetry: whatever bytes come as OTLP/JSON, as protobuf or compressed, they are a request or none,
// no larger than the bytes allow, and what they tell makes sound facts.
import { deflateSync, gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/intake/json.ts";
import { inflate } from "../../src/intake/otlp-inflate.ts";
import { readOtlpJson } from "../../src/intake/otlp-json.ts";
import { OTLP_DECODED_MAX } from "../../src/intake/otlp-limits.ts";
import { createOtlpReader } from "../../src/intake/otlp-payload.ts";
import { decodeOtlp, encodeOtlp } from "../../src/intake/otlp-protobuf.ts";
import { createOtlpRedaction } from "../../src/intake/otlp-redact.ts";
import type { OtlpSignal } from "../../src/intake/otlp-server.ts";
import type { Json } from "../../src/model/fact.ts";
import { otlpRequests } from "./corpus.ts";
import { fuzz, GROWTH_MAX_BYTES } from "./fuzz.ts";
import { assertSoundFacts } from "./sound-facts.ts";

const TEXTS = otlpRequests.map(({ json }) => Buffer.from(JSON.stringify(json)));
const WIRE = otlpRequests.map(({ signal, json }) => ({ signal, bytes: encodeOtlp(signal, json) }));
const ALL_WIRE = WIRE.map(({ bytes }) => bytes);
const SIGNALS: readonly OtlpSignal[] = ["traces", "metrics", "logs"];
/** Characters of JSON that one byte of protobuf can become: a field of two bytes has a name of its own there. */
const GROWTH_MAX = 40;

const redact = await createOtlpRedaction((text) => text.toUpperCase());

/** As the pipeline does: one reader for a run, facts of it, and the request redacted for whom it goes on to. */
function readAll(signal: OtlpSignal, json: JsonObject, bytes: number, read = createOtlpReader()): void {
	assertSoundFacts(read({ signal, json }), bytes);
	for (const protocol of ["http/json", "http/protobuf"] as const) redact({ signal, protocol, headers: {}, json });
}

test("any OTLP/JSON is a request or none, and its facts are sound", async () => {
	const read = createOtlpReader();
	await expect(
		fuzz("OTLP/JSON", {
			share: 0.15,
			input({ random, mutate }) {
				const { signal, json } = random.pick(otlpRequests);
				const text = random.chance(0.3)
					? mutate.bytes(Buffer.from(JSON.stringify(json)), TEXTS).toString()
					: mutate.text(json as Json);
				const request = readOtlpJson(random.chance(0.9) ? signal : random.pick(SIGNALS), text);
				if (request !== undefined) readAll(signal, request, text.length, random.chance(0.5) ? read : undefined);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("any protobuf is a request or none, is written again as the same, and its facts are sound", async () => {
	const read = createOtlpReader();
	await expect(
		fuzz("OTLP/protobuf", {
			share: 0.25,
			input({ random, mutate }) {
				const { signal, bytes } = random.pick(WIRE);
				const changed = Buffer.from(mutate.bytes(bytes, ALL_WIRE));
				const of = random.chance(0.9) ? signal : random.pick(SIGNALS);
				const request = decodeOtlp(of, changed);
				if (request === undefined) return;
				const text = JSON.stringify(request);
				if (text.length > 64 + GROWTH_MAX * changed.length)
					throw new Error(`${changed.length} bytes became ${text.length}`);
				const again = decodeOtlp(of, encodeOtlp(of, request));
				if (JSON.stringify(again) !== text) expect(again).toEqual(request);
				readAll(of, request, changed.length * 8, random.chance(0.5) ? read : undefined);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});

test("any compressed body is inflated, or is broken or too large, and never holds more than the limit", async () => {
	const bomb = gzipSync(Buffer.alloc(OTLP_DECODED_MAX + 1));
	await expect(
		fuzz("compressed OTLP", {
			share: 0.02,
			async input({ random, mutate }) {
				const encoding = random.pick(["gzip", "deflate", "GZIP"]);
				const plain = random.pick(TEXTS);
				const packed = encoding === "deflate" ? deflateSync(plain) : gzipSync(plain);
				if (random.chance(0.01)) expect(await inflate(bomb, "gzip")).toBe("large");
				const given = mutate.bytes(packed, [packed, bomb]);
				const inflated = await inflate(given, encoding);
				if (typeof inflated === "string") expect(["malformed", "large"]).toContain(inflated);
				else expect(inflated.length).toBeLessThanOrEqual(OTLP_DECODED_MAX);
			},
		}),
	).resolves.toBeLessThan(GROWTH_MAX_BYTES);
});
