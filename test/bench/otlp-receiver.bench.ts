// Claim: the receiver takes at least 20,000 log records a second on one core and makes facts of them, with memory flat;
// beside it the same load on a receiver that others wrote, which only decodes.
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { openHookServer } from "../../src/intake/hook-server.ts";
import { createOtlpReader } from "../../src/intake/otlp-payload.ts";
import { startReceiver } from "../support/receiver.ts";
import { alternate, median, report } from "./measure.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
/** Below the limit of requests in a second. */
const BATCHES = 150;
const RECORDS = 500;
const SENDER = fileURLToPath(new URL("otlp-sender.ts", import.meta.url));

export async function run(): Promise<void> {
	const read = createOtlpReader();
	let facts = 0;
	const server = await openHookServer({
		token: "token",
		http: false,
		onHook: () => {},
		onOtlp: (request) => {
			facts += read(request).length;
		},
		tell: () => {},
	});
	const other = await startReceiver();
	const send = async (url: string) => {
		const { stdout } = await promisify(execFile)(process.execPath, [
			SENDER,
			url,
			"token",
			String(BATCHES),
			String(RECORDS),
		]);
		other.logs.length = 0;
		// The limit counts by the second.
		await new Promise((resolve) => setTimeout(resolve, 1_000));
		return Number(stdout);
	};
	const heap = () => {
		globalThis.gc?.();
		return process.memoryUsage().heapUsed / 2 ** 20;
	};
	await send(server.otlpUrl ?? "");
	const before = heap();
	for (let round = 0; round < 3; round++) await send(server.otlpUrl ?? "");
	const after = heap();
	const results = await alternate(ROUNDS, {
		"claude-otel": () => send(server.otlpUrl ?? ""),
		mockotlpserver: () => send(other.http),
	});
	const perSecond = (name: keyof typeof results) => (BATCHES * RECORDS * 1000) / median(results[name]);
	const line = (name: keyof typeof results, more: string) =>
		`${name.padEnd(15)} ${Math.round(perSecond(name)).toLocaleString("en")} records a second${more}`;
	report(`Log records over http/json, ${RECORDS} in a request (medians of ${ROUNDS})`, [
		line(
			"claude-otel",
			` (limit 20,000)   ratio ${(perSecond("claude-otel") / perSecond("mockotlpserver")).toFixed(2)}`,
		),
		line("mockotlpserver", ""),
		`heap after gc   ${before.toFixed(1)} → ${after.toFixed(1)} MB over ${(3 * BATCHES * RECORDS).toLocaleString("en")} records, ${facts > 0 ? "read into facts" : "LOST"}`,
	]);
	await server.close();
	await other.close();
}
