// Claim: a tool call under claude-otel costs at most what a `true` command hook on Pre- and PostToolUse adds to it.
// Measured inside the session, from the first model request to the last: starting and ending are another benchmark.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startScriptedModel } from "../../src/testing/scripted-model.ts";
import { makeClaudeHome } from "../support/claude-home.ts";
import { runClaude, runClaudeOtel } from "../support/run.ts";
import { alternate, median, report, startCollector } from "./measure.ts";

const CALLS = 50;
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const TRUE_HOOK = [{ hooks: [{ type: "command", command: "true" }] }];
const TRUE_HOOKS = JSON.stringify({ hooks: { PreToolUse: TRUE_HOOK, PostToolUse: TRUE_HOOK } });

export async function run(): Promise<void> {
	const collector = await startCollector();
	const steps = Array.from({ length: CALLS }, () => ({
		blocks: [{ type: "tool_use" as const, name: "Read", input: { file_path: "read-me.txt" } }],
	}));
	const script = { main: [...steps, { blocks: [{ type: "text" as const, text: "done" }] }] };
	const model = await startScriptedModel(script);
	const home = await makeClaudeHome(model.url);
	writeFileSync(join(home.work, "read-me.txt"), "one line\n");
	const args = ["-p", "go", "--dangerously-skip-permissions"];

	async function perCall(start: () => Promise<{ code: number | null }>): Promise<number> {
		model.setScript(script);
		const before = model.requests.length;
		const { code } = await start();
		const requests = model.requests.slice(before);
		if (code !== 0 || requests.length !== CALLS + 1)
			throw new Error(`a run went wrong: ${code}, ${requests.length} requests`);
		return ((requests.at(-1)?.startedAt ?? 0) - (requests[0]?.startedAt ?? 0)) / CALLS;
	}
	const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint };
	const results = await alternate(ROUNDS, {
		bare: () => perCall(() => runClaude(home, args)),
		true: () => perCall(() => runClaude(home, ["--settings", TRUE_HOOKS, ...args])),
		http: () => perCall(() => runClaudeOtel(home, args, { env })),
		socket: () => perCall(() => runClaudeOtel(home, args, { env: { ...env, CLAUDE_OTEL_HOOK_TRANSPORT: "socket" } })),
	});
	const bare = median(results.bare);
	const added = (name: "true" | "http" | "socket") => median(results[name]) - bare;
	report(`Time added per tool call (${CALLS} Read calls, instant model, medians of ${ROUNDS})`, [
		`claude alone             ${bare.toFixed(1)} ms a call`,
		`\`true\` command hooks     +${added("true").toFixed(1)} ms`,
		`claude-otel, http        +${added("http").toFixed(1)} ms   ratio ${(added("http") / added("true")).toFixed(2)} (limit 1.00)`,
		`claude-otel, socket      +${added("socket").toFixed(1)} ms   ratio ${(added("socket") / added("true")).toFixed(2)} (no limit: a process per hook)`,
	]);
	collector.stop();
	await model.close();
	await home.remove();
}
