// OTLP over gRPC, as a client of grpc-js speaks it: what is taken, what is refused and how.
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { Client, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type OtlpGrpc, openOtlpGrpc } from "../../src/intake/otlp-grpc.ts";
import {
	OTLP_BODY_MAX,
	OTLP_BODY_TIME_MS,
	OTLP_CALLS_MAX,
	OTLP_CONNECTIONS_MAX,
	OTLP_REQUESTS_PER_SECOND,
} from "../../src/intake/otlp-limits.ts";
import { encodeOtlp } from "../../src/intake/otlp-protobuf.ts";
import type { OtlpCounts, Refusal } from "../../src/intake/otlp-refusal.ts";
import type { OtlpRequest, OtlpSignal } from "../../src/intake/otlp-server.ts";
import { TOKEN_HEADER } from "../../src/intake/run-token.ts";
import { usedMemory } from "../support/memory.ts";
import { dial } from "../support/raw-http.ts";
import { until } from "../support/run.ts";

const TOKEN = "right-token";
const LOGS = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "é" }, traceId: "0a" }] }] }] };
const BODY = encodeOtlp("logs", LOGS);
const MIB = 1024 * 1024;
const METHODS = {
	logs: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
	metrics: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
	traces: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
} satisfies Record<OtlpSignal, string>;
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
	for (const close of closers.splice(0).toReversed()) await close();
});

async function open(onRequest?: (request: OtlpRequest) => void) {
	const requests: OtlpRequest[] = [];
	const door = await openOtlpGrpc({ token: TOKEN, onRequest: onRequest ?? ((request) => requests.push(request)) });
	closers.push(() => door.close());
	return { door, requests };
}

function clientOf({ url }: OtlpGrpc): Client {
	const client = new Client(new URL(url).host, credentials.createInsecure());
	closers.push(() => client.close());
	return client;
}

interface Answer {
	code: status;
	body?: Buffer;
	details?: string;
}

function call(client: Client, body: Buffer, signal: OtlpSignal = "logs", token = TOKEN): Promise<Answer> {
	const metadata = new Metadata();
	if (token !== "") metadata.set(TOKEN_HEADER, token);
	metadata.set("X-Team", "a");
	const same = (bytes: Buffer) => bytes;
	return new Promise((resolve) => {
		client.makeUnaryRequest(
			METHODS[signal],
			same,
			same,
			body,
			metadata,
			(error: ServiceError | null, answer?: Buffer) => {
				resolve(error ? { code: error.code, details: error.details } : { code: status.OK, body: answer });
			},
		);
	});
}

function refusals(counts: OtlpCounts): Partial<Record<Refusal, number>> {
	return Object.fromEntries(Object.entries(counts.refused).filter(([, count]) => count > 0));
}

/** A call of which this file writes the bytes itself. */
function rawCall(
	{ url }: OtlpGrpc,
	headers: Record<string, string> = {},
): { session: ClientHttp2Session; stream: ClientHttp2Stream } {
	const session = connect(url);
	session.on("error", () => {});
	closers.push(() => session.destroy());
	const stream = session.request({
		":method": "POST",
		":path": METHODS.logs,
		"content-type": "application/grpc",
		te: "trailers",
		[TOKEN_HEADER]: TOKEN,
		...headers,
	});
	stream.on("error", () => {});
	return { session, stream };
}

function grpcStatus(stream: ClientHttp2Stream): Promise<number> {
	return new Promise((resolve) => {
		const take = (headers: Record<string, unknown>) => {
			if (headers["grpc-status"] !== undefined) resolve(Number(headers["grpc-status"]));
		};
		stream.on("response", take).on("trailers", take).resume();
	});
}

function framed(message: Buffer, compressed = 0, length = message.length): Buffer {
	const head = Buffer.of(compressed, 0, 0, 0, 0);
	head.writeUInt32BE(length, 1);
	return Buffer.concat([head, message]);
}

