// One long session as facts, into the real model, signals and sinks; prints time and heap per thousand calls as JSON.
import { loadConfig } from "../../src/config.ts";
import { createDiagnostics } from "../../src/diagnostics.ts";
import type { RawFact } from "../../src/model/fact.ts";
import { createModel } from "../../src/model/model.ts";
import { createPricing } from "../../src/model/pricing.ts";
import { createRunPrivacy } from "../../src/run-privacy.ts";
import { createPresetIds } from "../../src/signals/ids.ts";
import { createSignals } from "../../src/signals/signals.ts";
import { createSinks } from "../../src/sinks/providers.ts";

const CALLS = 20_000;
const turns = Number(process.argv[2] ?? 1);
const { config } = loadConfig(process.env);
const privacy = createRunPrivacy(config, ["a-token-of-the-run"]);
const ids = createPresetIds();
const sinks = await createSinks({
	config,
	runId: "bench",
	startedAt: Date.now(),
	resource: {},
	scope: { name: "bench", version: "0" },
	idGenerator: ids,
	diagnostics: createDiagnostics({ target: { to: "nowhere" }, level: "none", clock: Date.now }),
	writeAfter: () => {},
});
const signals = createSignals({
	...sinks,
	ids,
	runId: "bench",
	shape: "session",
	inbound: undefined,
	isSampled: () => true,
	level: "standard",
	semconv: "v1.41",
	extra: {},
	deniedModels: [],
	sample: { ratio: 1, costUsd: 1, slowTurnMs: 120_000 },
});
const model = createModel(
	{ price: createPricing().price, isExcluded: () => false, context: { windowOf: () => undefined, thresholds: [] } },
	signals.output,
);

let now = Date.now() - CALLS * 100;
const sessionId = "5f0c8f39-58d5-4a4e-8b8e-6f6a0d3c2b1a";
const take = (fact: RawFact) => model.apply(privacy.protect(fact));
const seen = (promptId: string) => ({ at: now, sessionId, promptId, cwd: "/home/dev/project" });

function factsOfCall(call: number, promptId: string): RawFact[] {
	const toolUseId = `toolu_${call}`;
	const messageId = `msg_${call}`;
	const input = { bytes: 40, value: { command: `grep -rn word${call} src | head` } };
	const hook = { ...seen(promptId), source: "hook" as const };
	const transcript = { ...seen(promptId), source: "transcript" as const };
	const usage = { input: 10, output: 20, cacheRead: 1000 + call, cacheCreation5m: 5, cacheCreation1h: 0 };
	const model = "claude-opus-5-5";
	return [
		{ ...hook, kind: "tool.started", toolUseId, toolName: "Bash", inputDigest: `${call}`, content: { input } },
		{
			...transcript,
			kind: "message.seen",
			messageId,
			requestedModel: model,
			responseModel: model,
			usage,
			stopReason: "tool_use",
			after: now - 50,
			failedAttempts: 0,
			retryMs: 0,
			textBytes: 0,
			blockIndex: 0,
		},
		{ ...transcript, kind: "tool.requested", toolUseId, toolName: "Bash", messageId, content: { input } },
		{
			...hook,
			at: now + 30,
			kind: "tool.ended",
			toolUseId,
			toolName: "Bash",
			outcome: "ok",
			durationMs: 25,
			exitCode: 0,
			content: { input, response: { bytes: 200, value: { stdout: `found ${call}`, stderr: "" } } },
		},
		{ ...transcript, at: now + 35, kind: "tool.ended", toolUseId, outcome: "ok", decision: "accept" },
	];
}

const results: { microsPerFact: number; heapMb: number }[] = [];
let facts = 0;
let spent = 0n;
let promptId = "";
for (let call = 0; call < CALLS; call++) {
	const made: RawFact[] = [];
	if (call % (CALLS / turns) === 0) {
		if (promptId !== "") made.push({ ...seen(promptId), source: "hook", kind: "turn.stopped" });
		promptId = `prompt-${call}`;
		now += 3000;
		made.push({ ...seen(promptId), source: "hook", kind: "prompt.submitted", promptId, synthetic: false });
	}
	made.push(...factsOfCall(call, promptId));
	now += 100;
	const start = process.hrtime.bigint();
	for (const fact of made) take(fact);
	if (call % 2 === 1) model.advance(now);
	spent += process.hrtime.bigint() - start;
	facts += made.length;
	if ((call + 1) % 1000 !== 0) continue;
	await sinks.flush(10_000);
	globalThis.gc?.();
	results.push({ microsPerFact: Number(spent) / 1000 / facts, heapMb: process.memoryUsage().heapUsed / 1024 / 1024 });
	facts = 0;
	spent = 0n;
}
model.settle();
await sinks.shutdown(5000);
process.stdout.write(JSON.stringify(results));
process.exit(0);
