// Bytes that hooks send → hook bodies. Two doors into one room: http on loopback for Claude Code's own http hooks, and
// a Unix socket (on Windows a named pipe) for the forwarder. Nothing is ever answered but an empty 200: hooks only watch.
// Claude Code's own telemetry comes in by the same loopback port, and goes to the OTLP room.
import { createServer, type Socket } from "node:net";
import { systemClock } from "../clock.ts";
import { createConnections } from "./connections.ts";
import { createHookBodyReader, type HookBody, type HookBodyReader } from "./hook-body.ts";
import {
	type GiveAnswer,
	type HttpAnswer,
	type RequestHandler,
	type RequestHead,
	readHttpRequests,
} from "./http-requests.ts";
import { openLastingServer, type Place } from "./lasting-server.ts";
import { createNodeRequests } from "./node-requests.ts";
import type { OtlpCounts } from "./otlp-refusal.ts";
import { createOtlpRoom, isOtlpPath, type OtlpRequest } from "./otlp-server.ts";
import { TOKEN_HEADER, tokenCheck } from "./run-token.ts";

/** Claude Code opens one connection per hook that runs at the same time. */
export const HOOK_CONNECTIONS_MAX = 512;
/** A body that is not whole after this is given up with its connection; claude itself gives up after 1 s. */
export const HOOK_BODY_TIME_MS = 3_000;
/** Answers slower than this hold claude noticeably. */
export const HOOK_SLOW_ANSWER_MS = 500;
/** A hook that comes while we are still loading waits no longer for its answer. */
export const HOOK_HOLD_MS = 400;
/** After claude has gone, the time for what its last hooks have sent to arrive. */
export const HOOK_DRAIN_MS = 250;
const TAKEN: HttpAnswer = { status: "200 OK", headers: "", body: Buffer.alloc(0), close: false };
/** The forwarder's first line holds the token. */
const TOKEN_LINE_MAX = 256;
const DRAIN_TURNS = 4;

export interface HookServerOptions {
	/** Opens this run's doors. */
	token: string;
	http: boolean;
	socketPath?: string;
	/** Listening sockets that another process opened: these are the doors then. */
	inherited?: DoorDescriptors;
	/** A door is to be opened again in its place. */
	beforeAgain?(): Promise<void>;
	/** Takes OTLP over http too, on a loopback port that without `http` is for it alone. */
	onOtlp?(request: OtlpRequest): void;
	/** Answered when it has been taken in: then it is kept. */
	onHook(body: HookBody): void | Promise<void>;
	/** What claude sent could not be taken. */
	onDropped?(source: "hook" | "native"): void;
	/** One sentence for the diagnostics. */
	tell(sentence: string): void;
}

export interface DoorDescriptors {
	http?: number;
	socket?: number;
}

export interface HookServer {
	/** Where http hooks go; undefined without the http door. */
	url?: string;
	/** Where OTLP over http goes: the base of /v1/logs and the like. */
	otlpUrl?: string;
	otlpCounts?: OtlpCounts;
	counts: { bodies: number; malformed: number; refused: number; slow: number };
	/** Of the doors that are open. */
	descriptors(): DoorDescriptors;
	/** Waits for what is on its way, then closes the doors. */
	close(): Promise<void>;
}