test("takes all three signals, and hands on what they say, what they were, and how they came", async () => {
	const { door, requests } = await open();
	expect(new URL(door.url).hostname).toBe("127.0.0.1");
	const client = clientOf(door);
	expect(await call(client, BODY)).toEqual({ code: status.OK, body: Buffer.alloc(0) });
	expect(await call(client, encodeOtlp("traces", { resourceSpans: [{}] }), "traces")).toMatchObject({
		code: status.OK,
	});
	expect(await call(client, Buffer.alloc(0), "metrics")).toMatchObject({ code: status.OK });
	expect(requests).toMatchObject([
		{ signal: "logs", protocol: "grpc", json: LOGS, body: BODY },
		{ signal: "traces", protocol: "grpc", json: { resourceSpans: [{}] } },
		{ signal: "metrics", protocol: "grpc", json: {} },
	]);
	expect(requests[0]?.at).toBeCloseTo(Date.now(), -4);
	expect(requests[0]?.headers).toMatchObject({ "x-team": "a", "user-agent": expect.stringContaining("grpc-node") });
	expect(requests[0]?.headers).not.toHaveProperty(TOKEN_HEADER);
	expect(door.counts.taken).toBe(3);
	expect(refusals(door.counts)).toEqual({});
});

test("hands on a message that came compressed as it was before", async () => {
	const { door, requests } = await open();
	const { stream } = rawCall(door, { "grpc-encoding": "gzip" });
	stream.end(framed(gzipSync(BODY), 1));
	expect(await grpcStatus(stream)).toBe(status.OK);
	expect(requests).toMatchObject([{ json: LOGS, body: BODY }]);
});

test.each(["wrong-token", "right", ""])("refuses the token %j before the message is read", async (token) => {
	const { door, requests } = await open();
	expect(await call(clientOf(door), Buffer.alloc(2 * OTLP_BODY_MAX), "logs", token)).toMatchObject({
		code: status.UNAUTHENTICATED,
	});
	expect(refusals(door.counts)).toEqual({ token: 1 });
	expect(requests).toEqual([]);
});

test("refuses junk, and takes the next call", async () => {
	const { door, requests } = await open();
	const client = clientOf(door);
	expect(await call(client, Buffer.from("ffffffff", "hex"))).toMatchObject({ code: status.INVALID_ARGUMENT });
	expect(await call(client, BODY.subarray(0, -1))).toMatchObject({ code: status.INVALID_ARGUMENT });
	expect(refusals(door.counts)).toEqual({ malformed: 2 });
	expect(await call(client, BODY)).toMatchObject({ code: status.OK });
	expect(requests.length).toBe(1);
});

test("answers INTERNAL where we fail, and takes the next call", async () => {
	let fail = true;
	const { door } = await open(() => {
		if (fail) throw new Error("ours");
	});
	const client = clientOf(door);
	expect(await call(client, BODY)).toMatchObject({ code: status.INTERNAL });
	fail = false;
	expect(await call(client, BODY)).toMatchObject({ code: status.OK });
	expect(refusals(door.counts)).toEqual({ failed: 1 });
});

