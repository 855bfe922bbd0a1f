import { mkdtempSync, rmSync } from "node:fs";
import { connect as connectPlain, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { emitOne, openSinks } from "./open.ts";

let folder: string;
let files: Certificates;
beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-tls-"));
	files = makeCertificates(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0)) await end();
});

/** TLS in front of the receiver, which has none: the same for gRPC and http. */
async function startTls(to: string, mutual = false): Promise<{ endpoint: string; clients: string[] }> {
	const clients: string[] = [];
	const sockets = new Set<Socket>();
	const server = createServer(
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
			const onward = connectPlain(Number(new URL(to).port), "127.0.0.1");
			socket.pipe(onward).pipe(socket);
			socket.on("error", () => onward.destroy());
			onward.on("error", () => socket.destroy());
		},
	);
	server.on("connection", (socket: Socket) => sockets.add(socket));
	server.on("tlsClientError", () => {});
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	ends.push(async () => {
		for (const socket of sockets) socket.destroy();
		await new Promise((resolve) => server.close(resolve));
	});
	return { endpoint: `https://localhost:${typeof address === "object" ? address?.port : ""}`, clients };
}

async function receive(): Promise<Receiver> {
	const receiver = await startReceiver();
	ends.push(() => receiver.close());
	return receiver;
}

describe.each(["grpc", "http/protobuf", "http/json"])("over %s", (protocol) => {
	const addressOf = (receiver: Receiver) => (protocol === "grpc" ? receiver.grpc : receiver.http);
	const send = async (endpoint: string, more: Record<string, string> = {}) => {
		const sinks = await openSinks({
			OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
			OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
			...more,
		});
		emitOne(sinks);
		return { sinks, delivery: await sinks.shutdown(10_000) };
	};

	test("a certificate of a private authority is trusted when OTEL_EXPORTER_OTLP_CERTIFICATE names it", async () => {
		const receiver = await receive();
		const { endpoint } = await startTls(addressOf(receiver));
		const { delivery } = await send(endpoint, { OTEL_EXPORTER_OTLP_CERTIFICATE: files.authority });
		expect(delivery.line).toBeUndefined();
		expect([receiver.spans.length, receiver.metrics.length, receiver.logs.length]).toEqual([1, 1, 1]);
	});

	test("and is not trusted without it, which the line tells", async () => {
		const receiver = await receive();
		const { endpoint } = await startTls(addressOf(receiver));
		const { delivery } = await send(endpoint);
		expect(delivery.line).toContain("(certificate not trusted); check OTEL_EXPORTER_OTLP_CERTIFICATE.");
		expect(receiver.spans).toEqual([]);
	});

	test("the client shows its own certificate where it has one", async () => {
		const receiver = await receive();
		const { endpoint, clients } = await startTls(addressOf(receiver), true);
		const { delivery } = await send(endpoint, {
			OTEL_EXPORTER_OTLP_CERTIFICATE: files.authority,
			OTEL_EXPORTER_OTLP_CLIENT_KEY: files.clientKey,
			OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: files.clientCertificate,
		});
		expect(delivery.line).toBeUndefined();
		expect(new Set(clients)).toEqual(new Set(["client"]));
		expect(receiver.spans.length).toBe(1);
	});

	test("a certificate file that is not there is told, and nothing is sent without it", async () => {
		const receiver = await receive();
		const { endpoint } = await startTls(addressOf(receiver));
		const { delivery } = await send(endpoint, { OTEL_EXPORTER_OTLP_CERTIFICATE: join(folder, "absent.pem") });
		expect(delivery.line).toContain("(certificate file cannot be read); check OTEL_EXPORTER_OTLP_CERTIFICATE.");
		expect(delivery.signals.map(({ lost }) => lost)).toEqual([1, 1, 1]);
	});

	test("TLS to a collector that has none is told as another protocol", async () => {
		const receiver = await receive();
		const { delivery } = await send(addressOf(receiver).replace("http:", "https:"));
		expect(delivery.line).toMatch(/another protocol is spoken there|connection closed/);
	});
});

test("the three signals share one gRPC connection", async () => {
	const receiver = await receive();
	const { endpoint, clients } = await startTls(receiver.grpc);
	const sinks = await openSinks({
		OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
		OTEL_EXPORTER_OTLP_CERTIFICATE: files.authority,
	});
	emitOne(sinks);
	expect((await sinks.shutdown(10_000)).line).toBeUndefined();
	expect(clients.length).toBe(1);
});
