// What claude and we use of the machine → gauges, every few seconds.
import type { Meter } from "@opentelemetry/api";
import type { Clock } from "../clock.ts";
import { type ProcessUsage, readProcessUsage } from "../intake/process-usage.ts";
import { observeProcesses } from "../signals/process-metrics.ts";

/** How often it is looked. */
const USAGE_MS = 15_000;

export function createUsageWatch(meter: Meter, claudePid: number | undefined, clock: Clock): { look(): void } {
	const usage = new Map<string, ProcessUsage>();
	let lookedAt = Number.NEGATIVE_INFINITY;
	observeProcesses(meter, usage);
	return {
		look() {
			if (clock() - lookedAt < USAGE_MS) return;
			lookedAt = clock();
			for (const [name, pid] of [
				["claude", claudePid],
				["claude-otel", process.pid],
			] as const) {
				const sample = pid === undefined ? undefined : readProcessUsage(pid);
				if (sample) usage.set(name, sample);
			}
		},
	};
}
