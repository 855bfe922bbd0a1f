// What the benchmarks share: alternating rounds, medians, ratios, and a collector in a process of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	return sorted.length % 2 === 1
		? (sorted[middle] ?? Number.NaN)
		: ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Runs every contestant once a round, in turn, so that all see the same machine; the first round warms up. */
export async function alternate<N extends string>(
	rounds: number,
	contestants: Record<N, () => Promise<number>>,
): Promise<Record<N, number[]>> {
	const names = Object.keys(contestants) as N[];
	const results = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<N, number[]>;
	for (let round = -1; round < rounds; round++) {
		for (const name of names) {
			const value = await contestants[name]();
			if (round >= 0) results[name].push(value);
		}
	}
	return results;
}

export function report(claim: string, lines: readonly string[]): void {
	console.log(`\n${claim}`);
	for (const line of lines) console.log(`  ${line}`);
}

export interface Collector {
	endpoint: string;
	stop(): void;
}

/** An OTLP receiver (gRPC) that others wrote, in another process. */
export async function startCollector(): Promise<Collector> {
	const child: ChildProcess = spawn(process.execPath, [fileURLToPath(new URL("collector.ts", import.meta.url))], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const endpoint = await new Promise<string>((resolve, reject) => {
		child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
		child.once("exit", () => reject(new Error("the collector did not start")));
	});
	return { endpoint, stop: () => child.kill() };
}
