// Sends batches of log records as claude does, as fast as they are taken. In: address, token, batches, records in each.
// Out: milliseconds from the first to the last answer, on stdout.
import { Agent, request } from "node:http";

const [, , url = "", token = "", batches = "1", records = "1"] = process.argv;
const CONNECTIONS = 4;
const AT = 1_795_304_140_292;

function record(sequence: number) {
	const texts = {
		"event.name": "api_request",
		"session.id": "session-1",
		"prompt.id": "prompt-1",
		model: "claude-opus-5-5",
	};
	const numbers = {
		"event.sequence": sequence,
		input_tokens: 100,
		output_tokens: 50,
		cost_usd_micros: 3620,
		duration_ms: 98,
	};
	return {
		timeUnixNano: `${AT + sequence}000000`,
		body: { stringValue: "claude_code.api_request" },
		attributes: [
			...Object.entries({ ...texts, request_id: `req_${sequence}`, query_source: "sdk" }).map(([key, stringValue]) => ({
				key,
				value: { stringValue },
			})),
			...Object.entries(numbers).map(([key, intValue]) => ({ key, value: { intValue } })),
		],
	};
}

const bodies = Array.from({ length: Number(batches) }, (_, batch) => {
	const logRecords = Array.from({ length: Number(records) }, (_record, nth) => record(batch * Number(records) + nth));
	const scope = { name: "com.anthropic.claude_code.events" };
	return JSON.stringify({ resourceLogs: [{ resource: { attributes: [] }, scopeLogs: [{ scope, logRecords }] }] });
});
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function send(body: string): Promise<void> {
	const headers = {
		"content-type": "application/json",
		"content-length": Buffer.byteLength(body),
		"x-claude-otel-token": token,
	};
	return new Promise((resolve, reject) => {
		const outgoing = request(`${url}/v1/logs`, { method: "POST", agent, headers }, (response) => {
			response.resume().on("end", () => {
				if (response.statusCode === 200) resolve();
				else reject(new Error(`answered ${response.statusCode}`));
			});
		});
		outgoing.on("error", reject);
		outgoing.end(body);
	});
}

const startedAt = performance.now();
await Promise.all(
	Array.from({ length: CONNECTIONS }, async (_, lane) => {
		for (let index = lane; index < bodies.length; index += CONNECTIONS) await send(bodies[index] as string);
	}),
);
process.stdout.write(String(performance.now() - startedAt));
agent.destroy();
