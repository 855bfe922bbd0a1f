// Collectors that misbehave, and what stands between us and one. In: how to behave. Out: an address, and a way
// to end it. All on loopback.
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import {
	type AddressInfo,
	connect,
	createServer as createTcpServer,
	type Socket,
	type Server as TcpServer,
} from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { gunzipSync } from "node:zlib";
import { Server as GrpcServer, type Metadata, ServerCredentials } from "@grpc/grpc-js";
import type { Certificates } from "./certificates.ts";

export interface Place {
	url: string;
	port: number;
	close(): Promise<void>;
}

/** Accepts connections and never says a word. */
export function startHanging(): Promise<Place> {
	return listen(createTcpServer(() => {}));
}

/** An address where nobody listens: taken once, then left. */
export async function unusedAddress(): Promise<string> {
	const place = await startHanging();
	await place.close();
	return place.url;
}

export function startHttp(answer: RequestListener): Promise<Place> {
	return listen(createServer(answer));
}

export function startHttps(
	tls: { key: string; cert: string; ca?: string; requestCert?: boolean },
	answer: RequestListener,
): Promise<Place> {
	return listen(createSecureServer({ ...tls, rejectUnauthorized: tls.requestCert ?? false }, answer), "https");
}

/** Unpacks what comes compressed and hands it on: the mock receiver cannot. */
export async function startUnpackingRelay(to: string): Promise<Place & { encodings: unknown[] }> {
	const encodings: unknown[] = [];
	const place = await startHttp(async (incoming, response) => {
		encodings.push(incoming.headers["content-encoding"]);
		const body = gunzipSync(await readBody(incoming));
		const headers = { "content-type": incoming.headers["content-type"] };
		const onward = request(new URL(incoming.url ?? "/", to), { method: "POST", headers }, (answer) => {
			response.writeHead(answer.statusCode ?? 500, answer.headers);
			answer.pipe(response);
		});
		onward.end(body);
	});
	return { ...place, encodings };
}

/** A collector at an address of its own, with a way to be ill: `answer` undefined hands on to the receiver. */
export async function startFickle(to: () => string): Promise<Place & { behave(answer?: RequestListener): void }> {
	let now: RequestListener | undefined;
	const place = await startHttp(async (incoming, response) => {
		if (now) return now(incoming, response);
		const body = await readBody(incoming);
		const headers = { "content-type": incoming.headers["content-type"] };
		const onward = request(new URL(incoming.url ?? "/", to()), { method: "POST", headers }, (answer) => {
			response.writeHead(answer.statusCode ?? 500, answer.headers);
			answer.pipe(response);
		});
		onward.on("error", () => response.destroy());
		onward.end(body);
	});
	return {
		...place,
		behave(answer) {
			now = answer;
		},
	};
}

/** TLS in front of a receiver that has none: the same for gRPC and http. */
export async function startTlsRelay(
	files: Certificates,
	to: string,
	mutual = false,
): Promise<Place & { clients: string[] }> {
	const clients: string[] = [];
	const server = createTlsServer(
		{
			key: files.read(files.serverKey),
			cert: files.read(files.serverCertificate),
			ca: files.read(files.authority),
			requestCert: mutual,
			rejectUnauthorized: mutual,
			ALPNProtocols: ["h2", "http/1.1"],
		},
		(socket: TLSSocket) => {
			clients.push(String(socket.getPeerCertificate().subject?.CN));
			const onward = connect(Number(new URL(to).port), "127.0.0.1");
			socket.pipe(onward).pipe(socket);
			socket.on("error", () => onward.destroy());
			onward.on("error", () => socket.destroy());
		},
	);
	server.on("tlsClientError", () => {});
	const place = await listen(server, "https");
	return { ...place, url: `https://localhost:${place.port}`, clients };
}

