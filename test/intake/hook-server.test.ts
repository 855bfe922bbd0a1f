import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { HOOK_HEAD_TIME_MS } from "../../src/intake/connections.ts";
import { HOOK_BODY_KEEP, type HookBody } from "../../src/intake/hook-body.ts";
import { HOOK_BODY_TIME_MS, type HookServer, openHookServer } from "../../src/intake/hook-server.ts";
import { TOKEN_HEADER } from "../../src/intake/run-token.ts";
import { until } from "../support/run.ts";

const TOKEN = "right-token";
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
	for (const close of closers.splice(0).toReversed()) await close();
});

async function open(doors: { http?: boolean; socket?: boolean } = { http: true }) {
	const folder = mkdtempSync(join(tmpdir(), "hook-server-"));
	closers.push(() => rmSync(folder, { recursive: true, force: true }));
	const bodies: HookBody[] = [];
	const told: string[] = [];
	const dropped: string[] = [];
	const socketPath = doors.socket ? join(folder, "hooks.sock") : undefined;
	const server = await openHookServer({
		token: TOKEN,
		http: doors.http ?? false,
		socketPath,
		onHook: (body) => void bodies.push(body),
		onDropped: (source) => dropped.push(source),
		tell: (sentence) => told.push(sentence),
	});
	closers.push(() => server.close());
	return { server, bodies, told, dropped, socketPath: socketPath ?? "" };
}

interface Answer {
	status: number | undefined;
	headers: Record<string, unknown>;
	body: string;
}

function send(
	server: HookServer,
	body: string,
	options: { token?: string; path?: string; method?: string } = {},
): Promise<Answer> {
	return new Promise((resolve, reject) => {
		const url = new URL(server.url ?? "");
		if (options.path !== undefined) url.pathname = options.path;
		const headers = options.token === "" ? {} : { [TOKEN_HEADER]: options.token ?? TOKEN };
		const sent = request(url, { method: options.method ?? "POST", headers }, (response) => {
			let text = "";
			response.setEncoding("utf8").on("data", (chunk: string) => {
				text += chunk;
			});
			response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: text }));
		});
		sent.on("error", reject);
		sent.end(body);
	});
}

describe("the http door", () => {
	test("hands over the body and answers 200 with nothing in it", async () => {
		const { server, bodies } = await open();
		const answer = await send(server, '{"hook_event_name":"Stop"}');
		expect(answer).toMatchObject({ status: 200, body: "" });
		expect(answer.headers["content-length"]).toBe("0");
		await until("the body is read", () => bodies.length === 1);
		expect(bodies[0]).toMatchObject({ json: { hook_event_name: "Stop" }, bytes: 26 });
		expect(bodies[0]?.at).toBeCloseTo(Date.now(), -4);
	});

	test("listens on loopback alone", async () => {
		const { server } = await open();
		expect(new URL(server.url ?? "").hostname).toBe("127.0.0.1");
	});

	test.each([
		["a wrong token", { token: "wrong-token" }],
		["a shorter token", { token: "right" }],
		["no token", { token: "" }],
		["another path", { path: "/other" }],
		["another method", { method: "PUT" }],
	])("refuses %s with 401 and nothing in it", async (_what, options) => {
		const { server, bodies } = await open();
		expect(await send(server, "{}", options)).toMatchObject({ status: 401, body: "" });
		expect(server.counts.refused).toBe(1);
		expect(bodies).toEqual([]);
	});

	test("answers 200 to a body that it cannot read, and counts it", async () => {
		const { server, bodies, dropped } = await open();
		expect(await send(server, "{not json")).toMatchObject({ status: 200, body: "" });
		await until("it is counted", () => server.counts.malformed === 1);
		expect([bodies, dropped]).toEqual([[], ["hook"]]);
	});

	test("takes connections that come before http is loaded, and the bytes that come with them", async () => {
		const { server, bodies } = await open();
		const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => send(server, `{"n":${i}}`)));
		expect(answers.every((answer) => answer.status === 200)).toBe(true);
		await until("all are read", () => bodies.length === 20);
		expect(new Set(bodies.map((body) => body.json.n)).size).toBe(20);
	});

	test("serves many requests over one connection, however they are chopped", async () => {
		const { server, bodies } = await open();
		const socket = await dial(server);
		let received = "";
		socket.setEncoding("utf8").on("data", (text: string) => {
			received += text;
		});
		const one =
			`POST /hook HTTP/1.1\r\nhost: x\r\n${TOKEN_HEADER}: ${TOKEN}\r\ncontent-length: 9\r\n\r\n{"n":"é"}`.replace(
				"9",
				"10",
			);
		for (const byte of Buffer.from(one + one + one)) {
			socket.write(Buffer.of(byte));
			if (byte % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
		}
		await until("three answers", () => received.split("HTTP/1.1 200 OK").length === 4);
		expect(bodies.map((body) => body.json.n)).toEqual(["é", "é", "é"]);
		expect(received.toLowerCase()).not.toContain("date:");
	});

	test(
		"closes a connection that never sends a whole head",
		async () => {
			const { server } = await open();
			const socket = await dial(server);
			socket.write("POST /hook HT");
			socket.on("error", () => {});
			await new Promise((resolve) => socket.on("close", resolve));
			expect(server.counts).toMatchObject({ bodies: 0, refused: 0 });
		},
		HOOK_HEAD_TIME_MS * 10,
	);

	test("on closing waits for a body that is on its way", async () => {
		const { server, bodies } = await open();
		const socket = await dial(server);
		socket.write(`POST /hook HTTP/1.1\r\nhost: x\r\n${TOKEN_HEADER}: ${TOKEN}\r\ncontent-length: 7\r\n\r\n{"n"`);
		await new Promise((resolve) => setTimeout(resolve, 50));
		const closed = server.close();
		socket.end(":1}");
		await closed;
		expect(bodies.map((body) => body.json)).toEqual([{ n: 1 }]);
	});
});

