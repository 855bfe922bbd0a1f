// Export requests like those that Claude Code sends of its own: records of `api_request`, the most common and one of the
// largest, with the attributes that 2.1.330 gives it.
import type { JsonObject } from "../../src/intake/json.ts";
import type { Json } from "../../src/model/fact.ts";

export function claudeLogs(count: number): JsonObject {
	return {
		resourceLogs: [
			{
				resource: {
					attributes: attributes({
						"host.arch": "amd64",
						"os.type": "linux",
						"os.version": "6.1.0",
						"service.name": "claude-code",
						"service.version": "2.1.330",
					}),
					droppedAttributesCount: 0,
				},
				scopeLogs: [
					{
						scope: { name: "com.anthropic.claude_code.events", version: "2.1.330" },
						logRecords: Array.from({ length: count }, (_, sequence) => apiRequest(sequence)),
					},
				],
			},
		],
	};
}

function apiRequest(sequence: number): Json {
	const millis = 1_795_304_140_292 + sequence;
	return {
		timeUnixNano: `${millis}000000`,
		observedTimeUnixNano: `${millis}000000`,
		body: { stringValue: "claude_code.api_request" },
		attributes: attributes({
			team: "x",
			"user.id": "e7865ea79a9cdb98d26e1e64dba0a9b4756ae35289d87d640553f0f28f91703e",
			"session.id": "121f6f2c-15b8-43ba-bb70-b812a4ed60b0",
			"anthropic.provider": "firstParty",
			"anthropic.custom_base_url": true,
			"terminal.type": "xterm-256color",
			"event.name": "api_request",
			"event.timestamp": new Date(millis).toISOString(),
			"event.sequence": sequence,
			"prompt.id": "c5e0ff28-aa09-400f-b096-6809dea879c4",
			model: "claude-opus-5-5",
			input_tokens: 100,
			output_tokens: 50,
			cache_read_tokens: 2000,
			cache_creation_tokens: 340,
			cache_creation_5m_tokens: 300,
			cache_creation_1h_tokens: 40,
			cost_usd: 0.00362,
			cost_usd_micros: 3620,
			duration_ms: 98,
			ttft_ms: 45,
			request_id: "req_01FRxBtXGxLPjfEITY",
			speed: "normal",
			query_source: "sdk",
			effort: "medium",
		}),
		droppedAttributesCount: 0,
	};
}

function attributes(values: Record<string, string | number | boolean>): Json {
	return Object.entries(values).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): Json {
	if (typeof value === "string") return { stringValue: value };
	if (typeof value === "boolean") return { boolValue: value };
	return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
}
