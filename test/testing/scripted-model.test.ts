import { afterEach, expect, test } from "vitest";
import { type ScriptedModel, type ScriptStep, startScriptedModel } from "../../src/testing/scripted-model.ts";
import { seededRandom } from "../support/seed.ts";

let model: ScriptedModel;
afterEach(() => model.close());

type Json = Record<string, unknown>;
const PROMPT = { role: "user", content: "hello" };

function ask(body: Json = {}, headers: Record<string, string> = {}): Promise<Response> {
	return fetch(`${model.url}/v1/messages?beta=true`, {
		method: "POST",
		headers: { "content-type": "application/json", ...headers },
		body: JSON.stringify({ model: "claude-test", max_tokens: 1, messages: [PROMPT], ...body }),
	});
}

async function events(response: Response): Promise<Json[]> {
	const text = await response.text();
	return text
		.split("\n\n")
		.filter((part) => part !== "")
		.map((part) => {
			const match = /^event: (\S+)\ndata: (.*)$/.exec(part);
			const data = JSON.parse(match?.[2] ?? "{}") as Json;
			expect(data.type).toBe(match?.[1]);
			return data;
		});
}

const STEP: ScriptStep = {
	blocks: [
		{ type: "thinking", thinking: "let me see" },
		{ type: "text", text: "I count… 😀 one two" },
		{ type: "tool_use", name: "Bash", input: { command: "ls" }, id: "toolu_mine" },
	],
	usage: { input: 3, output: 20, cacheRead: 100, cacheWrite5m: 7, cacheWrite1h: 9 },
};

test("a streamed answer has the events, blocks and usage of the Messages API", async () => {
	model = await startScriptedModel({ main: [STEP] });
	const response = await ask({ stream: true });
	const all = await events(response);

	expect(response.headers.get("request-id")).toBe(model.requests[0]?.requestId);
	expect(all.map((event) => event.type).filter((type) => type !== "content_block_delta")).toEqual([
		"message_start",
		"ping",
		...Array.from({ length: 3 }, () => ["content_block_start", "content_block_stop"]).flat(),
		"message_delta",
		"message_stop",
	]);
	expect(all[0]).toMatchObject({
		message: {
			id: model.requests[0]?.messageId,
			model: "claude-test",
			content: [],
			stop_reason: null,
			usage: {
				input_tokens: 3,
				cache_creation_input_tokens: 16,
				cache_read_input_tokens: 100,
				cache_creation: { ephemeral_5m_input_tokens: 7, ephemeral_1h_input_tokens: 9 },
				output_tokens: 1,
			},
		},
	});
	expect(all.at(-2)).toMatchObject({ delta: { stop_reason: "tool_use" }, usage: { output_tokens: 20 } });

	const deltas = all.filter((event) => event.type === "content_block_delta");
	const joined = (index: number, field: string) =>
		deltas
			.filter((event) => event.index === index)
			.map((event) => (event.delta as Record<string, string>)[field] ?? "")
			.join("");
	expect(joined(0, "thinking")).toBe("let me see");
	expect(joined(0, "signature")).toMatch(/^sig_/);
	expect(joined(1, "text")).toBe("I count… 😀 one two");
	expect(JSON.parse(joined(2, "partial_json"))).toEqual({ command: "ls" });
	expect(deltas.filter((event) => event.index === 2).length).toBeGreaterThan(2);
});

test("without stream the same message comes as JSON", async () => {
	model = await startScriptedModel({ main: [STEP] });
	expect(await (await ask()).json()).toMatchObject({
		type: "message",
		stop_reason: "tool_use",
		content: [{ type: "thinking" }, { type: "text" }, { type: "tool_use", id: "toolu_mine", input: { command: "ls" } }],
		usage: { output_tokens: 20, cache_creation: { ephemeral_1h_input_tokens: 9 } },
	});
});

test("each agent goes through its own list, chosen by its first prompt", async () => {
	const says = (text: string): ScriptStep => ({ blocks: [{ type: "text", text }] });
	model = await startScriptedModel({
		main: [says("main 1")],
		agents: { count: [says("short 1")], "count files": [says("long 1"), says("long 2")] },
		whenDone: says("nothing left"),
	});
	const answer = async (agentId: string | undefined, content: unknown) => {
		const headers: Record<string, string> = agentId === undefined ? {} : { "x-claude-code-agent-id": agentId };
		const response = await ask({ messages: [{ role: "user", content }] }, headers);
		return ((await response.json()) as { content: { text: string }[] }).content[0]?.text;
	};
	expect(await answer("a1", [{ type: "text", text: "please count files" }])).toBe("long 1");
	expect(await answer("a2", "please count files")).toBe("long 1");
	expect(await answer("a3", "please count")).toBe("short 1");
	expect(await answer("a1", "please count files")).toBe("long 2");
	expect(await answer("a1", "please count files")).toBe("nothing left");
	expect(await answer("a4", "something else")).toBe("nothing left");
	expect(await answer(undefined, "count")).toBe("main 1");
	expect(model.requests.map((request) => request.lane)).toEqual(["a1", "a2", "a3", "a1", "a1", "a4", "main"]);
});

