// OTLP over http on the port of the hooks: what is taken, what is refused and how, and that neither harms the hooks.
import { deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";
import { HOOK_STRANGERS_MAX } from "../../src/intake/connections.ts";
import type { HookBody } from "../../src/intake/hook-body.ts";
import { type HookServer, openHookServer } from "../../src/intake/hook-server.ts";
import {
	OTLP_BODY_MAX,
	OTLP_BODY_TIME_MS,
	OTLP_CONNECTIONS_MAX,
	OTLP_DECODED_MAX,
	OTLP_DEPTH_MAX,
	OTLP_HELD_MAX,
	OTLP_REQUESTS_PER_SECOND,
} from "../../src/intake/otlp-limits.ts";
import { encodeOtlp } from "../../src/intake/otlp-protobuf.ts";
import { type OtlpCounts, REFUSALS, type Refusal } from "../../src/intake/otlp-refusal.ts";
import type { OtlpRequest } from "../../src/intake/otlp-server.ts";
import { TOKEN_HEADER } from "../../src/intake/run-token.ts";
import { usedMemory } from "../support/memory.ts";
import { dial, type RawConnection } from "../support/raw-http.ts";
import { until } from "../support/run.ts";

const TOKEN = "right-token";
const LOGS = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "é" }, traceId: "0a" }] }] }] };
const JSON_BYTES = Buffer.byteLength(JSON.stringify(LOGS));
const JSON_TYPE = "application/json";
const PROTOBUF_TYPE = "application/x-protobuf";
const MIB = 1024 * 1024;
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
	for (const close of closers.splice(0).toReversed()) await close();
});

interface Opened {
	server: HookServer;
	url: string;
	counts: OtlpCounts;
	requests: OtlpRequest[];
	bodies: HookBody[];
	dropped: string[];
}

async function open(options: { http?: boolean; onOtlp?: (request: OtlpRequest) => void } = {}): Promise<Opened> {
	const requests: OtlpRequest[] = [];
	const bodies: HookBody[] = [];
	const dropped: string[] = [];
	const server = await openHookServer({
		token: TOKEN,
		http: options.http ?? true,
		onHook: (body) => void bodies.push(body),
		onOtlp: options.onOtlp ?? ((request) => requests.push(request)),
		onDropped: (source) => dropped.push(source),
		tell: () => {},
	});
	closers.push(() => server.close());
	const { otlpUrl, otlpCounts } = server;
	if (otlpUrl === undefined || otlpCounts === undefined) throw new Error("there is no OTLP door");
	return { server, url: otlpUrl, counts: otlpCounts, requests, bodies, dropped };
}

async function connectTo(url: string, options?: { deaf: boolean }): Promise<RawConnection> {
	const connection = await dial(url, options);
	closers.push(() => void connection.socket.destroy());
	return connection;
}

interface Sent {
	path?: string;
	method?: string;
	token?: string;
	type?: string;
	headers?: string;
	/** Handed over to Node's own server. */
	chunked?: boolean;
	length?: number;
}

function request(body: string | Buffer, sent: Sent = {}): Buffer {
	const { path = "/v1/logs", method = "POST", token = TOKEN, type = JSON_TYPE, headers = "", chunked = false } = sent;
	const bytes = Buffer.from(body);
	const length = chunked ? "transfer-encoding: chunked" : `content-length: ${sent.length ?? bytes.length}`;
	const head = `${method} ${path} HTTP/1.1\r\nhost: x\r\n${TOKEN_HEADER}: ${token}\r\ncontent-type: ${type}\r\n${headers}${length}\r\n\r\n`;
	const chunks = [...(bytes.length > 0 ? [chunk(bytes)] : []), chunk(Buffer.alloc(0))];
	return Buffer.concat([Buffer.from(head), ...(chunked ? chunks : [bytes])]);
}

