// The library in a program's hands: runs, queries of the program's own, callbacks, webhooks and providers, with the real
// claude and a scripted model.

import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, dirname, join } from "node:path";
import { query } from "@anthropic-ai/claude-agent-sdk";
import { LoggerProvider } from "@opentelemetry/sdk-logs";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { afterEach, expect, test } from "vitest";
import {
	createIdGenerator,
	createTelemetry,
	observe,
	runAgentWithTelemetry,
	type TelemetryEvent,
	type TelemetryOptions,
	UserMistake,
} from "../../src/library/index.ts";
import {
	assertSpanTree,
	createMemorySink,
	createTestHome,
	type MemorySink,
	PLAIN_SCRIPT,
	printSpanTree,
	type Script,
	type ScriptedModel,
	startScriptedModel,
	type TestHome,
	TOOLS_SCRIPT,
} from "../../src/library/testing.ts";

const BIN = join(import.meta.dirname, "..", "..", "node_modules", ".bin");
const PATH = [BIN, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
const TOOLS = ["Bash", "Agent"];
const LIBRARY_PAGE = readFileSync(join(import.meta.dirname, "..", "..", "docs/library.md"), "utf8");
const CORRELATION = ["runId", "traceId", "spanId", "sessionId", "promptId", "requestId"];

let model: ScriptedModel;
let home: TestHome;
let sink: MemorySink;
const servers: Server[] = [];

async function prepare(script: Script): Promise<void> {
	model = await startScriptedModel(script);
	home = createTestHome(model.url, PATH);
	sink = createMemorySink();
}

afterEach(async () => {
	for (const server of servers.splice(0)) {
		server.closeAllConnections();
		server.close();
	}
	await model?.close();
	home?.remove();
});

const settings = (more: TelemetryOptions = {}): TelemetryOptions => ({ sink, env: home.env, ...more });
const sdkOptions = () => ({
	cwd: home.work,
	env: home.env,
	allowedTools: TOOLS,
	pathToClaudeCodeExecutable: join(BIN, "claude"),
});

const TREE = `
	claude.session
		invoke_agent claude-code
			chat claude-opus-5-5
			execute_tool Bash
			chat claude-opus-5-5
			execute_tool Bash [error command_failed]
			chat claude-opus-5-5
			execute_tool Agent
				invoke_agent general-purpose
					chat claude-opus-5-5
					execute_tool Bash
					chat claude-opus-5-5
			chat claude-opus-5-5
`;

/** All that the script bills. */
function billed(): number {
	return Object.values(model.billed()).reduce(
		(sum, usage) => sum + Object.values(usage).reduce((tokens, one) => tokens + one, 0),
		0,
	);
}

function session() {
	return sink.spans.find(({ name }) => name === "claude.session");
}

test("a run tells what it said, cost and did, and every event leads to its span", async () => {
	await prepare(TOOLS_SCRIPT);
	const events: TelemetryEvent[] = [];
	const note = (event: TelemetryEvent) => void events.push(event);
	const run = await runAgentWithTelemetry("Do it.", {
		...settings({ onFact: note, onRequest: note, onResponse: note, onToolCall: note }),
		options: { cwd: home.work, allowedTools: TOOLS },
	});
	expect(run).toMatchObject({ text: "All done.", exitCode: 0, traceId: session()?.traceId });
	expect(run.costUsd).toBeCloseTo(Number(session()?.attributes["claude.cost_usd"]), 9);
	expect(run.sessionId).toBe(session()?.attributes["session.id"]);
	expect(run.history.map(({ role, toolName }) => toolName ?? role)).toEqual([
		"prompt",
		"Bash",
		"Bash",
		"Agent",
		"Bash",
		"answer",
		"answer",
	]);
	assertSpanTree(sink.spans, TREE);

	const of = <K extends TelemetryEvent["event"]>(kind: K) =>
		events.filter((event): event is Extract<TelemetryEvent, { event: K }> => event.event === kind);
	const answered = model.requests.map(({ messageId }) => messageId).toSorted();
	expect(
		of("request")
			.map(({ messageId }) => messageId)
			.toSorted(),
	).toEqual(answered);
	expect(
		of("response")
			.map(({ messageId }) => messageId)
			.toSorted(),
	).toEqual(answered);
	expect(of("response").reduce((sum, { costUsd = 0 }) => sum + costUsd, 0)).toBeCloseTo(run.costUsd, 9);
	expect(
		of("toolCall")
			.map(({ toolName, status, errorType }) => [toolName, status, errorType])
			.toSorted(),
	).toEqual([
		["Agent", "ok", undefined],
		["Bash", "error", "command_failed"],
		["Bash", "ok", undefined],
		["Bash", "ok", undefined],
	]);
	expect(of("fact").length).toBeGreaterThan(20);
	expect(new Set(events.map(({ runId }) => runId)).size).toBe(1);
	expect(new Set(events.map(({ traceId }) => traceId))).toEqual(new Set([run.traceId]));
	const requestIds = new Map(model.requests.map(({ messageId, requestId }) => [messageId, requestId]));
	for (const event of of("response")) {
		expect(event.requestId).toBe(requestIds.get(event.messageId));
		expect(sink.spans.find(({ spanId }) => spanId === event.spanId)?.attributes["gen_ai.response.id"]).toBe(
			event.messageId,
		);
	}
	// The page lists all that is in an event.
	for (const { event, ...fields } of events) {
		const listed = new RegExp(`^\\| \`${event}\` \\| (.*) \\|$`, "m").exec(LIBRARY_PAGE)?.[1];
		const missing = Object.keys(fields).filter(
			(field) => !CORRELATION.includes(field) && !listed?.includes(`\`${field}\``),
		);
		expect([event, missing]).toEqual([event, []]);
	}
	for (const event of of("toolCall")) {
		expect(sink.spans.find(({ spanId }) => spanId === event.spanId)?.attributes["tool.use_id"]).toBe(event.toolUseId);
	}
});

test("a session takes prompts one by one, asks its program for permission, and can be cut off by its controller", async () => {
	await prepare({
		main: [
			{ blocks: [{ type: "tool_use", name: "Bash", input: { command: "touch asked", description: "ask" } }] },
			{ blocks: [{ type: "text", text: "one" }] },
			{ blocks: [{ type: "text", text: "two" }] },
		],
	});
	const asked: string[] = [];
	const answers: string[] = [];
	const telemetry = createTelemetry(settings());
	const abortController = new AbortController();
	const agent = await telemetry.start({
		options: {
			cwd: home.work,
			abortController,
			async canUseTool(toolName, input) {
				asked.push(toolName);
				return { behavior: "allow", updatedInput: input };
			},
		},
		onMessage(message) {
			if (message.type !== "result" || message.subtype !== "success") return;
			answers.push(message.result);
			if (answers.length === 1) agent.send("second");
			else abortController.abort();
		},
	});
	agent.send("first");
	const end = await agent.ended;
	await telemetry.shutdown();
	expect([asked, answers, end.error]).toEqual([["Bash"], ["one", "two"], undefined]);
	assertSpanTree(
		sink.spans,
		`
		claude.session
			invoke_agent claude-code
				chat claude-opus-5-5
				execute_tool Bash
					claude.permission_wait
				chat claude-opus-5-5
			invoke_agent claude-code
				chat claude-opus-5-5
		`,
	);
});

test("a run that fails resolves with what failed, and its trace says the same", async () => {
	await prepare({ main: [], whenDone: { fault: { status: 401 } } });
	const env = { ...home.env, CLAUDE_CODE_MAX_RETRIES: "0" };
	const run = await runAgentWithTelemetry("Do it.", { ...settings({ env }), options: { cwd: home.work } });
	expect(run.exitCode).toBe(1);
	expect(run.text).toContain("Invalid API key");
	assertSpanTree(
		sink.spans,
		`
		claude.session
			invoke_agent claude-code [error authentication_failed]
				chat claude-opus-5-5 [error authentication_failed]
		`,
	);
});

test("a query of the program's own is traced whole, and the program sees every message of it", async () => {
	await prepare(TOOLS_SCRIPT);
	const types: string[] = [];
	const watched = observe(query({ prompt: "Do it.", options: sdkOptions() }), settings());
	for await (const message of watched) types.push(message.type);
	expect(types.at(0)).toBe("system");
	expect(types.at(-1)).toBe("result");
	assertSpanTree(sink.spans, TREE);
	expect(session()?.attributes["tokens.total"]).toBe(billed());
});

test("instrumented options add what hooks know, beside the program's own hooks", async () => {
	await prepare({
		main: [
			{ blocks: [{ type: "tool_use", name: "Bash", input: { command: "touch x; sleep 0.3", description: "wait" } }] },
			{ blocks: [{ type: "text", text: "ok" }] },
		],
	});
	const own: string[] = [];
	const telemetry = createTelemetry(settings());
	const options = telemetry.instrument({
		...sdkOptions(),
		hooks: { PreToolUse: [{ hooks: [async (input) => (own.push(input.hook_event_name), {})] }] },
	});
	for await (const message of telemetry.observe(query({ prompt: "Wait.", options }))) void message;
	await telemetry.shutdown();
	expect(own).toEqual(["PreToolUse"]);
	const tool = sink.spans.find(({ name }) => name === "execute_tool Bash");
	expect(tool?.attributes.duration_ms).toBeGreaterThanOrEqual(300);
	assertSpanTree(
		sink.spans,
		"claude.session\n  invoke_agent claude-code\n    chat claude-opus-5-5\n    execute_tool Bash\n    chat claude-opus-5-5",
	);
});

test("two instrumented queries at once are two traces, each with its own calls", async () => {
	const echo = (word: string) => ({
		blocks: [{ type: "tool_use" as const, name: "Bash", input: { command: `echo ${word}`, description: "say" } }],
	});
	await prepare((request) => {
		const text = JSON.stringify(request.body.messages);
		if (text.includes("tool_result")) return { blocks: [{ type: "text", text: "ok" }] };
		return echo(text.includes("PROMPT-ONE") ? "first" : "second");
	});
	const telemetry = createTelemetry(settings());
	const drain = async (prompt: string) => {
		const options = telemetry.instrument(sdkOptions());
		for await (const message of telemetry.observe(query({ prompt, options }))) void message;
	};
	await Promise.all([drain("PROMPT-ONE"), drain("PROMPT-TWO")]);
	await telemetry.shutdown();
	const calls = sink.spans.filter(({ name }) => name === "execute_tool Bash");
	expect(calls.map(({ attributes }) => attributes["input.summary"]).toSorted()).toEqual(["echo first", "echo second"]);
	expect(new Set(calls.map(({ traceId }) => traceId)).size).toBe(2);
	expect(sink.spans.filter(({ name }) => name === "claude.session")).toHaveLength(2);
});

test("without a transcript an instrumented query has its turn, its answers and its calls", async () => {
	await prepare(TOOLS_SCRIPT);
	const telemetry = createTelemetry(settings());
	const options = telemetry.instrument({ ...sdkOptions(), persistSession: false });
	for await (const message of telemetry.observe(query({ prompt: "Do it.", options }), { transcript: false }))
		void message;
	await telemetry.shutdown();
	expect(printSpanTree(sink.spans, { sorted: true })).toContain("invoke_agent claude-code\n");
	const chats = sink.spans.filter(({ name }) => name === "chat claude-opus-5-5");
	const main = model.requests.filter(({ lane }) => lane === "main").map(({ messageId }) => messageId);
	expect(chats.map(({ attributes }) => attributes["gen_ai.response.id"])).toEqual(expect.arrayContaining(main));
	expect(sink.spans.filter(({ name }) => name.startsWith("execute_tool"))).toHaveLength(4);
});

test("a loop that is left early leaves a trace all the same", async () => {
	await prepare({ main: [], whenDone: { blocks: [{ type: "text", text: "ok" }] } });
	for await (const message of observe(query({ prompt: "Go.", options: sdkOptions() }), settings())) {
		if (message.type === "assistant") break;
	}
	expect(session()).toBeDefined();
});

// A rejection that nobody takes ends the program: here, the test run.
test.each(["throws", "rejects"])(
	"a callback or filter that %s is counted and told, and breaks nothing",
	async (how) => {
		await prepare(PLAIN_SCRIPT);
		const problems: string[] = [];
		const broken = (name: string) => (): never => {
			if (how === "throws") throw new Error(name);
			return Promise.reject(new Error(name)) as never;
		};
		const telemetry = createTelemetry(
			settings({
				onFact: broken("onFact"),
				onRequest: broken("onRequest"),
				onResponse: broken("onResponse"),
				filter: broken("filter"),
				onProblem(sentence) {
					problems.push(sentence);
					return broken("onProblem")();
				},
			}),
		);
		const run = await telemetry.run("Go.", { options: { cwd: home.work }, onMessage: broken("onMessage") });
		await telemetry.shutdown();
		expect(run.text).toBe("An answer.");
		expect(telemetry.stats().callbackErrors).toBeGreaterThan(4);
		const names = ["onFact", "onRequest", "onResponse", "filter"];
		expect(problems).toEqual(expect.arrayContaining(names.map((name) => `A callback has thrown: ${name}`)));
		expect(problems).toContain("onMessage has thrown: onMessage");
	},
);

test.each([
	[undefined, "could not be delivered"],
	["off", "were not delivered"],
])("a collector that is not there is one problem and not several, with a spool that is %s", async (spool, words) => {
	await prepare(PLAIN_SCRIPT);
	const problems: string[] = [];
	const env = { ...home.env, CLAUDE_OTEL_SPOOL: spool };
	const onProblem = (sentence: string) => void problems.push(sentence);
	await runAgentWithTelemetry("Go.", {
		...settings({ sink: undefined, endpoint: "http://127.0.0.1:9", env, onProblem }),
		options: { cwd: home.work },
	});
	expect(problems).toEqual([expect.stringContaining(`${words} to http://127.0.0.1:9`)]);
});

/** A receiver that remembers, and answers as told. */
async function receive(
	answer: (nth: number) => number,
): Promise<{ url: string; bodies: TelemetryEvent[]; headers: IncomingMessage["headers"][] }> {
	const bodies: TelemetryEvent[] = [];
	const headers: IncomingMessage["headers"][] = [];
	const server = createServer(async (request, response) => {
		const pieces: Buffer[] = [];
		for await (const piece of request) pieces.push(piece as Buffer);
		bodies.push(JSON.parse(Buffer.concat(pieces).toString("utf8")));
		headers.push(request.headers);
		const status = answer(bodies.length);
		if (status > 0) response.writeHead(status).end();
	});
	servers.push(server);
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies, headers };
}

