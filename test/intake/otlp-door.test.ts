// The OTLP half of the loopback door: what is taken, with which status the rest is answered, and that hooks go on.
import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import { deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { type HookServer, openHookServer } from "../../src/intake/hook-server.ts";
import { OTLP_BODY_MAX, OTLP_DECODED_MAX, OTLP_REQUESTS_PER_SECOND } from "../../src/intake/otlp-limits.ts";
import type { OtlpRequest } from "../../src/intake/otlp-server.ts";
import { TOKEN_HEADER } from "../../src/intake/run-token.ts";
import { until } from "../support/run.ts";

const TOKEN = "right-token";
const LOGS = '{"resourceLogs":[]}';
const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
	for (const close of closers.splice(0).toReversed()) await close();
});

async function open() {
	const payloads: OtlpRequest[] = [];
	let hooks = 0;
	const server = await openHookServer({
		token: TOKEN,
		http: true,
		onHook: () => hooks++,
		onOtlp: (sent) => void payloads.push(sent),
		tell: () => {},
	});
	closers.push(() => server.close());
	return { server, payloads, hooks: () => hooks };
}

interface Sent {
	path?: string;
	method?: string;
	headers?: Record<string, string>;
	token?: string;
	chunked?: boolean;
	agent?: Agent;
}

function send({ otlpUrl }: HookServer, body: string | Buffer, sent: Sent = {}) {
	const { path = "/v1/logs", method = "POST", token = TOKEN, chunked = false } = sent;
	const length: Record<string, string> = chunked ? {} : { "content-length": String(Buffer.byteLength(body)) };
	const headers = { "content-type": "application/json", [TOKEN_HEADER]: token, ...length, ...sent.headers };
	return new Promise<{ status?: number; body: string; headers: IncomingHttpHeaders }>((resolve, reject) => {
		const outgoing = request(`${otlpUrl}${path}`, { method, headers, agent: sent.agent }, (response) => {
			let text = "";
			response.setEncoding("utf8").on("data", (chunk: string) => {
				text += chunk;
			});
			response.on("end", () => resolve({ status: response.statusCode, body: text, headers: response.headers }));
		});
		outgoing.on("error", reject);
		outgoing.end(body);
	});
}

function raw({ otlpUrl }: HookServer): Socket {
	const { port } = new URL(otlpUrl ?? "");
	const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
	closers.push(() => void socket.destroy());
	return socket;
}

describe("what is taken", () => {
	test.each([
		["plain", LOGS, {}],
		["gzip", gzipSync(LOGS), { headers: { "content-encoding": "gzip" } }],
		["deflate", deflateSync(LOGS), { headers: { "content-encoding": "deflate" } }],
		["chunked", LOGS, { chunked: true }],
		["with a charset", LOGS, { headers: { "content-type": "application/json; charset=utf-8" } }],
	])("%s JSON, answered with an empty success", async (_how, body, sent) => {
		const { server, payloads } = await open();
		const answer = await send(server, body, sent);
		expect(answer).toMatchObject({ status: 200, body: "{}", headers: { "content-type": "application/json" } });
		expect(payloads).toMatchObject([{ signal: "logs", protocol: "http/json", json: { resourceLogs: [] } }]);
	});

	test("each signal on its path, one after the other on one connection, hooks in between", async () => {
		const { server, payloads, hooks } = await open();
		const socket = raw(server);
		let answers = "";
		socket.on("data", (chunk: Buffer) => {
			answers += chunk.toString();
		});
		for (const path of ["/v1/metrics", "/hook", "/v1/traces", "/hook", "/v1/logs"]) {
			socket.write(
				`POST ${path} HTTP/1.1\r\n${TOKEN_HEADER}: ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}`,
			);
		}
		await until("five answers", () => answers.split("HTTP/1.1 200").length === 6 && hooks() === 2);
		expect(payloads.map(({ signal }) => signal)).toEqual(["metrics", "traces", "logs"]);
	});
});