test("errors have the API's form, and a retry takes the next step", async () => {
	model = await startScriptedModel({ main: [{ fault: { status: 529, retryAfterSeconds: 2 } }, STEP] });
	const failed = await ask({ stream: true });
	expect(failed.status).toBe(529);
	expect(failed.headers.get("retry-after")).toBe("2");
	expect(await failed.json()).toEqual({
		type: "error",
		error: { type: "overloaded_error", message: "Overloaded" },
		request_id: model.requests[0]?.requestId,
	});
	await (await ask({ stream: true })).text();
	expect(model.requests.map((request) => request.outcome)).toEqual(["fault", "answered"]);
	expect(model.billed()).toEqual({ "claude-test": STEP.usage });
});

test.each(["before-content", "mid-block", "after-block"] as const)(
	"a stream cut %s breaks off and is billed apart",
	async (cut) => {
		model = await startScriptedModel({ main: [{ ...STEP, fault: { cut } }] });
		await expect(ask({ stream: true }).then((response) => response.text())).rejects.toThrow("terminated");
		expect(model.requests[0]?.outcome).toBe("cut");
		expect(model.billed()).toEqual({});
		expect(model.billedCut()).toEqual({ "claude-test": { ...STEP.usage, output: 1 } });
	},
);

test("a stream cut by an error event ends with it", async () => {
	model = await startScriptedModel({ main: [{ ...STEP, fault: { cut: "error-event" } }] });
	expect((await events(await ask({ stream: true }))).at(-1)).toMatchObject({
		type: "error",
		error: { type: "overloaded_error" },
	});
});

test("a client that hangs up is written down", async () => {
	model = await startScriptedModel({
		main: [{ fault: { hang: true } }, { ...STEP, blockDelayMs: 60_000 }, { delayMs: 60_000 }],
	});
	for (const body of [{ stream: true }, { stream: true }, {}]) {
		const patience = AbortSignal.timeout(100);
		const text = fetch(`${model.url}/v1/messages`, {
			method: "POST",
			body: JSON.stringify({ model: "claude-test", messages: [PROMPT], ...body }),
			signal: patience,
		}).then((response) => response.text());
		await expect(text).rejects.toThrow(/aborted|timeout/);
	}
	await expect.poll(() => model.requests.map((request) => request.outcome)).toEqual(["hung", "aborted", "aborted"]);
	expect(model.requests[1]?.usage.output).toBe(1);
	expect(model.billed()).toEqual({});
});

test("a seeded model makes the same ids again", async () => {
	const ids: (string | undefined)[] = [];
	for (let run = 0; run < 2; run++) {
		model = await startScriptedModel({ main: [STEP] }, { random: seededRandom(7).next });
		await (await ask()).text();
		ids.push(model.requests[0]?.messageId);
		if (run === 0) await model.close();
	}
	expect(ids[0]).toMatch(/^msg_01\w{22}$/);
	expect(ids[1]).toBe(ids[0]);
});

test("a script may be a function, another script may follow, and a script that throws is told to the client", async () => {
	model = await startScriptedModel(() => {
		throw new Error("no step for this");
	});
	const refused = await ask();
	expect(refused.status).toBe(400);
	expect(await refused.text()).toContain("no step for this");
	model.setScript((request) => ({ blocks: [{ type: "text", text: `request ${request.at}` }] }));
	expect(await (await ask()).text()).toContain("request 1");
});

test("token counts are estimated, and what the API does not have is not found", async () => {
	model = await startScriptedModel({ main: [] });
	const counted = await fetch(`${model.url}/v1/messages/count_tokens`, {
		method: "POST",
		body: JSON.stringify({ messages: [] }),
	});
	expect(await counted.json()).toEqual({ input_tokens: expect.any(Number) });
	expect((await fetch(`${model.url}/nowhere`)).status).toBe(404);
	expect(model.requests).toEqual([]);
});
