import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import { readHttpRequests } from "../../src/intake/http-requests.ts";

let server: Server | undefined;
afterEach(() => server?.close());

interface Seen {
	bodies: string[];
	handedOver: Buffer[];
}

/** Sends the pieces one after the other, and gives what came back. */
async function talk(pieces: readonly (string | Buffer)[], seen: Seen, allowed = true): Promise<string> {
	const sockets: Socket[] = [];
	server = createServer((socket) => {
		sockets.push(socket);
		readHttpRequests(socket, {
			begin() {
				if (!allowed) return undefined;
				let body = "";
				return {
					push: (chunk) => {
						body += chunk.toString();
					},
					end: () => void seen.bodies.push(body),
				};
			},
			handOver(handed) {
				handed.once("data", (chunk: Buffer) => {
					seen.handedOver.push(chunk);
					handed.end("handed over");
				});
				handed.resume();
			},
		});
	});
	const { promise, resolve } = Promise.withResolvers<string>();
	await new Promise<void>((listening) => server?.listen(0, "127.0.0.1", listening));
	const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
	let answer = "";
	client.on("data", (chunk) => {
		answer += chunk.toString();
	});
	client.on("close", () => resolve(answer));
	client.setNoDelay(true);
	for (const piece of pieces) {
		client.write(piece);
		await new Promise((next) => setTimeout(next, 2));
	}
	client.end();
	return promise;
}

const post = (body: string, headers = "") =>
	`POST /hook HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

test("answers each of several requests on one connection, however their bytes are cut", async () => {
	const bytes = post('{"a":"ü"}') + post("") + post("second");
	for (const size of [1, 7, bytes.length]) {
		const seen: Seen = { bodies: [], handedOver: [] };
		const buffer = Buffer.from(bytes, "utf8");
		const pieces: string[] = [];
		for (let at = 0; at < buffer.length; at += size) pieces.push(buffer.toString("latin1", at, at + size));
		// Latin-1 keeps bytes apart; the socket writes them as they are.
		const answer = await talk(
			size === bytes.length ? [bytes] : [bytes.slice(0, size * 5), bytes.slice(size * 5)],
			seen,
		);
		expect(pieces.join("").length).toBe(buffer.length);
		expect(answer).toBe(OK.repeat(3));
		expect(seen.bodies).toEqual(['{"a":"ü"}', "", "second"]);
		server?.close();
	}
});

test("closes where it is asked to, and refuses what may not come in", async () => {
	const seen: Seen = { bodies: [], handedOver: [] };
	expect(await talk([post("x", "Connection: close\r\n")], seen)).toContain("Connection: close");
	server?.close();
	expect(await talk([post("x")], seen, false)).toMatch(/^HTTP\/1\.1 401 /);
	expect(seen.bodies).toEqual(["x"]);
});

test.each([
	["chunks", "POST /hook HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
	["a question first", "POST /hook HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"],
	["an older version", "GET / HTTP/1.0\r\n\r\n"],
	["no http at all", "no http at all\r\n\r\n"],
	["a head without end", `POST /hook HTTP/1.1\r\nX: ${"x".repeat(20_000)}`],
	["two lengths", "POST /hook HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"],
])("hands over, with every byte, what is no plain request: %s", async (_name, bytes) => {
	const seen: Seen = { bodies: [], handedOver: [] };
	expect(await talk([bytes], seen)).toBe("handed over");
	expect(Buffer.concat(seen.handedOver).toString().slice(0, 40)).toBe(bytes.slice(0, 40));
	expect(seen.bodies).toEqual([]);
});
