// Claim: `claude-otel -p` with an instant answer and a live collector takes at most 1.15 times what `claude -p` takes;
// beside it, what a Node process that only starts claude and waits for it costs, and what it costs when it also loads
// OpenTelemetry's exporters and sends one item of each signal.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startScriptedModel } from "../../src/testing/scripted-model.ts";
import { bundleWrapper } from "../../tools/build.ts";
import { CLAUDE, makeClaudeHome } from "../support/claude-home.ts";
import { runClaude, runClaudeOtel, run as runCommand } from "../support/run.ts";
import { alternate, median, report, startCollector } from "./measure.ts";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 15);
const BARE_WRAPPER = `
import { spawn } from "node:child_process";
spawn(${JSON.stringify(CLAUDE)}, process.argv.slice(2), { stdio: "inherit" }).on("exit", (code) => process.exit(code));
`;

export async function run(): Promise<void> {
	const collector = await startCollector();
	const answer = { blocks: [{ type: "text" as const, text: "done" }] };
	const model = await startScriptedModel({ main: [], whenDone: answer });
	const home = await makeClaudeHome(model.url);
	const wrapper = join(home.home, "bare-wrapper.mjs");
	writeFileSync(wrapper, BARE_WRAPPER);
	const otelWrapper = await bundleWrapper(fileURLToPath(new URL("otel-wrapper.ts", import.meta.url)), home.home);
	const args = ["-p", "go"];
	const wall = async (result: Promise<{ code: number | null; wallMs: number }>) => {
		const { code, wallMs } = await result;
		if (code !== 0) throw new Error(`a run ended with ${code}`);
		return wallMs;
	};
	const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
	const results = await alternate(ROUNDS, {
		claude: () => wall(runClaude(home, args)),
		"bare wrapper": () => wall(runCommand(home, process.execPath, [wrapper, ...args])),
		OpenTelemetry: () => wall(runCommand(home, process.execPath, [otelWrapper, CLAUDE, ...args], { env })),
		"claude-otel": () => wall(runClaudeOtel(home, args, { env })),
	});
	const alone = median(results.claude);
	const line = (name: keyof typeof results, limit = "") => {
		const value = median(results[name]);
		return `${name.padEnd(14)} ${value.toFixed(0)} ms   ratio ${(value / alone).toFixed(3)}${limit}`;
	};
	report(`A whole run with an instant answer and a live collector (medians of ${ROUNDS})`, [
		line("claude"),
		line("bare wrapper"),
		line("OpenTelemetry", " (the bare wrapper with the exporters, one item of each signal)"),
		line("claude-otel", " (limit 1.15)"),
	]);
	collector.stop();
	await model.close();
	await home.remove();
}
