// Claim: in a session of 20,000 tool calls the memory of the parent is flat after the first thousand, and a fact costs
// the same at the end as at the beginning (within 1.5 times). Replayed through privacy, model, signals and sinks.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { report, startCollector } from "./measure.ts";

export async function run(): Promise<void> {
	const collector = await startCollector();
	const script = fileURLToPath(new URL("long-session.ts", import.meta.url));
	for (const turns of [1, 400]) {
		const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", script, String(turns)], {
			encoding: "utf8",
			env: { PATH: process.env.PATH, HOME: "/nonexistent", OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint },
		});
		if (status !== 0) throw new Error(stderr);
		const thousands: { microsPerFact: number; heapMb: number }[] = JSON.parse(stdout);
		const [first, second] = thousands;
		const last = thousands.at(-1);
		if (!first || !second || !last) throw new Error("nothing was measured");
		report(`A session of ${thousands.length},000 tool calls in ${turns} turns, replayed as facts`, [
			`cost per fact   first thousand ${first.microsPerFact.toFixed(1)} µs, second ${second.microsPerFact.toFixed(1)} µs, last ${last.microsPerFact.toFixed(1)} µs   ratio last/second ${(last.microsPerFact / second.microsPerFact).toFixed(2)} (limit 1.50)`,
			`heap after gc   after 1,000 calls ${first.heapMb.toFixed(1)} MB, at the end ${last.heapMb.toFixed(1)} MB   ratio ${(last.heapMb / first.heapMb).toFixed(2)}`,
		]);
	}
	collector.stop();
}