test("a webhook gets the events that the filter lets by, in their order, with its headers", async () => {
	await prepare(TOOLS_SCRIPT);
	const { url, bodies, headers } = await receive((nth) => (nth === 2 ? 500 : 204));
	const telemetry = createTelemetry(
		settings({
			webhook: { url, headers: { authorization: "Bearer of-the-test" }, events: ["toolCall"] },
			filter: (event) => event.event === "toolCall" && event.toolName === "Bash",
		}),
	);
	await telemetry.run("Do it.", { options: { cwd: home.work, allowedTools: TOOLS } });
	await telemetry.shutdown(5_000);
	expect(bodies.map((event) => event.event === "toolCall" && [event.toolName, event.status])).toHaveLength(3);
	expect(bodies.every((event) => event.event === "toolCall" && event.traceId === session()?.traceId)).toBe(true);
	expect(headers[0]).toMatchObject({ "content-type": "application/json", authorization: "Bearer of-the-test" });
	expect(telemetry.stats().webhook).toEqual({ sent: 2, failed: 1, dropped: 0 });
});

test("a webhook that never answers holds nothing up, and what it did not get is counted", async () => {
	await prepare(TOOLS_SCRIPT);
	const { url } = await receive(() => 0);
	const telemetry = createTelemetry(settings({ webhook: { url, events: ["fact"], queueMax: 5 } }));
	await telemetry.run("Do it.", { options: { cwd: home.work, allowedTools: TOOLS } });
	const before = performance.now();
	await telemetry.shutdown(200);
	expect(performance.now() - before).toBeLessThan(3_000);
	const { dropped = 0, sent, failed = 0 } = telemetry.stats().webhook ?? {};
	expect(sent).toBe(0);
	expect(dropped).toBeGreaterThan(5);
	expect(failed).toBeLessThanOrEqual(1);
});

