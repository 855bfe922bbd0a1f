// What claude and claude-otel use of the machine → the two process metrics of OpenTelemetry's conventions.
import type { Meter } from "@opentelemetry/api";
import { PROCESS_METRICS } from "./names.ts";

export interface UsageSample {
	userSeconds: number;
	systemSeconds: number;
	memoryBytes: number;
}

/** @param samples the newest of each process, by its name */
export function observeProcesses(meter: Meter, samples: ReadonlyMap<string, UsageSample>): void {
	const { "process.cpu.time": cpu, "process.memory.usage": memory } = PROCESS_METRICS;
	meter
		.createObservableCounter("process.cpu.time", { unit: cpu.unit, description: cpu.meaning })
		.addCallback((result) => {
			for (const [name, sample] of samples) {
				result.observe(sample.userSeconds, { "process.executable.name": name, "cpu.mode": "user" });
				result.observe(sample.systemSeconds, { "process.executable.name": name, "cpu.mode": "system" });
			}
		});
	meter
		.createObservableUpDownCounter("process.memory.usage", { unit: memory.unit, description: memory.meaning })
		.addCallback((result) => {
			for (const [name, sample] of samples) result.observe(sample.memoryBytes, { "process.executable.name": name });
		});
}