export async function openHookServer(options: HookServerOptions): Promise<HookServer> {
	const opens = tokenCheck(options.token);
	const counts = { bodies: 0, malformed: 0, refused: 0, slow: 0 };
	const connections = createConnections();
	/** Bodies that are not yet answered. */
	let pending = 0;

	const { onDropped = () => {} } = options;
	const room = options.onOtlp && createOtlpRoom(options.onOtlp, () => onDropped("native"));
	const serveByNode = createNodeRequests(begin);
	const makeServer = (serve: (socket: Socket) => void) => () => {
		const server = createServer((socket) => {
			connections.add(socket);
			serve(socket);
		});
		server.maxConnections = HOOK_CONNECTIONS_MAX;
		return server;
	};
	const { tell, beforeAgain } = options;
	const { socket, http } = placesOf(options);
	const [socketDoor, httpDoor] = await Promise.all([
		socket &&
			openLastingServer({ door: "socket", create: makeServer(receiveForwarded), where: socket, tell, beforeAgain }),
		http && openLastingServer({ door: "http", create: makeServer(serveHttp), where: http, tell, beforeAgain }),
	]);

	const origin = httpDoor && `http://127.0.0.1:${httpDoor.port}`;
	return {
		url: options.http ? `${origin}/hook` : undefined,
		otlpUrl: room && origin,
		otlpCounts: room?.counts,
		counts,
		descriptors: () => ({ http: httpDoor?.descriptor(), socket: socketDoor?.descriptor() }),
		async close() {
			const until = performance.now() + HOOK_DRAIN_MS;
			// Bytes that lie in the kernel need turns of the loop to show: one for a connection, one for what it brought.
			for (let turn = 0; turn < DRAIN_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
			while (isBusy() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 1));
			socketDoor?.close();
			httpDoor?.close();
			connections.destroy();
		},
	};

	function isBusy(): boolean {
		return pending > 0 || connections.isBusy();
	}

	function serveHttp(socket: Socket): void {
		connections.reading(socket);
		connections.addStranger(socket, () => room?.leave(socket));
		readHttpRequests(socket, {
			begin: (head, give) => begin(socket, head, give),
			handOver: (handed) => void serveByNode(handed),
		});
	}

	function begin(socket: Socket, head: RequestHead, give: GiveAnswer): RequestHandler | undefined {
		const known = opens(head.headers.get(TOKEN_HEADER));
		if (known && options.http && head.method === "POST" && head.path === "/hook") return receive(socket, give);
		if (known && room && head.path !== "/hook") return receiveOtlp(socket, head, give);
		if (room && isOtlpPath(head.path)) room.counts.refused.token++;
		else counts.refused++;
		return undefined;
	}

	function receiveOtlp(socket: Socket, head: RequestHead, give: GiveAnswer): RequestHandler | undefined {
		connections.greet(socket);
		return room?.receive(socket, head, (answer) => {
			connections.rests(socket);
			give(answer);
		});
	}

	/** A request that has shown the token. */
	function receive(socket: Socket, give: GiveAnswer): RequestHandler {
		const at = systemClock();
		const startedAt = performance.now();
		connections.greet(socket);
		const reader = createHookBodyReader();
		const whole = giveUpLater(socket);
		return {
			answers: true,
			push: reader.push,
			gone: whole,
			end() {
				whole();
				connections.rests(socket);
				take(reader, at, () => {
					give(TAKEN);
					tellIfSlow(performance.now() - startedAt);
				});
			},
		};
	}

	/** Returns what to call when the body is whole, or its connection gone. */
	function giveUpLater(socket: Socket): () => void {
		// What came while this process stood still lies in the kernel, and is read before the timer's second turn.
		const late = setTimeout(() => setImmediate(() => waiting && giveUp()), HOOK_BODY_TIME_MS).unref();
		let waiting = true;
		const giveUp = () => {
			counts.malformed++;
			onDropped("hook");
			socket.destroy();
		};
		return () => {
			waiting = false;
			clearTimeout(late);
		};
	}

	function receiveForwarded(socket: Socket): void {
		connections.reading(socket);
		const at = systemClock();
		const reader = createHookBodyReader();
		let head: Buffer | undefined = Buffer.alloc(0);
		const whole = giveUpLater(socket);
		socket.on("close", whole);
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
			whole();
			connections.rests(socket);
			if (head === undefined) take(reader, at, () => socket.end());
			else socket.end();
		});
	}

	/** What is answered is kept: a process that is killed after it has lost nothing. */
	function take(reader: HookBodyReader, at: number, answer: () => void): void {
		const body = reader.read(at);
		if (body === undefined) {
			counts.malformed++;
			onDropped("hook");
			return answer();
		}
		counts.bodies++;
		const taken = options.onHook(body);
		if (taken === undefined) return answer();
		void answerWhen(taken, answer);
	}

	async function answerWhen(taken: Promise<void>, answer: () => void): Promise<void> {
		pending++;
		await withinHold(taken);
		pending--;
		answer();
	}

	function tellIfSlow(millis: number): void {
		if (millis < HOOK_SLOW_ANSWER_MS || ++counts.slow !== 2) return;
		options.tell(
			`Two hook answers took longer than ${HOOK_SLOW_ANSWER_MS} ms: this machine is busy, and tool calls wait for it.`,
		);
	}
}

function placesOf({ inherited, socketPath, http, onOtlp }: HookServerOptions): {
	http?: Place;
	socket?: Place;
} {
	if (inherited !== undefined) return { http: onDescriptor(inherited.http), socket: onDescriptor(inherited.socket) };
	return {
		http: http || onOtlp ? { host: "127.0.0.1", port: 0 } : undefined,
		socket: socketPath === undefined ? undefined : { path: socketPath },
	};
}

function onDescriptor(descriptor: number | undefined): Place | undefined {
	return descriptor === undefined ? undefined : { fd: descriptor };
}

/** Never rejects. */
async function withinHold(work: Promise<void>): Promise<void> {
	let timer: NodeJS.Timeout | undefined;
	const held = new Promise<void>((resolve) => {
		timer = setTimeout(resolve, HOOK_HOLD_MS);
	});
	await Promise.race([work.catch(() => {}), held]);
	clearTimeout(timer);
}