function chunk(bytes: Buffer): Buffer {
	return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

async function exchange(url: string, body: string | Buffer, sent?: Sent) {
	const connection = await connectTo(url);
	void connection.send(request(body, sent));
	return { ...(await connection.answer()), connection };
}

function refusals(counts: OtlpCounts): Partial<Record<Refusal, number>> {
	return Object.fromEntries(Object.entries(counts.refused).filter(([, count]) => count > 0));
}

describe.each([false, true])("chunked %s:", (chunked) => {
	test("takes JSON, and hands on what it says, what it was, and how it came", async () => {
		const { url, requests, counts } = await open();
		const body = JSON.stringify(LOGS);
		const headers = "User-Agent: OTel\r\nConnection: keep-alive\r\n";
		expect(await exchange(url, body, { chunked, headers })).toMatchObject({
			status: 200,
			headers: { "content-type": JSON_TYPE },
			body: "{}",
		});
		const [taken] = requests;
		expect(taken).toMatchObject({ signal: "logs", protocol: "http/json", json: LOGS, body: Buffer.from(body) });
		expect(taken?.at).toBeCloseTo(Date.now(), -4);
		const { "content-length": _length, ...others } = taken?.headers ?? {};
		expect(others).toEqual({ "content-type": JSON_TYPE, "user-agent": "OTel" });
		expect(counts).toMatchObject({ taken: 1, cut: 0 });
		expect(refusals(counts)).toEqual({});
	});

	test("takes protobuf, and answers with an empty message", async () => {
		const { url, requests } = await open();
		const body = encodeOtlp("logs", LOGS);
		expect(await exchange(url, body, { chunked, type: PROTOBUF_TYPE })).toMatchObject({
			status: 200,
			headers: { "content-type": PROTOBUF_TYPE },
			body: "",
		});
		expect(requests).toMatchObject([{ signal: "logs", protocol: "http/protobuf", json: LOGS, body }]);
	});

	test.each([
		["gzip", gzipSync],
		["deflate", deflateSync],
	])("takes %s, and hands on the body as it came", async (encoding, pack) => {
		const { url, requests } = await open();
		const body = pack(JSON.stringify(LOGS));
		const headers = `Content-Encoding: ${encoding}\r\n`;
		expect(await exchange(url, body, { chunked, headers })).toMatchObject({ status: 200 });
		expect(requests).toMatchObject([{ json: LOGS, body, headers: { "content-encoding": encoding } }]);
	});

	test("serves several requests of one connection, hooks among them, in their order", async () => {
		const { url, requests, bodies } = await open();
		const connection = await connectTo(url);
		const hook = request('{"n":1}', { path: "/hook" });
		const otlp = [
			request(JSON.stringify(LOGS), { chunked }),
			request(gzipSync('{"resourceSpans":[]}'), { path: "/v1/traces", chunked, headers: "Content-Encoding: gzip\r\n" }),
			request(encodeOtlp("metrics", { resourceMetrics: [{}] }), { path: "/v1/metrics", chunked, type: PROTOBUF_TYPE }),
		];
		void connection.send(Buffer.concat([hook, ...otlp, request('{"n":2}', { path: "/hook" })]));
		await until("five answers", () => connection.answers.length === 5);
		expect(connection.answers.map(({ status, body }) => [status, body])).toEqual([
			[200, ""],
			[200, "{}"],
			[200, "{}"],
			[200, ""],
			[200, ""],
		]);
		// Node's server reads on while a body is being unpacked, so of chunked ones only the answers keep their order.
		const signals = requests.map(({ signal }) => signal);
		expect(chunked ? signals.toSorted() : signals).toEqual(
			chunked ? ["logs", "metrics", "traces"] : ["logs", "traces", "metrics"],
		);
		await until("both hooks are read", () => bodies.length === 2);
	});

	const wrong: [string, number, Refusal, string | Buffer, Sent][] = [
		["JSON that is none", 400, "malformed", "{not json", {}],
		["no JSON at all", 400, "malformed", "", {}],
		["JSON of another shape", 400, "malformed", '{"resourceLogs":{"a":1}}', {}],
		["JSON with another shape inside", 400, "malformed", '{"resourceLogs":[{"scopeLogs":[{"logRecords":[1]}]}]}', {}],
		["JSON of another signal", 400, "malformed", '{"resourceSpans":[]}', {}],
		["JSON without an end of its depth", 400, "malformed", deepJson(OTLP_DEPTH_MAX), {}],
		["protobuf that is none", 400, "malformed", Buffer.from("ffffffffffff", "hex"), { type: PROTOBUF_TYPE }],
		["protobuf that was cut", 400, "malformed", encodeOtlp("logs", LOGS).subarray(0, -1), { type: PROTOBUF_TYPE }],
		["truncated gzip", 400, "malformed", gzipSync(JSON.stringify(LOGS)).subarray(0, -9), gzipped()],
		["gzip that is none", 400, "malformed", "{}", gzipped()],
		["a bomb", 413, "large", gzipSync(Buffer.alloc(OTLP_DECODED_MAX + 1)), gzipped()],
		["another encoding", 415, "encoding", "{}", { headers: "Content-Encoding: br\r\n" }],
		["another type", 415, "type", "{}", { type: "text/plain" }],
		["another path", 404, "path", "{}", { path: "/v1/profiles" }],
		["another method", 405, "method", "{}", { method: "PUT" }],
	];
	test.each(wrong)("refuses %s with %d", async (_what, status, kind, body, sent) => {
		const { url, counts, requests, dropped } = await open();
		const { connection, ...answer } = await exchange(url, body, { ...sent, chunked });
		expect(answer.status).toBe(status);
		expect(refusals(counts)).toEqual({ [kind]: 1 });
		expect(dropped).toEqual(kind === "path" || kind === "method" ? [] : ["native"]);
		expect(requests).toEqual([]);
		const { code, message } = REFUSALS[kind];
		const asProtobuf = `\b${String.fromCharCode(code)}\x12${String.fromCharCode(message.length)}${message}`;
		const isProtobuf = sent.type === PROTOBUF_TYPE;
		expect(answer.headers["content-type"]).toBe(isProtobuf ? PROTOBUF_TYPE : JSON_TYPE);
		expect(answer.body).toBe(isProtobuf ? asProtobuf : JSON.stringify({ code, message }));
		expect(answer.headers.allow).toBe(status === 405 ? "POST" : undefined);
		// Only those go on over the same connection that might be right the next time; and those that Node's own server
		// would cut off in the midst of their body, unanswered.
		const goesOn = status === 400 || (chunked && kind !== "large");
		await connection.send(request(JSON.stringify(LOGS)));
		await until("an answer, or the end", () => connection.isClosed() || connection.answers.length === 2);
		expect(connection.answers.length).toBe(goesOn ? 2 : 1);
	});

	test("takes values in values as deep in JSON as in protobuf", async () => {
		const { url } = await open();
		// Four messages lie around the record's value, and each list in it is two.
		const deepest = (OTLP_DEPTH_MAX - 4) / 2;
		const send = async (depth: number) => {
			const json = deepJson(depth);
			const protobuf = encodeOtlp("logs", JSON.parse(json));
			return [
				(await exchange(url, json, { chunked })).status,
				(await exchange(url, protobuf, { chunked, type: PROTOBUF_TYPE })).status,
			];
		};
		expect(await send(deepest)).toEqual([200, 200]);
		expect(await send(deepest + 1)).toEqual([400, 400]);
	});

	test.each(["wrong-token", "right", ""])("refuses the token %j with 401 and nothing in it", async (token) => {
		const { url, counts, requests, server } = await open();
		expect(await exchange(url, JSON.stringify(LOGS), { token, chunked })).toMatchObject({ status: 401, body: "" });
		expect(refusals(counts)).toEqual({ token: 1 });
		expect(server.counts.refused).toBe(0);
		expect(requests).toEqual([]);
	});

	test("answers 500 where we fail, and takes the next", async () => {
		let fail = true;
		const taken: OtlpRequest[] = [];
		const { url, counts } = await open({
			onOtlp(one) {
				if (fail) throw new Error("ours");
				taken.push(one);
			},
		});
		const { connection, status } = await exchange(url, JSON.stringify(LOGS), { chunked });
		expect(status).toBe(500);
		fail = false;
		void connection.send(request(JSON.stringify(LOGS), { chunked }));
		expect((await connection.answer()).status).toBe(200);
		expect(taken.length).toBe(1);
		expect(refusals(counts)).toEqual({ failed: 1 });
	});

	test("counts a body that was cut", async () => {
		const { url, counts } = await open();
		const connection = await connectTo(url);
		await connection.send(request(JSON.stringify(LOGS), { chunked }).subarray(0, -8));
		await pause(50);
		connection.socket.destroy();
		await until("it is counted", () => counts.cut === 1);
		expect(refusals(counts)).toEqual({});
	});

	test.concurrent("cuts a sender that takes too long for a body", async () => {
		const { url, counts } = await open();
		const connection = await connectTo(url);
		const bytes = request(JSON.stringify(LOGS), { chunked });
		await connection.send(bytes.subarray(0, -20));
		const drip = setInterval(() => void connection.send(" "), OTLP_BODY_TIME_MS / 8);
		const startedAt = performance.now();
		const answer = await connection.answer(OTLP_BODY_TIME_MS * 2);
		clearInterval(drip);
		expect(answer.status).toBe(408);
		expect(performance.now() - startedAt).toBeGreaterThan(OTLP_BODY_TIME_MS * 0.9);
		await until("the connection is closed", () => connection.isClosed());
		expect(refusals(counts)).toEqual({ slow: 1 });
	});
});

describe("limits", () => {
	test("a body of 50 MB is refused by its length, before any of it was sent", async () => {
		const { url, counts } = await open();
		const connection = await connectTo(url);
		await connection.send(request("", { length: 50_000_000 }));
		expect(await connection.answer()).toMatchObject({ status: 413, headers: { connection: "close" } });
		await until("the connection is closed", () => connection.isClosed());
		expect(refusals(counts)).toEqual({ large: 1 });
	});

	test("a sender that sends the 50 MB all the same still reads the answer, and none of it is kept", async () => {
		const { url } = await open();
		const before = usedMemory();
		let most = 0;
		const piece = Buffer.alloc(50_000);
		const connection = await connectTo(url, { deaf: true });
		await connection.send(request("", { length: 50_000_000 }));
		let sent = 0;
		while (sent < 1_000 && (await connection.send(piece))) {
			if (++sent % 100 === 0) most = Math.max(most, usedMemory() - before);
		}
		expect((await connection.answer()).status).toBe(413);
		expect(sent).toBeGreaterThan(100);
		expect(most).toBeLessThan(16 * MIB);
	});

	test("a body of 50 MB that waits to be asked for is not asked for", async () => {
		const { url } = await open();
		const connection = await connectTo(url);
		await connection.send(request("", { length: 50_000_000, headers: "Expect: 100-continue\r\n" }));
		expect((await connection.answer()).status).toBe(413);
	});

	test("a small body that waits to be asked for is", async () => {
		const { url, requests } = await open();
		const connection = await connectTo(url);
		const body = JSON.stringify(LOGS);
		await connection.send(request("", { length: Buffer.byteLength(body), headers: "Expect: 100-continue\r\n" }));
		expect((await connection.answer()).status).toBe(100);
		await connection.send(body);
		expect((await connection.answer()).status).toBe(200);
		expect(requests.length).toBe(1);
	});

	test("a body without a length is refused when it has grown too large", async () => {
		const { url, counts } = await open();
		const connection = await connectTo(url);
		await connection.send(request("", { chunked: true }).subarray(0, -5));
		const piece = chunk(Buffer.alloc(MIB));
		for (let sent = 0; sent <= OTLP_BODY_MAX / MIB; sent++) await connection.send(piece);
		expect((await connection.answer()).status).toBe(413);
		expect(refusals(counts)).toEqual({ large: 1 });
		await until("the connection is closed", () => connection.isClosed());
	});

	test("a body of the largest size is taken, plain or unpacked", async () => {
		const { url } = await open();
		const fill = (size: number) => Buffer.alloc(size, " ").fill(JSON.stringify(LOGS), 0, JSON_BYTES);
		expect((await exchange(url, fill(OTLP_BODY_MAX))).status).toBe(200);
		const packed = gzipSync(fill(OTLP_DECODED_MAX));
		expect((await exchange(url, packed, gzipped())).status).toBe(200);
	});

	test("what many senders have sent of unfinished bodies is limited together", async () => {
		const { url, counts } = await open();
		const half = Buffer.alloc(OTLP_BODY_MAX - 1);
		const connections: RawConnection[] = [];
		for (let i = 0; i < OTLP_HELD_MAX / OTLP_BODY_MAX + 1; i++) {
			const connection = await connectTo(url);
			connections.push(connection);
			void connection.send(Buffer.concat([request("", { length: OTLP_BODY_MAX }), half]));
		}
		await until("one is refused", () => counts.refused.busy === 1);
		const refused = await Promise.any(connections.map((connection) => connection.answer()));
		expect(refused).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
		for (const { socket } of connections) socket.destroy();
		await until("all others are cut", () => counts.cut === connections.length - 1);
		expect((await exchange(url, JSON.stringify(LOGS))).status).toBe(200);
	});

	test("of 200 connections those beyond the limit are told to come later, and hooks are answered", async () => {
		const { url, counts, bodies } = await open();
		const connections = await Promise.all(Array.from({ length: 200 }, () => connectTo(url)));
		for (const connection of connections) void connection.send(request(JSON.stringify(LOGS)));
		const statuses = await Promise.all(connections.map(async (connection) => (await connection.answer()).status));
		expect(statuses.filter((status) => status === 200).length).toBe(OTLP_CONNECTIONS_MAX);
		expect(statuses.filter((status) => status === 503).length).toBe(200 - OTLP_CONNECTIONS_MAX);
		expect(refusals(counts)).toEqual({ busy: 200 - OTLP_CONNECTIONS_MAX });
		expect((await exchange(url, "{}", { path: "/hook" })).status).toBe(200);
		await until("the hook is read", () => bodies.length === 1);
		for (const { socket } of connections) socket.destroy();
		while ((await exchange(url, JSON.stringify(LOGS))).status !== 200) await pause(20);
	});

	test("idle strangers, however many, keep nobody out", async () => {
		const { url, bodies } = await open();
		for (let i = 0; i < 3; i++) await Promise.all(Array.from({ length: HOOK_STRANGERS_MAX }, () => connectTo(url)));
		expect((await exchange(url, "{}", { path: "/hook" })).status).toBe(200);
		expect((await exchange(url, JSON.stringify(LOGS))).status).toBe(200);
		await until("the hook is read", () => bodies.length === 1);
	});

	test("requests beyond so many a second are told to come later, over the same connection", async () => {
		const { url, counts, requests } = await open();
		const connection = await connectTo(url);
		const one = request('{"resourceLogs":[]}');
		const many = OTLP_REQUESTS_PER_SECOND + 500;
		// Time stands still, however slow this machine is.
		const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now());
		closers.push(() => clock.mockRestore());
		void connection.send(Buffer.concat(Array.from({ length: many }, () => one)));
		await until("all are answered", () => connection.answers.length === many);
		expect(requests.length).toBe(OTLP_REQUESTS_PER_SECOND);
		expect(counts.refused.rate).toBe(500);
		expect(connection.answers.at(-1)).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
		clock.mockRestore();
		await pause(50);
		void connection.send(one);
		await until("the next is taken", () => connection.answers.length === many + 1);
		expect(connection.answers.at(-1)?.status).toBe(200);
	});
});