describe("the socket door", () => {
	test("hands over what the forwarder sends behind the token", async () => {
		const { server, bodies, socketPath } = await open({ socket: true });
		expect(server.url).toBeUndefined();
		const socket = connect(socketPath);
		socket.end(`${TOKEN}\n{"hook_event_name":"SessionEnd"}`);
		await until("it is read", () => bodies.length === 1);
		expect(bodies[0]).toMatchObject({ json: { hook_event_name: "SessionEnd" }, bytes: 32 });
	});

	test.each(["wrong\n{}", "\n{}", `${"x".repeat(1000)}`])("refuses what begins with %j", async (text) => {
		const { server, bodies, socketPath } = await open({ socket: true });
		const socket = connect(socketPath);
		socket.on("error", () => {});
		socket.end(text);
		await until("it is refused", () => server.counts.refused === 1);
		expect(bodies).toEqual([]);
	});

	test("on closing still reads what a sender that has gone has left in the kernel", async () => {
		const { server, bodies, socketPath } = await open({ socket: true });
		await new Promise<void>((resolve) => {
			const socket = connect(socketPath);
			socket.end(`${TOKEN}\n{"n":1}`, resolve);
		});
		await server.close();
		expect(bodies.map((body) => body.json)).toEqual([{ n: 1 }]);
	});
});

test("a body that never becomes whole is given up at both doors, however steadily it trickles", async () => {
	const { server, bodies, socketPath } = await open({ http: true, socket: true });
	const head = `POST /hook HTTP/1.1\r\nhost: x\r\n${TOKEN_HEADER}: ${TOKEN}\r\ncontent-length: 100000\r\n\r\n`;
	const startedAt = performance.now();
	const trickle = async (socket: Socket, begin: string) => {
		const gone = new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
		socket.write(begin);
		const timer = setInterval(() => socket.write("{"), 100);
		await gone;
		clearInterval(timer);
	};
	await Promise.all([trickle(await dial(server), head), trickle(connect(socketPath), `${TOKEN}\n`)]);
	const took = performance.now() - startedAt;
	expect(took).toBeGreaterThan(HOOK_BODY_TIME_MS * 0.9);
	expect(took).toBeLessThan(HOOK_BODY_TIME_MS * 5);
	expect(bodies).toEqual([]);
	expect(server.counts.malformed).toBe(2);
});

async function dial(server: HookServer): Promise<Socket> {
	const { port, hostname } = new URL(server.url ?? "");
	const socket = connect(Number(port), hostname);
	closers.push(() => void socket.destroy());
	await new Promise((resolve) => socket.once("connect", resolve));
	return socket;
}

describe("what nobody sends by accident", () => {
	test("is answered like every hook where it is above the limit, and handed on cut", async () => {
		const { server, bodies } = await open();
		const content = "x".repeat(HOOK_BODY_KEEP * 20);
		const answer = await send(server, `{"tool_input":{"content":"${content}"},"tool_use_id":"toolu_1"}`);
		expect(answer).toMatchObject({ status: 200, body: "" });
		await until("the body is read", () => bodies.length === 1);
		expect(bodies[0]?.json.tool_use_id).toBe("toolu_1");
		expect(bodies[0]?.cut).toEqual({ tool_input: content.length + 14 });
	});

	test("is refused without a body also where Node's own server reads it", async () => {
		const { server } = await open();
		const socket = await dial(server);
		let received = "";
		socket.setEncoding("utf8").on("data", (text: string) => {
			received += text;
		});
		socket.write("GET /hook HTTP/1.1\r\nhost: x\r\n\r\n");
		await until("the refusal", () => received.endsWith("\r\n\r\n"));
		expect(received).toMatch(/^HTTP\/1\.1 401 /);
		expect(received.toLowerCase()).toContain("content-length: 0");
	});

	test("never takes over a socket file that is there already", async () => {
		const first = await open({ socket: true });
		const options = { token: TOKEN, http: false, socketPath: first.socketPath, onHook() {}, tell() {} };
		await expect(openHookServer(options)).rejects.toThrow("EADDRINUSE");
		connect(first.socketPath).end(`${TOKEN}\n{"n":1}`);
		await until("the first still reads", () => first.bodies.length === 1);
	});
});
