// Claim: our OTLP doors take at least 20,000 log records a second on one core, and their memory stays flat. Beside them, in
// the same run, Elastic's mock server under the same load.
import { type ChildProcess, spawn } from "node:child_process";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { encodeOtlp } from "../../src/intake/otlp-protobuf.ts";
import { TOKEN_HEADER } from "../../src/intake/run-token.ts";
import { claudeLogs } from "./claude-logs.ts";
import { alternate, median, report } from "./measure.ts";
import type { DoorsAccount } from "./otlp-doors.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const RECORDS_PER_ROUND = 40_000;
const RECORDS_PER_SECOND_MIN = 20_000;
/** Records to a request; Claude Code sends at most 512. */
const BATCHES = [200, 500];
const AT_ONCE = 4;
const MEMORY_GROWTH_MAX = 4 * 1024 * 1024;
const PROTOCOLS = ["http/json", "http/protobuf", "grpc"] as const;
type Protocol = (typeof PROTOCOLS)[number];

interface Doors {
	send(protocol: Protocol, body: Buffer): Promise<void>;
	account(): Promise<DoorsAccount>;
	end(): void;
}

export async function run(): Promise<void> {
	const ours = await startDoors("ours");
	const peer = await startDoors("peer");
	for (const protocol of PROTOCOLS) {
		const bodies = BATCHES.map((count) => encode(protocol, count));
		const before: DoorsAccount[] = [];
		const results = await alternate(ROUNDS, {
			ours: async () => {
				before.push(await ours.account());
				return load(ours, protocol, bodies);
			},
			peer: () => load(peer, protocol, bodies),
		});
		// The first round has loaded what the protocol needs.
		const growth = (await ours.account()).memory - (before[1]?.memory ?? 0);
		const rate = median(results.ours);
		const peerRate = median(results.peer);
		report(`OTLP over ${protocol}, log records a second of the receiver's processor time (medians of ${ROUNDS})`, [
			`ours                  ${rate.toFixed(0)} (at least ${RECORDS_PER_SECOND_MIN})`,
			`Elastic's mock server ${peerRate.toFixed(0)}   ratio ${(rate / peerRate).toFixed(2)}`,
			`our memory grew by ${(growth / 1024).toFixed(0)} KB over ${ROUNDS * RECORDS_PER_ROUND} records (at most ${MEMORY_GROWTH_MAX / 1024})`,
		]);
		if (rate < RECORDS_PER_SECOND_MIN) throw new Error(`${protocol} is too slow`);
		if (growth > MEMORY_GROWTH_MAX) throw new Error(`memory grows over ${protocol}`);
	}
	ours.end();
	peer.end();
}

/** Records a second: of processor time, so that the sender and the rest of the machine do not count. */
async function load(doors: Doors, protocol: Protocol, bodies: readonly Buffer[]): Promise<number> {
	const before = await doors.account();
	let sent = 0;
	let turn = 0;
	const sendOn = async () => {
		while (sent < RECORDS_PER_ROUND) {
			const index = turn++ % bodies.length;
			sent += BATCHES[index] ?? 0;
			await doors.send(protocol, bodies[index] ?? Buffer.alloc(0));
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, sendOn));
	const after = await doors.account();
	if (after.records - before.records !== sent) throw new Error(`${sent} sent, ${after.records - before.records} taken`);
	return (sent / (after.cpuMsBefore - before.cpuMsAfter)) * 1000;
}

function encode(protocol: Protocol, count: number): Buffer {
	const json = claudeLogs(count);
	return protocol === "http/json" ? Buffer.from(JSON.stringify(json)) : encodeOtlp("logs", json);
}

async function startDoors(whose: "ours" | "peer"): Promise<Doors> {
	const script = fileURLToPath(new URL("otlp-doors.ts", import.meta.url));
	const child: ChildProcess = spawn(process.execPath, [script, whose], { stdio: ["pipe", "pipe", "inherit"] });
	if (child.stdout === null) throw new Error("the doors have no voice");
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const next = async () => JSON.parse((await lines.next()).value ?? "null");
	const urls: { http: string; grpc: string } = await next();
	const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
	const client = new Client(new URL(urls.grpc).host, credentials.createInsecure());
	return {
		send: (protocol, body) => (protocol === "grpc" ? call(client, body) : post(agent, urls.http, protocol, body)),
		async account() {
			child.stdin?.write("account\n");
			return next();
		},
		end() {
			agent.destroy();
			client.close();
			child.stdin?.write("end\n");
		},
	};
}

function post(agent: Agent, url: string, protocol: Protocol, body: Buffer): Promise<void> {
	const headers = {
		"content-type": protocol === "http/json" ? "application/json" : "application/x-protobuf",
		"content-length": body.length,
		[TOKEN_HEADER]: "token",
	};
	return new Promise((resolve, reject) => {
		const sent = request(`${url}/v1/logs`, { method: "POST", agent, headers }, (response) => {
			response.resume();
			response.on("end", () => {
				if (response.statusCode === 200) resolve();
				else reject(new Error(`answered ${response.statusCode}`));
			});
		});
		sent.on("error", reject);
		sent.end(body);
	});
}

function call(client: Client, body: Buffer): Promise<void> {
	const metadata = new Metadata();
	metadata.set(TOKEN_HEADER, "token");
	const same = (bytes: Buffer) => bytes;
	const method = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
	return new Promise((resolve, reject) => {
		client.makeUnaryRequest(method, same, same, body, metadata, (error) => (error ? reject(error) : resolve()));
	});
}
