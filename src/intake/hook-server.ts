// Bytes that hooks send → hook bodies. Two doors into one room: http on loopback for Claude Code's own http hooks, and
// a Unix socket (on Windows a named pipe) for the forwarder. Nothing is ever answered but an empty 200: hooks only watch.
import { timingSafeEqual } from "node:crypto";
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "../clock.ts";
import { createHookBodyReader, type HookBody, type HookBodyReader } from "./hook-body.ts";
import { type RequestHandler, readHttpRequests } from "./http-requests.ts";

/** Claude Code opens one connection per hook that runs at the same time. */
export const HOOK_CONNECTIONS_MAX = 512;
/** A connection that has sent no whole request head, or no token, after this is closed; claude itself gives up after 1 s. */
export const HOOK_HEAD_TIME_MS = 2_000;
/** Answers slower than this hold claude noticeably. */
export const HOOK_SLOW_ANSWER_MS = 500;
/** After claude has gone, the time for what its last hooks have sent to arrive. */
export const HOOK_DRAIN_MS = 250;
/** The forwarder's first line holds the token. */
const TOKEN_LINE_MAX = 256;
const DRAIN_TURNS = 4;

export const TOKEN_HEADER = "x-claude-otel-token";

/** One export of Claude Code's own telemetry, as it came. */
export interface OtlpRequest {
	signal: "metrics" | "logs" | "traces";
	protocol: "http/json" | "http/protobuf" | "grpc";
	/** In small letters, without our token. */
	headers: Record<string, string>;
	/** Http: as on the wire, content-encoding included; gRPC: the message, uncompressed. */
	body: Buffer;
}

export interface HookServerOptions {
	/** Opens this run's doors. */
	token: string;
	http: boolean;
	socketPath?: string;
	onHook(body: HookBody): void;
	/** Claude Code's own telemetry, where the http door is to take it. */
	onOtlp?(request: OtlpRequest): void;
	/** One sentence for the diagnostics. */
	tell(sentence: string): void;
}

export interface HookServer {
	/** Where http hooks go; undefined without the http door. */
	url?: string;
	/** Where Claude Code's own telemetry goes: http://127.0.0.1:PORT. */
	otlpUrl?: string;
	counts: { bodies: number; malformed: number; refused: number; slow: number };
	/** Waits for what is on its way, then closes the doors. */
	close(): Promise<void>;
}

