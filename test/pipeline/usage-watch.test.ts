// What processes use of the machine, as it is exported at the end of a run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { createUsageWatch } from "../../src/pipeline/usage-watch.ts";
import { createInMemorySinks } from "../signals/in-memory.ts";

const USED_SECONDS = 0.3;
/** Two of the hundredths of a second in which /proc counts. */
const SKEW_SECONDS = 0.02;

const WORK = `const begun = process.cpuUsage().user;
while (process.cpuUsage().user - begun < ${USED_SECONDS * 1e6});
console.log("done");
setInterval(() => {}, 1e6);`;

function usedSeconds(): number {
	const { user, system } = process.cpuUsage();
	return (user + system) / 1e6;
}

test.skipIf(process.platform !== "linux")(
	"the processor time of a short run is what was used until its end",
	async () => {
		const sinks = createInMemorySinks();
		let now = 0;
		const child = spawn(process.execPath, ["-e", WORK]);
		const watch = createUsageWatch(sinks.meter, child.pid, () => now);
		watch.look();
		await once(child.stdout, "data");
		now = 1000;
		watch.look();
		child.kill("SIGKILL");
		await once(child, "exit");
		const end = usedSeconds() + USED_SECONDS;
		while (usedSeconds() < end);
		watch.lookLast();

		const points = (await sinks.exported()).points.filter(({ name }) => name === "process.cpu.time");
		const told = (executable: string) =>
			points
				.filter(({ attributes }) => attributes["process.executable.name"] === executable)
				.reduce((sum, { value }) => sum + value, 0);
		expect(told("claude")).toBeGreaterThan(USED_SECONDS - SKEW_SECONDS);
		expect(told("claude-otel")).toBeGreaterThan(end - SKEW_SECONDS);
	},
);
