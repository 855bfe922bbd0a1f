// Connections that bring something else than plain requests (a chunked body, an Expect, a GET) → the same requests, read
// by Node's own http server, which is loaded for them alone.
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { type GiveAnswer, LINGER_MS, type RequestHandler, type RequestHead } from "./http-requests.ts";

export type BeginOn = (socket: Socket, head: RequestHead, give: GiveAnswer) => RequestHandler | undefined;

/** Gives what takes a connection, with all its bytes still in it. */
export function createNodeRequests(begin: BeginOn): (socket: Socket) => Promise<void> {
	let loading: Promise<HttpServer> | undefined;
	return async (socket) => {
		loading ??= import("node:http").then(({ createServer }) => {
			const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 }, answer);
			server.on("checkContinue", answer);
			server.on("clientError", (_error, broken) => broken.destroy());
			return server;
		});
		(await loading).emit("connection", socket);
		socket.resume();
	};

	function answer(request: IncomingMessage, response: ServerResponse): void {
		response.sendDate = false;
		const handler = begin(request.socket, toHead(request), (given) => {
			if (response.writableEnded) return;
			for (const line of given.headers.split("\r\n").filter(Boolean)) {
				const [name = "", value = ""] = line.split(": ");
				response.setHeader(name, value);
			}
			response.setHeader("Content-Length", given.body.length);
			if (given.close && request.complete) response.setHeader("Connection", "close");
			response.writeHead(Number.parseInt(given.status, 10)).end(given.body);
			// Node resets a connection that it is told to close, and the sender would not see the answer.
			if (given.close && !request.complete) lingerOn(request);
		});
		if (handler === undefined) {
			response.writeHead(401, { connection: "close", "content-length": 0 }).end();
			return;
		}
		if (!response.writableEnded && request.headers.expect !== undefined) response.writeContinue();
		request.on("data", handler.push);
		request.on("end", () => {
			if (!handler.answers) response.end();
			handler.end();
		});
		request.on("close", () => request.complete || handler.gone?.());
	}
}

function lingerOn(request: IncomingMessage): void {
	request.resume();
	const timer = setTimeout(() => request.complete || request.socket.destroy(), LINGER_MS);
	timer.unref();
}

function toHead({ method = "", url = "", headers }: IncomingMessage): RequestHead {
	const pairs = Object.entries(headers).map(([name, value]) => [name, String(value)] as const);
	return { method, path: url, headers: new Map(pairs) };
}
