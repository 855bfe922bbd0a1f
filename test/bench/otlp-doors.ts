// A process that takes OTLP for the benchmark, through our doors or (`peer`) Elastic's mock server. Prints where it listens;
// answers each line with what it has taken so far, the processor time it took, and its memory after a collection.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { openHookServer } from "../../src/intake/hook-server.ts";
import type { JsonObject } from "../../src/intake/json.ts";
import { openOtlpGrpc } from "../../src/intake/otlp-grpc.ts";
import { usedMemory } from "../support/memory.ts";

export interface DoorsAccount {
	records: number;
	/** Before and after the collection, which is no part of the work. */
	cpuMsBefore: number;
	cpuMsAfter: number;
	memory: number;
}

interface Logs {
	resourceLogs?: { scopeLogs?: { logRecords?: unknown[] }[] }[];
}

let records = 0;
const count = (request: Logs) => {
	for (const { scopeLogs = [] } of request.resourceLogs ?? [])
		for (const { logRecords = [] } of scopeLogs) records += logRecords.length;
};

const urls = process.argv[2] === "peer" ? await openPeer() : await openOurs();
process.stdout.write(`${JSON.stringify(urls)}\n`);
for await (const line of createInterface({ input: process.stdin })) {
	if (line === "end") process.exit(0);
	const cpuMsBefore = cpuMs();
	const memory = usedMemory();
	const account: DoorsAccount = { records, cpuMsBefore, cpuMsAfter: cpuMs(), memory };
	process.stdout.write(`${JSON.stringify(account)}\n`);
}

function cpuMs(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1000;
}

async function openOurs() {
	const token = "token";
	const take = ({ json }: { json: JsonObject }) => count(json as Logs);
	const http = await openHookServer({ token, http: true, onHook: () => {}, onOtlp: take, tell: () => {} });
	const grpc = await openOtlpGrpc({ token, onRequest: take });
	return { http: http.otlpUrl, grpc: grpc.url };
}

async function openPeer() {
	const { MockOtlpServer } = createRequire(import.meta.url)("@elastic/mockotlpserver") as {
		MockOtlpServer: new (options: object) => { start(): Promise<void>; httpUrl: URL; grpcUrl: URL };
	};
	const server = new MockOtlpServer({
		logLevel: "fatal",
		services: ["http", "grpc"],
		httpHostname: "127.0.0.1",
		grpcHostname: "127.0.0.1",
		httpPort: 0,
		grpcPort: 0,
		onLogs: count,
	});
	await server.start();
	return { http: server.httpUrl.origin, grpc: server.grpcUrl.origin };
}