test("the program's own providers get our spans with our ids, and its own spans keep random ones", async () => {
	await prepare(PLAIN_SCRIPT);
	const exporter = new InMemorySpanExporter();
	const idGenerator = createIdGenerator();
	const tracerProvider = new TracerProvider({ idGenerator, spanProcessors: [new SimpleSpanProcessor({ exporter })] });
	const providers = {
		idGenerator,
		tracerProvider,
		meterProvider: new MeterProvider(),
		loggerProvider: new LoggerProvider(),
	};
	const theirs = tracerProvider.getTracer("theirs");
	theirs.startSpan("before").end();
	const run = await runAgentWithTelemetry("Go.", {
		...settings({ sink: undefined, providers }),
		options: { cwd: home.work },
	});
	theirs.startSpan("after").end();
	const spans = exporter.getFinishedSpans();
	const ids = (name: string) => spans.find((span) => span.name === name)?.spanContext();
	expect(spans.map(({ name }) => name).toSorted()).toEqual([
		"after",
		"before",
		"chat claude-opus-5-5",
		"claude.session",
		"invoke_agent claude-code",
	]);
	expect(ids("claude.session")?.traceId).toBe(run.traceId);
	expect(spans.find(({ name }) => name === "invoke_agent claude-code")?.parentSpanContext?.spanId).toBe(
		ids("claude.session")?.spanId,
	);
	expect(new Set(["before", "after", "claude.session"].map((name) => ids(name)?.traceId)).size).toBe(3);
	expect(new Set(spans.map((span) => span.spanContext().spanId)).size).toBe(5);
	// They are still the program's to use.
	await expect(tracerProvider.forceFlush()).resolves.toBeUndefined();
});

