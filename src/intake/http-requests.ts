// Bytes of a connection → HTTP requests of the plain kind that Claude Code sends: a POST with a Content-Length, one after
// the other. Node's own server takes half a millisecond a request, which claude waits for twice in every tool call, and
// 20 ms to load; whatever is not plain is handed over to it untouched.
import type { Socket } from "node:net";

/** A longer head is not Claude Code's. */
const HEAD_MAX = 16 * 1024;
const HEAD_END = Buffer.from("\r\n\r\n");
const OK = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
const OK_AND_CLOSE = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
/** After an answer that ends a connection, the time for the sender to read it: what it still sends is thrown away. */
export const LINGER_MS = 1_000;
const REFUSED = Buffer.from("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

export interface RequestHead {
	method: string;
	path: string;
	/** Names in small letters. */
	headers: ReadonlyMap<string, string>;
}

export interface RequestHandler {
	push(chunk: Buffer): void;
	/** The request is whole. Called when the answer, an empty 200, is on its way; or before it, where `answers` is set. */
	end(): void;
	/** Gives the answer itself: once, and before the end of the request only one that ends the connection. */
	answers?: true;
	/** The connection has gone before the request was whole. */
	gone?(): void;
}

export interface HttpAnswer {
	status: string;
	/** Lines, each with its end. */
	headers: string;
	body: Buffer;
	/** No further request of this connection is read. */
	close: boolean;
}
export type GiveAnswer = (answer: HttpAnswer) => void;

export interface HttpRequestOptions {
	/** A request begins; undefined refuses it with 401. */
	begin(head: RequestHead, give: GiveAnswer): RequestHandler | undefined;
	/** Something else than plain requests: the socket, with all unread bytes back in it, is not ours any more. */
	handOver(socket: Socket): void;
}

/** Takes a socket on which nothing was read yet. */
export function readHttpRequests(socket: Socket, { begin, handOver }: HttpRequestOptions): void {
	let unread: Buffer = Buffer.alloc(0);
	let body: { handler: RequestHandler; left: number; last: boolean } | undefined;
	/** A whole request has no answer yet; none is read meanwhile. */
	let waiting = false;
	let done = false;

	function onData(chunk: Buffer): void {
		unread = unread.length === 0 ? chunk : Buffer.concat([unread, chunk]);
		if (waiting) socket.pause();
		else readOn();
	}

	function readOn(): void {
		while (hasMore()) if (!(body ? readBody(body) : readHead())) return;
	}

	function hasMore(): boolean {
		return !waiting && !done && unread.length > 0;
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
		const last = head.headers.get("connection")?.toLowerCase() === "close";
		const handler = begin(head, (answer) => give(answer, last));
		if (handler === undefined) endWith(REFUSED);
		if (handler === undefined || done) return false;
		unread = unread.subarray(end + HEAD_END.length);
		body = { handler, left: length, last };
		return length > 0 || readBody(body);
	}

	function readBody(current: NonNullable<typeof body>): boolean {
		const piece = unread.subarray(0, current.left);
		unread = unread.subarray(piece.length);
		current.left -= piece.length;
		if (piece.length > 0) current.handler.push(piece);
		if (current.left > 0 || done) return false;
		body = undefined;
		if (current.handler.answers) {
			waiting = true;
			current.handler.end();
			return true;
		}
		if (current.last) socket.end(OK_AND_CLOSE);
		else socket.write(OK);
		current.handler.end();
		return !current.last;
	}

	function give(answer: HttpAnswer, last: boolean): void {
		if (done) return;
		const close = answer.close || last;
		const bytes = toBytes(answer, close);
		if (close) {
			endWith(bytes);
			return;
		}
		waiting = false;
		socket.write(bytes);
		// What has come meanwhile, once the caller has returned, who may be in the midst of reading.
		if (unread.length > 0 || socket.isPaused()) setImmediate(() => !done && socket.resume() && readOn());
	}

	/** The sender may be in the midst of a long body: it is read away for a while, for a reset would hide the answer. */
	function endWith(bytes: Buffer): void {
		done = true;
		body = undefined;
		unread = Buffer.alloc(0);
		socket.off("data", onData).resume();
		socket.end(bytes);
		setTimeout(() => socket.destroy(), LINGER_MS).unref();
	}

	function giveUp(): void {
		done = true;
		socket.off("data", onData).pause();
		socket.unshift(unread);
		handOver(socket);
	}

	socket.setNoDelay(true);
	socket.on("data", onData);
	socket.once("close", () => body?.handler.gone?.());
}

function toBytes({ status, headers, body }: HttpAnswer, close: boolean): Buffer {
	const connection = close ? "Connection: close\r\n" : "";
	const head = `HTTP/1.1 ${status}\r\n${headers}Content-Length: ${body.length}\r\n${connection}\r\n`;
	return Buffer.concat([Buffer.from(head, "latin1"), body]);
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