describe("limits", () => {
	test("a message that is too large is refused by its length, before any of it was sent", async () => {
		const { door } = await open();
		const { stream } = rawCall(door);
		stream.write(framed(Buffer.alloc(0), 0, 50_000_000));
		expect(await grpcStatus(stream)).toBe(status.RESOURCE_EXHAUSTED);
		expect(refusals(door.counts)).toEqual({ large: 1 });
	});

	test("a bomb is not unpacked further than the limit", async () => {
		const { door } = await open();
		const before = usedMemory();
		const { stream } = rawCall(door, { "grpc-encoding": "gzip" });
		stream.end(framed(gzipSync(Buffer.alloc(OTLP_BODY_MAX + MIB)), 1));
		expect(await grpcStatus(stream)).toBe(status.RESOURCE_EXHAUSTED);
		expect(refusals(door.counts)).toEqual({ large: 1 });
		expect(usedMemory() - before).toBeLessThan(8 * MIB);
	});

	test("truncated gzip is refused", async () => {
		const { door, requests } = await open();
		const { stream } = rawCall(door, { "grpc-encoding": "gzip" });
		stream.end(framed(gzipSync(BODY).subarray(0, -9), 1));
		expect(await grpcStatus(stream)).not.toBe(status.OK);
		expect(refusals(door.counts)).toEqual({ malformed: 1 });
		expect(requests).toEqual([]);
	});

	test("a sender that takes too long for a message is cut", async () => {
		const { door } = await open();
		const { stream } = rawCall(door);
		stream.write(framed(BODY).subarray(0, -1));
		const startedAt = performance.now();
		expect(await grpcStatus(stream)).toBe(status.DEADLINE_EXCEEDED);
		expect(performance.now() - startedAt).toBeGreaterThan(OTLP_BODY_TIME_MS * 0.9);
		expect(refusals(door.counts)).toEqual({ slow: 1 });
		expect(await call(clientOf(door), BODY)).toMatchObject({ code: status.OK });
	});

	test("a sender that goes away is counted, and makes room", async () => {
		const { door } = await open();
		for (let i = 0; i < OTLP_CALLS_MAX + 1; i++) {
			const { session, stream } = rawCall(door);
			stream.write(framed(BODY).subarray(0, -1));
			await new Promise((resolve) => setTimeout(resolve, 20));
			session.destroy();
		}
		await until("all are counted", () => door.counts.cut === OTLP_CALLS_MAX + 1);
		expect(await call(clientOf(door), BODY)).toMatchObject({ code: status.OK });
		expect(refusals(door.counts)).toEqual({});
	});

	test("calls beyond so many at once are told to come later", async () => {
		const { door } = await open();
		const waiting = Array.from({ length: OTLP_CALLS_MAX }, () => rawCall(door).stream);
		for (const stream of waiting) stream.write(framed(BODY).subarray(0, -1));
		const answers = waiting.map((stream) => grpcStatus(stream));
		await new Promise((resolve) => setTimeout(resolve, 200));
		expect(await call(clientOf(door), BODY)).toMatchObject({ code: status.UNAVAILABLE });
		expect(refusals(door.counts)).toEqual({ busy: 1 });
		for (const stream of waiting) stream.end(BODY.subarray(-1));
		expect(new Set(await Promise.all(answers))).toEqual(new Set([status.OK]));
		expect(await call(clientOf(door), BODY)).toMatchObject({ code: status.OK });
	});

	test("200 connections that say nothing keep nobody out", async () => {
		const { door, requests } = await open();
		const idle = await Promise.all(Array.from({ length: 200 }, () => dial(door.url)));
		closers.push(() => idle.forEach(({ socket }) => void socket.destroy()));
		expect(await call(clientOf(door), BODY)).toMatchObject({ code: status.OK });
		await until("those beyond the limit are closed", () => {
			return idle.filter((connection) => !connection.isClosed()).length < OTLP_CONNECTIONS_MAX;
		});
		expect(requests.length).toBe(1);
		await until("so are the others, in time", () => idle.every((connection) => connection.isClosed()));
	});

	test("calls beyond so many a second are told to come later", async () => {
		const { door, requests } = await open();
		const client = clientOf(door);
		// Time stands still, however slow this machine is.
		const clock = vi.spyOn(performance, "now").mockReturnValue(performance.now());
		closers.push(() => clock.mockRestore());
		const codes: status[] = [];
		const more = 100;
		const send = async () => {
			while (codes.length < OTLP_REQUESTS_PER_SECOND + more) codes.push((await call(client, Buffer.alloc(0))).code);
		};
		await Promise.all(Array.from({ length: OTLP_CALLS_MAX / 2 }, send));
		expect(requests.length).toBe(OTLP_REQUESTS_PER_SECOND);
		expect(new Set(codes)).toEqual(new Set([status.OK, status.RESOURCE_EXHAUSTED]));
		expect(refusals(door.counts)).toEqual({ rate: codes.length - OTLP_REQUESTS_PER_SECOND });
		clock.mockRestore();
		await new Promise((resolve) => setTimeout(resolve, 50));
		expect(await call(client, BODY)).toMatchObject({ code: status.OK });
	});

	test("bytes that are no HTTP/2 end their own connection alone", async () => {
		const { door } = await open();
		const client = clientOf(door);
		expect(await call(client, BODY)).toMatchObject({ code: status.OK });
		for (const junk of ["GET / HTTP/1.1\r\nhost: x\r\n\r\n", "\x16\x03\x01", Buffer.alloc(100_000, 0xff)]) {
			const connection = await dial(door.url);
			await connection.send(junk);
			connection.socket.end();
			await until("it is closed", () => connection.isClosed());
		}
		expect(await call(client, BODY)).toMatchObject({ code: status.OK });
	});
});

test("a port that was given is used, again after it was closed", async () => {
	const { door } = await open();
	const port = Number(new URL(door.url).port);
	await door.close();
	const again = await openOtlpGrpc({ token: TOKEN, port, onRequest: () => {} });
	closers.push(() => again.close());
	expect(again.url).toBe(door.url);
	expect(await call(clientOf(again), BODY)).toMatchObject({ code: status.OK });
});
