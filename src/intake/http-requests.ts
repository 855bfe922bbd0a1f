// Bytes of a connection → HTTP requests of the plain kind that Claude Code sends: a POST with a Content-Length, one after
// the other. Node's own server takes half a millisecond a request, which claude waits for twice in every tool call, and
// 20 ms to load; whatever is not plain is handed over to it untouched.
import type { Socket } from "node:net";

/** A longer head is not Claude Code's. */
const HEAD_MAX = 16 * 1024;
const HEAD_END = Buffer.from("\r\n\r\n");
const OK = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
const OK_AND_CLOSE = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
const REFUSED = Buffer.from("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

export interface RequestHead {
	method: string;
	path: string;
	/** Names in small letters. */
	headers: ReadonlyMap<string, string>;
}

export interface RequestHandler {
	push(chunk: Buffer): void;
	/** The request is whole; called when the answer is on its way, or, where there is `reply`, to make it. */
	end(): void;
	/** An answer of its own, instead of an empty 200. Until it is there nothing more is read. */
	reply?(): Promise<Reply>;
	/** The connection ended before the request was whole. */
	abort?(): void;
}

export interface Reply {
	status: number;
	contentType?: string;
	body: Buffer | string;
	/** Seconds after which the request may be made again. */
	retryAfter?: number;
	/** Nothing more is taken from this connection. */
	close?: boolean;
}

const REASONS: Record<number, string> = {
	200: "OK",
	400: "Bad Request",
	401: "Unauthorized",
	404: "Not Found",
	405: "Method Not Allowed",
	408: "Request Timeout",
	413: "Content Too Large",
	415: "Unsupported Media Type",
	429: "Too Many Requests",
	503: "Service Unavailable",
};

export function isReply(begun: RequestHandler | Reply): begun is Reply {
	return "status" in begun;
}

export interface HttpRequestOptions {
	/** A request begins; undefined refuses it with 401, a reply as it says, and its body is not read. */
	begin(head: RequestHead): RequestHandler | Reply | undefined;
	/** Something else than plain requests: the socket, with all unread bytes back in it, is not ours any more. */
	handOver(socket: Socket): void;
}

/** Takes a socket on which nothing was read yet. */
export function readHttpRequests(socket: Socket, { begin, handOver }: HttpRequestOptions): void {
	let unread: Buffer = Buffer.alloc(0);
	let body: { handler: RequestHandler; left: number; last: boolean } | undefined;

	function onData(chunk: Buffer): void {
		unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
		while (unread.length > 0) if (!(body ? readBody(body) : readHead())) return;
	}

	/** False where more bytes are needed, or none is ours any more. */
	function readHead(): boolean {
		const end = unread.indexOf(HEAD_END);
		if (end === -1 && unread.length <= HEAD_MAX) return false;
		const head = end === -1 ? undefined : parseHead(unread.toString("latin1", 0, end));
		const length = head && plainLength(head);
		if (head === undefined || length === undefined) {
			giveUp();
			return false;
		}
		const handler = begin(head);
		if (handler === undefined || isReply(handler)) {
			socket.end(handler === undefined ? REFUSED : wire(handler, true));
			socket.off("data", onData).resume();
			return false;
		}
		unread = unread.subarray(end + HEAD_END.length);
		body = { handler, left: length, last: head.headers.get("connection")?.toLowerCase() === "close" };
		return length > 0 || readBody(body);
	}

	function readBody(current: NonNullable<typeof body>): boolean {
		const piece = unread.subarray(0, current.left);
		unread = unread.subarray(piece.length);
		current.left -= piece.length;
		if (piece.length > 0) current.handler.push(piece);
		if (current.left > 0) return false;
		body = undefined;
		if (current.handler.reply !== undefined) {
			void answer(current.handler.reply(), current.last);
			current.handler.end();
			return false;
		}
		if (current.last) socket.end(OK_AND_CLOSE);
		else socket.write(OK);
		current.handler.end();
		return !current.last;
	}

	async function answer(coming: Promise<Reply>, last: boolean): Promise<void> {
		socket.off("data", onData).pause();
		const reply = await coming;
		if (socket.destroyed) return;
		if (last || reply.close === true) return void socket.end(wire(reply, true));
		socket.write(wire(reply, false));
		socket.on("data", onData).resume();
		if (unread.length > 0) onData(Buffer.alloc(0));
	}

	function giveUp(): void {
		socket.off("data", onData).pause();
		socket.unshift(unread);
		handOver(socket);
	}

	socket.on("close", () => body?.handler.abort?.());
	socket.setNoDelay(true);
	socket.on("data", onData);
}

function wire({ status, contentType, body, retryAfter }: Reply, close: boolean): Buffer {
	const head = [`HTTP/1.1 ${status} ${REASONS[status] ?? ""}`, `Content-Length: ${Buffer.byteLength(body)}`];
	if (contentType !== undefined) head.push(`Content-Type: ${contentType}`);
	if (retryAfter !== undefined) head.push(`Retry-After: ${retryAfter}`);
	if (close) head.push("Connection: close");
	return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), Buffer.from(body)]);
}

function parseHead(text: string): RequestHead | undefined {
	const [first = "", ...lines] = text.split("\r\n");
	const [, method, path] = /^([A-Z]+) (\S+) HTTP\/1\.1$/.exec(first) ?? [];
	if (method === undefined || path === undefined) return undefined;
	const headers = new Map<string, string>();
	for (const line of lines) {
		const [, name, value] = /^([\w-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
		if (name === undefined || value === undefined || headers.has(name.toLowerCase())) return undefined;
		headers.set(name.toLowerCase(), value);
	}
	return { method, path, headers };
}

/** The length of the body, where nothing but that length says where it ends. */
function plainLength({ headers }: RequestHead): number | undefined {
	if (headers.has("transfer-encoding") || headers.has("expect") || headers.has("upgrade")) return undefined;
	const length = headers.get("content-length");
	return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
}
