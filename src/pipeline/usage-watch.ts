// What claude and we use of the machine → two metrics. Of a process that has gone nobody can ask what it has used: what
// they say in the end is what was seen last, so it is looked every second.
import type { Meter } from "@opentelemetry/api";
import type { Clock } from "../clock.ts";
import { type ProcessUsage, readProcessUsage } from "../intake/process-usage.ts";
import { observeProcesses } from "../signals/process-metrics.ts";

/** How often it is looked. */
const USAGE_MS = 1000;

export interface UsageWatch {
	look(): void;
	/** claude has gone: once more for us. */
	lookLast(): void;
}

export function createUsageWatch(meter: Meter, claudePid: number | undefined, clock: Clock): UsageWatch {
	const usage = new Map<string, ProcessUsage>();
	let lookedAt = Number.NEGATIVE_INFINITY;
	observeProcesses(meter, usage);

	function note(name: string, pid: number | undefined): void {
		const sample = pid === undefined ? undefined : readProcessUsage(pid);
		if (sample) usage.set(name, sample);
	}

	return {
		look() {
			if (clock() - lookedAt < USAGE_MS) return;
			lookedAt = clock();
			note("claude", claudePid);
			note("claude-otel", process.pid);
		},
		lookLast: () => note("claude-otel", process.pid),
	};
}