/** Takes a given address (port 0: any) and hands every connection on; or none, while it hangs. */
export async function startRelay(at: string, to: string): Promise<Place & { hang(does: boolean): void }> {
	const held = new Set<Socket>();
	let hangs = false;
	const relay = createTcpServer((socket) => {
		socket.on("error", () => socket.destroy());
		if (hangs) return void held.add(socket);
		const onward = connect(Number(new URL(to).port), "127.0.0.1");
		socket.pipe(onward).pipe(socket);
		onward.on("error", () => socket.destroy());
		socket.on("error", () => onward.destroy());
	});
	const place = await listen(relay, "http", Number(new URL(at).port));
	return {
		...place,
		hang(does) {
			hangs = does;
			for (const socket of held) socket.destroy();
			held.clear();
		},
	};
}

/** An http proxy as companies have it: whole URLs for http, CONNECT for everything else; connects to `to` whatever is asked. */
export async function startProxy(to: number): Promise<Place & { asked: string[]; users: string[] }> {
	const asked: string[] = [];
	const users: string[] = [];
	const note = ({ method, url, headers }: IncomingMessage) => {
		asked.push(`${method} ${url}`);
		const [, user] = /^Basic (.+)$/.exec(headers["proxy-authorization"] ?? "") ?? [];
		if (user !== undefined) users.push(Buffer.from(user, "base64").toString());
	};
	const server = createServer((incoming, response) => {
		note(incoming);
		const { pathname } = new URL(incoming.url ?? "/");
		const onward = request(
			{ host: "127.0.0.1", port: to, path: pathname, method: "POST", headers: incoming.headers },
			(answer) => {
				response.writeHead(answer.statusCode ?? 500, answer.headers);
				answer.pipe(response);
			},
		);
		incoming.pipe(onward);
	});
	server.on("connect", (incoming: IncomingMessage, socket: Socket) => {
		note(incoming);
		const onward = connect(to, "127.0.0.1", () => {
			socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
			socket.pipe(onward).pipe(socket);
		});
		onward.on("error", () => socket.destroy());
		socket.on("error", () => onward.destroy());
	});
	return { ...(await listen(server)), asked, users };
}

export interface GrpcCall {
	request: Buffer;
	metadata: Metadata;
}
export type GrpcAnswer = (
	error: { code: number; details: string; metadata?: Metadata } | null,
	response?: Buffer,
) => void;

const GRPC_SERVICES = {
	traces: "trace.v1.TraceService",
	metrics: "metrics.v1.MetricsService",
	logs: "logs.v1.LogsService",
};

/** A gRPC server that answers every export as told. */
export async function startGrpc(
	handle: (call: GrpcCall, answer: GrpcAnswer, signal: keyof typeof GRPC_SERVICES) => void,
): Promise<Place> {
	const server = new GrpcServer({ "grpc.max_receive_message_length": -1 });
	const same = (bytes: Buffer) => bytes;
	for (const [signal, service] of Object.entries(GRPC_SERVICES)) {
		const method = {
			path: `/opentelemetry.proto.collector.${service}/Export`,
			requestStream: false,
			responseStream: false,
			requestSerialize: same,
			requestDeserialize: same,
			responseSerialize: same,
			responseDeserialize: same,
		};
		server.addService(
			{ export: method },
			{ export: (call: GrpcCall, answer: GrpcAnswer) => handle(call, answer, signal as keyof typeof GRPC_SERVICES) },
		);
	}
	const port = await new Promise<number>((resolve, reject) => {
		server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
			error ? reject(error) : resolve(bound),
		);
	});
	return {
		url: `http://127.0.0.1:${port}`,
		port,
		close: async () => server.forceShutdown(),
	};
}

export async function readBody(incoming: IncomingMessage): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of incoming) chunks.push(chunk as Buffer);
	return Buffer.concat(chunks);
}

function listen(server: Server | TcpServer, scheme = "http", wanted = 0): Promise<Place> {
	const sockets = new Set<Socket>();
	server.on("connection", (socket: Socket) => {
		sockets.add(socket);
		socket.on("close", () => sockets.delete(socket)).on("error", () => {});
	});
	return new Promise((resolve) => {
		server.listen(wanted, "127.0.0.1", () => {
			const { port } = server.address() as AddressInfo;
			const close = () =>
				new Promise<void>((closed) => {
					for (const socket of sockets) socket.destroy();
					server.close(() => closed());
				});
			resolve({ url: `${scheme}://127.0.0.1:${port}`, port, close });
		});
	});
}