describe("the door", () => {
	test("is there for OTLP alone where hooks come by the socket", async () => {
		const { url, server, bodies, requests } = await open({ http: false });
		expect(server.url).toBeUndefined();
		expect(new URL(url).hostname).toBe("127.0.0.1");
		expect((await exchange(url, JSON.stringify(LOGS))).status).toBe(200);
		expect((await exchange(url, "{}", { path: "/hook" })).status).toBe(401);
		expect(server.counts.refused).toBe(1);
		expect(bodies).toEqual([]);
		expect(requests.length).toBe(1);
	});

	test("is not there where nobody asked for it", async () => {
		const server = await openHookServer({ token: TOKEN, http: true, onHook: () => {}, tell: () => {} });
		closers.push(() => server.close());
		expect(server).toMatchObject({ otlpUrl: undefined, otlpCounts: undefined });
		expect(await exchange(server.url ?? "", JSON.stringify(LOGS))).toMatchObject({ status: 401, body: "" });
	});

	test("on closing waits for a request that is on its way", async () => {
		const { url, server, requests } = await open();
		const connection = await connectTo(url);
		const bytes = request(gzipSync(JSON.stringify(LOGS)), gzipped());
		await connection.send(bytes.subarray(0, -3));
		await pause(50);
		const closed = server.close();
		void connection.send(bytes.subarray(-3));
		await closed;
		expect(requests.length).toBe(1);
	});
});

