// Claim: the forwarder in hooks/ takes at most 1.3 times what `node -e 0` takes, whole process.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { alternate, median, report } from "./measure.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 25);
const FORWARDER = fileURLToPath(new URL("../../hooks/forwarder.mjs", import.meta.url));
const LISTENER = `
const { workerData } = require("node:worker_threads");
require("node:net").createServer((socket) => socket.resume().on("end", () => socket.end())).listen(workerData);
`;

export async function run(): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), "claude-otel-bench-"));
	const socket = join(folder, "hooks.sock");
	// In a thread of its own: this one waits while the forwarder runs.
	const listener = new Worker(LISTENER, { eval: true, workerData: socket });
	await new Promise((resolve) => setTimeout(resolve, 500));
	const payload = JSON.stringify({ session_id: "s", hook_event_name: "SessionEnd", reason: "other" });
	const time = (args: string[]) => async () => {
		const start = performance.now();
		const { status } = spawnSync(process.execPath, args, {
			input: payload,
			env: { CLAUDE_OTEL_SOCKET: socket, CLAUDE_OTEL_TOKEN: "token", PATH: process.env.PATH },
		});
		if (status !== 0) throw new Error(`ended with ${status}`);
		return performance.now() - start;
	};
	const results = await alternate(ROUNDS, { node: time(["-e", "0"]), forwarder: time([FORWARDER]) });
	const [node, forwarder] = [median(results.node), median(results.forwarder)];
	report(`The forwarder, whole process (medians of ${ROUNDS})`, [
		`node -e 0   ${node.toFixed(1)} ms`,
		`forwarder   ${forwarder.toFixed(1)} ms   ratio ${(forwarder / node).toFixed(2)} (limit 1.30)`,
	]);
	await listener.terminate();
	rmSync(folder, { recursive: true, force: true });
}
