// Bytes that hooks send → hook bodies. Two doors into one room: http on loopback for Claude Code's own http hooks, and
// a Unix socket (on Windows a named pipe) for the forwarder. Nothing is ever answered but an empty 200: hooks only watch.
import { timingSafeEqual } from "node:crypto";
import type { Server as HttpServer, IncomingMessage, ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { systemClock } from "../clock.ts";
import { createHookBodyReader, type HookBody, type HookBodyReader } from "./hook-body.ts";
import { isReply, type Reply, type RequestHandler, type RequestHead, readHttpRequests } from "./http-requests.ts";
import { createOtlpDoor, type TakeOtlp } from "./otlp-door.ts";

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

export interface HookServerOptions {
	/** Opens this run's doors. */
	token: string;
	/** Hooks come by http too. */
	http: boolean;
	/** claude's own telemetry comes by http, on the same port. */
	onOtlp?: TakeOtlp;
	socketPath?: string;
	onHook(body: HookBody): void;
	/** One sentence for the diagnostics. */
	tell(sentence: string): void;
}

export interface HookServer {
	/** Where http hooks go; undefined without the http door. */
	url?: string;
	/** Where claude sends its telemetry: scheme, host and port. */
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
	const otlp = options.onOtlp && createOtlpDoor(options.onOtlp, systemClock);
	const httpDoor = options.http || otlp ? createServer((socket) => serveHttp(socket)) : undefined;
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
		url: httpDoor && options.http ? `${urlOf(httpDoor)}/hook` : undefined,
		otlpUrl: httpDoor && otlp ? urlOf(httpDoor) : undefined,
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
		return pending > 0 || reading.size > 0 || (otlp?.open() ?? 0) > 0;
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
			begin: (head) => begin(head, socket),
			handOver: (handed) => void serveByNode(handed),
		});
	}

	function begin(head: RequestHead, socket: Socket) {
		if (opens(head.headers.get(TOKEN_HEADER))) {
			if (options.http && head.method === "POST" && head.path === "/hook") return receive(socket);
			if (otlp !== undefined && head.path !== "/hook") {
				reading.delete(socket);
				const begun = otlp.begin(head, () => socket.destroy());
				// Between its exports claude keeps the connection.
				if (!isReply(begun)) socket.setTimeout(0);
				return begun;
			}
		}
		counts.refused++;
		return undefined;
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
		const headers = new Map(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
		const begun = begin({ method: request.method ?? "", path: request.url ?? "", headers }, request.socket);
		if (begun === undefined || isReply(begun)) {
			const { status, body } = begun ?? { status: 401, body: "" };
			response.writeHead(status, { connection: "close" }).end(body);
			return;
		}
		request.on("data", begun.push);
		request.on("close", () => begun.abort?.());
		request.on("end", () => {
			if (begun.reply === undefined) response.end();
			else void respond(response, begun.reply());
			begun.end();
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

async function respond(response: ServerResponse, coming: Promise<Reply>): Promise<void> {
	const { status, contentType = "text/plain", body, close } = await coming;
	response.writeHead(status, { "content-type": contentType, ...(close ? { connection: "close" } : {}) }).end(body);
}

function urlOf(server: Server): string {
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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
