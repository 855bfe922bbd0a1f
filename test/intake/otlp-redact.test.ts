// What goes on to somebody without its secrets: the same telemetry, in the same protocol.
import { expect, test } from "vitest";
import type { JsonObject } from "../../src/intake/json.ts";
import { decodeOtlp, encodeOtlp } from "../../src/intake/otlp-protobuf.ts";
import { createOtlpRedaction } from "../../src/intake/otlp-redact.ts";

const SPAN_ID = "00f067aa0ba902b7";
const logs = (text: string, password: string): JsonObject => ({
	resourceLogs: [
		{
			scopeLogs: [
				{
					logRecords: [
						{
							timeUnixNano: "1795304140292000000",
							spanId: SPAN_ID,
							body: { stringValue: text },
							attributes: [
								{ key: "password", value: { stringValue: password } },
								{ key: "list", value: { arrayValue: { values: [{ stringValue: text }, { intValue: "7" }] } } },
							],
						},
					],
				},
			],
		},
	],
});
const DIRTY = logs("say SECRET", "hunter");
const CLEAN = logs("say ***", "***");
const clean = (text: string, name?: string) => (name === "password" ? "***" : text.replaceAll("SECRET", "***"));
const headers = { "content-type": "x", "content-encoding": "gzip", "x-tenant": "blue" };

test("JSON loses its secrets, by what they say and by what they are called, and nothing else", async () => {
	const redact = await createOtlpRedaction(clean);
	const redacted = redact({ signal: "logs", protocol: "http/json", headers, json: DIRTY });
	expect(JSON.parse(redacted.body.toString())).toEqual(CLEAN);
	expect(redacted.headers).toEqual({ "content-type": "x", "x-tenant": "blue" });
});

test.each(["http/protobuf", "grpc"] as const)("%s does too", async (protocol) => {
	const redact = await createOtlpRedaction(clean);
	const { body } = redact({ signal: "logs", protocol, headers, json: DIRTY });
	expect(body).toEqual(encodeOtlp("logs", CLEAN));
	expect(JSON.stringify(decodeOtlp("logs", body))).not.toMatch(/SECRET|hunter/);
});

test("what is not decoded is not passed on as if it were clean", async () => {
	const redact = await createOtlpRedaction(clean);
	expect(() => redact({ signal: "logs", protocol: "grpc", headers })).toThrow("not decoded");
});