test("a run lies in the span that its traceparent names, and with a share of 0 nothing is exported but counted", async () => {
	await prepare(PLAIN_SCRIPT);
	const traceId = "0af7651916cd43dd8448eb211c80319c";
	const run = await runAgentWithTelemetry("Go.", {
		...settings({ traceparent: `00-${traceId}-b7ad6b7169203331-01` }),
		options: { cwd: home.work },
	});
	expect(run.traceId).toBe(traceId);
	expect(session()).toMatchObject({ traceId, parentSpanId: "b7ad6b7169203331" });
	sink.clear();
	await runAgentWithTelemetry("Go.", { ...settings({ sampleRatio: 0 }), options: { cwd: home.work } });
	expect(sink.spans).toEqual([]);
	expect(sink.points.find(({ name }) => name === "claude.turns_total")?.value).toBe(1);
});

test("with the level off a query comes back as it was, and a run says what claude said", async () => {
	await prepare(PLAIN_SCRIPT);
	const telemetry = createTelemetry(settings({ level: "off" }));
	const plain = query({ prompt: "Go.", options: sdkOptions() });
	expect(telemetry.observe(plain)).toBe(plain);
	for await (const message of plain) void message;
	expect(await telemetry.run("Go.", { options: { cwd: home.work } })).toMatchObject({ exitCode: 0, history: [] });
	expect([sink.spans, sink.records, sink.points]).toEqual([[], [], []]);
});