export async function openHookServer(options: HookServerOptions): Promise<HookServer> {
	const token = Buffer.from(options.token);
	const counts = { bodies: 0, malformed: 0, refused: 0, slow: 0 };
	const sockets = new Set<Socket>();
	/** Those of them that are in the middle of a request. */
	const reading = new Set<Socket>();
	/** Answered bodies that are not yet parsed. */
	let pending = 0;

	const socketDoor = options.socketPath === undefined ? undefined : createServer((socket) => receiveForwarded(socket));
	const httpDoor = options.http ? createServer((socket) => serveHttp(socket)) : undefined;
	for (const door of [socketDoor, httpDoor]) {
		if (door === undefined) continue;
		door.maxConnections = HOOK_CONNECTIONS_MAX;
		door.on("connection", (socket) => watch(socket));
	}
	await Promise.all([
		socketDoor && listen(socketDoor, { path: options.socketPath }),
		httpDoor && listen(httpDoor, { host: "127.0.0.1", port: 0 }),
	]);

	// Loaded where a connection brings something else than Claude Code's plain requests.
	let loading: Promise<HttpServer> | undefined;
	const http = () => {
		loading ??= import("node:http").then(({ createServer: createHttpServer }) => {
			const server = createHttpServer({ keepAliveTimeout: 0, requestTimeout: 0 }, answer);
			server.on("clientError", (_error, socket) => socket.destroy());
			return server;
		});
		return loading;
	};

	return {
		url: httpDoor && `http://127.0.0.1:${(httpDoor.address() as AddressInfo).port}/hook`,
		counts,
		async close() {
			const until = performance.now() + HOOK_DRAIN_MS;
			// Bytes that lie in the kernel need turns of the loop to show: one for a connection, one for what it brought.
			for (let turn = 0; turn < DRAIN_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
			while (isBusy() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 1));
			socketDoor?.close();
			httpDoor?.close();
			for (const socket of sockets) socket.destroy();
		},
	};

	function isBusy(): boolean {
		return pending > 0 || reading.size > 0;
	}

	function watch(socket: Socket): void {
		sockets.add(socket);
		socket.on("close", () => {
			sockets.delete(socket);
			reading.delete(socket);
		});
		// claude ends its connections as it likes; that is no failure of ours.
		socket.on("error", () => socket.destroy());
		socket.setTimeout(HOOK_HEAD_TIME_MS, () => socket.destroy());
	}

	function serveHttp(socket: Socket): void {
		reading.add(socket);
		readHttpRequests(socket, {
			begin({ method, path, headers }) {
				if (method !== "POST" || path !== "/hook" || !opens(headers.get(TOKEN_HEADER))) {
					counts.refused++;
					return undefined;
				}
				return receive(socket);
			},
			handOver: (handed) => void serveByNode(handed),
		});
	}

	async function serveByNode(socket: Socket): Promise<void> {
		const server = await http();
		server.emit("connection", socket);
		socket.resume();
	}

	/** A request that has shown the token. */
	function receive(socket: Socket): RequestHandler {
		const at = systemClock();
		const startedAt = performance.now();
		// This is claude: from here on its connection may rest as long as it likes.
		socket.setTimeout(0);
		reading.add(socket);
		const reader = createHookBodyReader();
		return {
			push: reader.push,
			end() {
				reading.delete(socket);
				take(reader, at);
				tellIfSlow(performance.now() - startedAt);
			},
		};
	}

	function answer(request: IncomingMessage, response: ServerResponse): void {
		response.sendDate = false;
		if (request.method !== "POST" || request.url !== "/hook" || !opens(request.headers[TOKEN_HEADER])) {
			counts.refused++;
			response.writeHead(401, { connection: "close" }).end();
			return;
		}
		const { push, end } = receive(request.socket);
		request.on("data", push);
		request.on("end", () => {
			response.end();
			end();
		});
	}

	function receiveForwarded(socket: Socket): void {
		reading.add(socket);
		const at = systemClock();
		const reader = createHookBodyReader();
		let head: Buffer | undefined = Buffer.alloc(0);
		socket.on("data", (chunk: Buffer) => {
			if (head === undefined) return reader.push(chunk);
			head = Buffer.concat([head, chunk]);
			const lineEnd = head.indexOf("\n");
			if (lineEnd < 0 && head.length <= TOKEN_LINE_MAX) return;
			if (!opens(head.toString("latin1", 0, Math.max(lineEnd, 0)))) {
				counts.refused++;
				socket.destroy();
				return;
			}
			socket.setTimeout(0);
			reader.push(head.subarray(lineEnd + 1));
			head = undefined;
		});
		socket.on("end", () => {
			socket.end();
			reading.delete(socket);
			if (head === undefined) take(reader, at);
		});
	}

	function opens(given: string | string[] | undefined): boolean {
		const bytes = Buffer.from(typeof given === "string" ? given : "");
		return bytes.length === token.length && timingSafeEqual(bytes, token);
	}

	function take(reader: HookBodyReader, at: number): void {
		pending++;
		// The answer goes out first; claude waits for it, and for nothing that follows.
		setImmediate(() => {
			pending--;
			const body = reader.read(at);
			if (body === undefined) {
				counts.malformed++;
				return;
			}
			counts.bodies++;
			options.onHook(body);
		});
	}

	function tellIfSlow(millis: number): void {
		if (millis < HOOK_SLOW_ANSWER_MS || ++counts.slow !== 2) return;
		options.tell(
			`Two hook answers took longer than ${HOOK_SLOW_ANSWER_MS} ms: this machine is busy, and tool calls wait for it.`,
		);
	}
}

function listen(server: Server, where: { path?: string; host?: string; port?: number }): Promise<void> {
	return new Promise((resolve, reject) => {
		server.once("error", reject);
		server.listen(where, () => {
			server.off("error", reject);
			// An error of accept (too many files, say) costs that one hook, never the run.
			server.on("error", () => {});
			resolve();
		});
	});
}