test("hooks are answered in time, and memory stays flat, while all that is above goes on at once", async () => {
	const { url, counts, bodies, requests } = await open();
	const bomb = request(gzipSync(Buffer.alloc(OTLP_DECODED_MAX * 2)), gzipped());
	const junk = [
		request("{not json"),
		request(JSON.stringify(LOGS), { token: "wrong" }),
		request(JSON.stringify(LOGS), { path: "/nothing" }),
		request(Buffer.from("ffffffff", "hex"), { type: PROTOBUF_TYPE, chunked: true }),
		request(JSON.stringify(LOGS)).subarray(0, -5),
		Buffer.from("\x16\x03\x01 no http at all\r\n\r\n"),
		request("", { length: 50_000_000 }),
		bomb,
	];
	const attacking = new AbortController();
	const attack = async (bytes: Buffer) => {
		while (!attacking.signal.aborted) {
			const connection = await dial(url);
			await connection.send(bytes);
			await pause(5);
			connection.socket.destroy();
		}
	};
	const attacks = junk.map((bytes) => attack(bytes));
	const before = usedMemory();
	let most = 0;
	const times: number[] = [];
	const hooks = await connectTo(url);
	for (let n = 0; n < 100; n++) {
		const startedAt = performance.now();
		void hooks.send(request(`{"n":${n}}`, { path: "/hook" }));
		expect((await hooks.answer()).status).toBe(200);
		times.push(performance.now() - startedAt);
		requests.length = 0;
		if (n % 10 === 0) most = Math.max(most, usedMemory() - before);
		await pause(10);
	}
	attacking.abort();
	await Promise.all(attacks);
	await until("all hooks are read", () => bodies.length === 100);
	const slowest = Math.max(...times);
	// Claude Code gives a hook one second.
	expect(slowest).toBeLessThan(900);
	expect(times.toSorted((a, b) => a - b)[50]).toBeLessThan(100);
	expect(Object.keys(refusals(counts))).toEqual(expect.arrayContaining(["token", "path", "large", "malformed"]));
	// One bomb at a time is being unpacked, and pieces of it are copied into one.
	expect(most).toBeLessThan(3 * OTLP_DECODED_MAX);
	await until("memory is as before, once the last bombs are dealt with", () => usedMemory() - before < 8 * MIB);
});

function pause(millis: number): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, millis));
}

function gzipped(): Sent {
	return { headers: "Content-Encoding: gzip\r\n" };
}

function deepJson(depth: number): string {
	const value = `${'{"arrayValue":{"values":['.repeat(depth)}${"]}}".repeat(depth)}`;
	return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${value}}]}]}]}`;
}