test("what cannot be used is one sentence with the cure", async () => {
	await prepare(PLAIN_SCRIPT);
	expect(() => createTelemetry(settings({ endpoint: "no url" }))).toThrow(UserMistake);
	expect(() => createTelemetry(settings({ sampleRatio: 7 }))).toThrow(
		/sampleRatio is "7", but must be a number from 0 to 1/,
	);
	expect(() => createTelemetry(settings({ redactPatterns: ["("] }))).toThrow(/"\(".*correct it or take it out/);
	for (const headers of [{ "x y": "a" }, { x: "a\nb" }] as Record<string, string>[]) {
		expect(() => createTelemetry(settings({ headers }))).toThrow(/^headers cannot be read/);
		const webhook = { url: "http://127.0.0.1/", headers };
		expect(() => createTelemetry(settings({ webhook }))).toThrow(/^webhook\.headers cannot be read/);
	}
	for (const url of ["nonsense", "ftp://127.0.0.1/", "http://me:secret@127.0.0.1/"]) {
		expect(() => createTelemetry(settings({ webhook: { url } }))).toThrow(/^webhook\.url cannot be read/);
	}
	const lost = createTelemetry(settings({ env: { ...home.env, CLAUDE_BIN: "/nowhere/claude" } }));
	const nowhere = { options: { cwd: "/nowhere" } };
	await expect(lost.run("Go.", nowhere)).rejects.toThrow(/cwd is "\/nowhere", which is no folder/);
	await expect(lost.run(" \n")).rejects.toThrow(UserMistake);
	await expect(lost.run("Go.")).rejects.toThrow(/CLAUDE_BIN is \/nowhere\/claude, which was not found/);
});