describe("what is refused", () => {
	test.each([
		[401, "a wrong token", LOGS, { token: "wrong" }],
		[401, "no token", LOGS, { token: "" }],
		[404, "another path", LOGS, { path: "/v1/profiles" }],
		[405, "another method", "", { method: "GET" }],
		[415, "another content type", LOGS, { headers: { "content-type": "text/plain" } }],
		[415, "another encoding", LOGS, { headers: { "content-encoding": "br" } }],
		[400, "junk", "junk", {}],
		[400, "JSON that is no object", "[]", {}],
		[400, "a list that is none", '{"resourceLogs":1}', {}],
		[400, "gzip that is none", "junk", { headers: { "content-encoding": "gzip" } }],
		[400, "gzip that ends early", gzipSync(LOGS).subarray(0, 12), { headers: { "content-encoding": "gzip" } }],
	])("with %i: %s", async (status, _what, body, sent) => {
		const { server, payloads } = await open();
		expect((await send(server, body, sent)).status).toBe(status);
		expect(payloads).toEqual([]);
		expect((await send(server, LOGS)).status).toBe(200);
	});

	test("malformed bodies get a google.rpc.Status, as OTLP asks for", async () => {
		const { server } = await open();
		expect(JSON.parse((await send(server, "junk")).body)).toMatchObject({ code: 3, message: expect.any(String) });
	});

	test("a body of 50 MB by its length, before it is read; one without a length when it has grown too far", async () => {
		const { server } = await open();
		const socket = raw(server);
		let answer = "";
		socket.on("data", (chunk: Buffer) => {
			answer += chunk.toString();
		});
		socket.write(
			`POST /v1/logs HTTP/1.1\r\n${TOKEN_HEADER}: ${TOKEN}\r\ncontent-type: application/json\r\ncontent-length: ${50 * 1024 * 1024}\r\n\r\n`,
		);
		await until("the refusal", () => answer !== "");
		expect(answer).toContain("HTTP/1.1 413");
		expect((await send(server, Buffer.alloc(OTLP_BODY_MAX + 1, " "), { chunked: true })).status).toBe(413);
	});

	test("a small body that unpacks to a large one, without unpacking all of it", async () => {
		const { server } = await open();
		const bomb = gzipSync(Buffer.alloc(OTLP_DECODED_MAX + 1, " "));
		expect(bomb.length).toBeLessThan(OTLP_BODY_MAX / 100);
		expect((await send(server, bomb, { headers: { "content-encoding": "gzip" } })).status).toBe(413);
	});

	test("more requests in a second than any claude makes: with 429, and when to come again", async () => {
		const { server, hooks } = await open();
		const agent = new Agent({ keepAlive: true, maxSockets: 8 });
		closers.push(() => agent.destroy());
		const answers = await Promise.all(
			Array.from({ length: 4 * OTLP_REQUESTS_PER_SECOND }, () => send(server, LOGS, { agent }).catch(() => undefined)),
		);
		const late = answers.filter((answer) => answer?.status === 429);
		expect(late.length).toBeGreaterThan(0);
		expect(late[0]?.headers["retry-after"]).toBe("1");
		expect((await send(server, "{}", { path: "/hook" })).status).toBe(200);
		await until("the hook", () => hooks() === 1);
	});
});

test("200 connections that say nothing, and a sender that is slow, hold up neither hooks nor others", async () => {
	const { server, payloads, hooks } = await open();
	for (let count = 0; count < 200; count++) raw(server);
	raw(server).write(`POST /v1/logs HTTP/1.1\r\n${TOKEN_HEADER}: ${TOKEN}\r\ncontent-length: 1000\r\n\r\n{`);
	expect((await send(server, LOGS)).status).toBe(200);
	expect((await send(server, "{}", { path: "/hook" })).status).toBe(200);
	await until("both", () => payloads.length === 1 && hooks() === 1);
});

test("without the socket's http hooks the door takes telemetry alone", async () => {
	const server = await openHookServer({
		token: TOKEN,
		http: false,
		onHook: () => {},
		onOtlp: () => {},
		tell: () => {},
	});
	closers.push(() => server.close());
	expect(server.url).toBeUndefined();
	expect((await send(server, LOGS)).status).toBe(200);
	expect((await send(server, "{}", { path: "/hook" })).status).toBe(401);
});
