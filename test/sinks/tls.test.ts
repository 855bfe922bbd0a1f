import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type Receiver, startReceiver } from "../support/receiver.ts";
import { type Certificates, makeCertificates } from "./certificates.ts";
import { startTlsRelay } from "./collectors.ts";
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

async function startTls(to: string, mutual = false): Promise<{ endpoint: string; clients: string[] }> {
	const relay = await startTlsRelay(files, to, mutual);
	ends.push(relay.close);
	return { endpoint: relay.url, clients: relay.clients };
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
