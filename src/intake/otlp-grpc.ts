// OTLP over gRPC → the same requests as over http. A port of its own on loopback, for gRPC wants HTTP/2; loaded only where
// Claude Code's telemetry is to come by gRPC.
import { createServer, type Socket } from "node:net";
import {
	Server,
	ServerCredentials,
	type ServerUnaryCall,
	type ServiceDefinition,
	type sendUnaryData,
	setLogger,
} from "@grpc/grpc-js";
import { systemClock } from "../clock.ts";
import { openLastingServer } from "./lasting-server.ts";
import { guard, refusal } from "./otlp-grpc-guard.ts";
import { OTLP_BODY_MAX, OTLP_BODY_TIME_MS, OTLP_CALLS_MAX, OTLP_CONNECTIONS_MAX } from "./otlp-limits.ts";
import { decodeOtlp } from "./otlp-protobuf.ts";
import type { OtlpCounts } from "./otlp-refusal.ts";
import { createOtlpRoom, type OtlpRequest, type OtlpRoom, type OtlpSignal, passedOn } from "./otlp-server.ts";
import { tokenCheck } from "./run-token.ts";

export interface OtlpGrpcOptions {
	/** Opens this run's door. */
	token: string;
	/** Any free one, if it is not given. */
	port?: number;
	onRequest(request: OtlpRequest): void;
	/** What gRPC would write to the terminal. */
	tell?(sentence: string): void;
}

export interface OtlpGrpc {
	/** http://127.0.0.1:PORT */
	url: string;
	counts: OtlpCounts;
	close(): Promise<void>;
}

const SERVICES: readonly (readonly [name: string, signal: OtlpSignal])[] = [
	["opentelemetry.proto.collector.trace.v1.TraceService", "traces"],
	["opentelemetry.proto.collector.metrics.v1.MetricsService", "metrics"],
	["opentelemetry.proto.collector.logs.v1.LogsService", "logs"],
];
/** Of all three export services: nothing was rejected. */
const EMPTY_MESSAGE = Buffer.alloc(0);
/** After closing, the time for calls that are being answered. */
const DRAIN_MS = 250;

export async function openOtlpGrpc(options: OtlpGrpcOptions): Promise<OtlpGrpc> {
	const tell = (sentence: unknown) => options.tell?.(`grpc: ${String(sentence)}`);
	setLogger({ error: tell, info: tell, debug: tell });
	const room = createOtlpRoom(options.onRequest);
	const strangers = new Map<string, Socket>();
	const server = new Server({
		interceptors: [guard(room, tokenCheck(options.token), (peer) => strangers.delete(peer))],
		"grpc.max_receive_message_length": OTLP_BODY_MAX,
		"grpc.max_concurrent_streams": OTLP_CALLS_MAX,
		"grpc.enable_channelz": 0,
	});
	for (const [name, signal] of SERVICES) {
		server.addService(rawService(name), {
			Export: (call: RawCall, answer: RawAnswer) => take(room, signal, call, answer),
		});
	}

	const sockets = new Set<Socket>();
	const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
	const serve = (socket: Socket) => {
		const peer = `${socket.remoteAddress}:${socket.remotePort}`;
		sockets.add(socket);
		strangers.set(peer, socket);
		// Whoever has not shown the token by then will not.
		const timer = setTimeout(() => strangers.has(peer) && socket.destroy(), OTLP_BODY_TIME_MS);
		socket.on("error", () => socket.destroy());
		socket.on("close", () => {
			clearTimeout(timer);
			sockets.delete(socket);
			strangers.delete(peer);
		});
		if (sockets.size > OTLP_CONNECTIONS_MAX) {
			room.counts.refused.busy++;
			// A stranger rather than claude.
			const [oldest = socket] = strangers.values();
			oldest.destroy();
		}
		if (!socket.destroyed) injector.injectConnection(socket);
	};
	const door = await openLastingServer({
		door: "grpc",
		create: () => createServer(serve),
		where: { host: "127.0.0.1", port: options.port ?? 0 },
		tell: (sentence) => options.tell?.(sentence),
	});

	return {
		url: `http://127.0.0.1:${door.port}`,
		counts: room.counts,
		async close() {
			door.close();
			await Promise.race([
				new Promise((resolve) => server.tryShutdown(resolve)),
				new Promise((resolve) => setTimeout(resolve, DRAIN_MS)),
			]);
			server.forceShutdown();
			for (const socket of sockets) socket.destroy();
		},
	};
}

type RawCall = ServerUnaryCall<Buffer, Buffer>;
type RawAnswer = sendUnaryData<Buffer>;

/** Messages as bytes: what is passed on must be what came. */
function rawService(name: string): ServiceDefinition {
	const same = (bytes: Buffer) => bytes;
	const codec = {
		requestSerialize: same,
		requestDeserialize: same,
		responseSerialize: same,
		responseDeserialize: same,
	};
	return { Export: { path: `/${name}/Export`, requestStream: false, responseStream: false, ...codec } };
}

function take(room: OtlpRoom, signal: OtlpSignal, call: RawCall, answer: RawAnswer): void {
	const at = systemClock();
	const body = call.request;
	const json = decodeOtlp(signal, body);
	const texts = Object.entries(call.metadata.getMap()).map(([name, value]) => [name, String(value)] as const);
	const headers = passedOn(texts.filter(([name]) => !name.endsWith("-bin")));
	if (json === undefined) {
		room.counts.refused.malformed++;
		answer(refusal("malformed"));
	} else if (room.take({ signal, protocol: "grpc", headers, body, json, at })) answer(null, EMPTY_MESSAGE);
	else answer(refusal("failed"));
}
