// One random session in which somebody is killed at a random moment; often others follow, that go on with it or find an ill
// collector; then `claude-otel recover`. In: a seed. Out: nothing, or an error that names what was lost, told twice, or told
// otherwise the second time.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { startRelay } from "../sinks/collectors.ts";
import { askedOf } from "./asked.ts";
import type { ClaudeHome } from "./claude-home.ts";
import { assertTold } from "./oracle.ts";
import type { MetricPoint, Span } from "./otlp-plain.ts";
import { MAX_RETRIES, PRESENT_FILE, randomScript } from "./random-script.ts";
import { childrenOf, runClaudeOtel, until } from "./run.ts";
import { step, text } from "./scripting.ts";
import { type Random, seededRandom } from "./seed.ts";
import { FREE_HAND, openStage, PROTOCOLS, type Stage } from "./stage.ts";
import { addUp, tokensOf, usageTokens } from "./tokens.ts";
import { assertSoundTrace } from "./tree.ts";

const VICTIMS = ["claude-otel", "claude-otel", "claude", "both"] as const;
const SEQUELS = ["none", "none", "continued", "ill collector"] as const;
/** As many as a run that fails each time is tried. */
const SHORT_SESSIONS = 3;
const LIMITS = { calls: 8, agents: 2, retries: 1, mishaps: 0 };
/** A session of this size takes about so long. */
const LATEST_KILL_MS = 6_000;
const TIMEOUT_MS = 90_000;

export async function runKilledSession(seed: number): Promise<void> {
	const random = seededRandom(seed);
	const victim = random.pick(VICTIMS);
	const afterMs = random.int(0, LATEST_KILL_MS);
	const protocol = random.pick(PROTOCOLS);
	// Often spans leave while the session goes on, so that some have arrived before the kill.
	const retries = { CLAUDE_CODE_MAX_RETRIES: String(MAX_RETRIES) };
	const env = { ...retries, OTEL_BSP_SCHEDULE_DELAY: random.pick(["100", "5000"]), OTEL_METRIC_EXPORT_INTERVAL: "500" };
	let sequel = seededRandom(seed + 1).pick(SEQUELS);
	const stage = await openStage({ main: [] }, { protocol, env });
	const relay = await startRelay("http://127.0.0.1:0", stage.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "");
	stage.env.OTEL_EXPORTER_OTLP_ENDPOINT = relay.url;
	try {
		const { exit, killed } = await killAt(stage, random, victim, afterMs);
		const failed = hasFailed(stage);
		const isTold = victim === "claude-otel" || !killed;
		// The oracle would take a further request for one more attempt.
		if (failed && isTold) sequel = "none";
		stage.model.setScript({ main: [], whenDone: step(text("more")) });
		if (sequel === "continued") await stage.print("on", ["--continue"]);
		if (sequel === "ill collector") {
			relay.hang(true);
			for (let session = 0; session < SHORT_SESSIONS; session++)
				expect(await stage.print("short", [], { env: { CLAUDE_OTEL_EXIT_GRACE_MS: "300" } })).toMatchObject({
					code: 0,
				});
			relay.hang(false);
			expect(await stage.run(["flush"])).toMatchObject({ code: 0, stderr: "" });
		}
		const recovered = await stage.run(["recover"]);
		expect(recovered).toMatchObject({ code: 0, stderr: "" });
		const again = await stage.run(["recover"]);
		expect(again.stdout).toBe("No session waits to be recovered.\n");
		const spans = once(stage.receiver.spans);
		if (isTold) assertTold(spans, stage.model.requests, { unheard: killed });
		else assertWhatIsKnown(spans, stage, sequel === "continued");
		assertTotals(spans, stage.receiver.metrics);
		if (!killed) expect(exit).toBe(failed ? 1 : 0);
	} catch (error) {
		const what = `Seed ${seed} (${victim} killed after ${afterMs} ms, ${protocol}, spans every ${env.OTEL_BSP_SCHEDULE_DELAY} ms, then ${sequel})`;
		throw new Error(`${what}: ${error instanceof Error ? error.message : error}`, { cause: error });
	} finally {
		await relay.close();
		await stage.close();
	}
}

async function killAt(stage: Stage, random: Random, victim: (typeof VICTIMS)[number], afterMs: number) {
	writeFileSync(join(stage.home.work, PRESENT_FILE), "present\n");
	const { script, args } = randomScript(random, LIMITS);
	stage.model.setScript(script);
	let ended = false;
	let killed = false;
	const { code, timedOut, pid } = await runClaudeOtel(stage.home, ["-p", "go", FREE_HAND, ...args], {
		env: stage.env,
		timeoutMs: TIMEOUT_MS,
		onStart: async (running) => {
			await new Promise((resolve) => setTimeout(resolve, afterMs));
			if (ended) return;
			if (victim === "both") running.signalGroup("SIGKILL");
			else if (victim === "claude-otel") running.signal("SIGKILL");
			else {
				const [claude] = childrenOf(running.pid);
				if (claude === undefined) return;
				process.kill(claude, "SIGKILL");
			}
			killed = true;
		},
	});
	ended = true;
	expect(timedOut).toBe(false);
	// What it wrote to is closed before it is gone, and a run whose claude lives is not recovered.
	await until("claude's end", () => !isGroupAlive(pid));
	return { exit: code, killed };
}

/** The script may hold a request that fails for good. */
function hasFailed({ model }: Stage): boolean {
	return askedOf(model.requests).some(
		({ lane, isCompaction, end }) => lane === "main" && !isCompaction && end === "failed",
	);
}

function isGroupAlive(pid: number): boolean {
	try {
		process.kill(-pid, 0);
		return true;
	} catch {
		return false;
	}
}

/** What arrived twice arrived in the same bytes. */
export function once(spans: readonly Span[]): Span[] {
	const byId = new Map<string, Span>();
	for (const span of spans) {
		const id = `${span.traceId}:${span.spanId}`;
		const first = byId.get(id);
		if (first) expect(span, `${span.name} was sent twice, and differs`).toEqual(first);
		else byId.set(id, span);
	}
	return [...byId.values()];
}

/** claude itself was killed: what its transcript holds is told, and nothing that did not happen. */
/** @param continued claude has written an end to calls that were killed with the one before */
function assertWhatIsKnown(spans: Span[], { home, model }: Stage, continued: boolean): void {
	assertSoundTrace(spans);
	const answered = new Map(model.requests.map((request) => [request.requestId, request]));
	const chats = spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "chat");
	const told = new Map(chats.map(({ attributes }) => [attributes["gen_ai.response.id"], attributes]));
	for (const { attributes } of chats) {
		// Which request made a summary, claude's own telemetry alone tells.
		if (attributes["request.id"] === undefined) expect(attributes.query_source).toBe("compact");
		else expect(answered.has(String(attributes["request.id"]))).toBe(true);
	}
	for (const { id, usage, whole } of messagesIn(home)) {
		const attributes = told.get(id);
		expect(attributes, `message ${id} of the transcript has no chat span`).toBeDefined();
		const request = model.requests.find(({ messageId }) => messageId === id);
		if (attributes && request && whole) {
			expect(tokensOf(attributes)).toEqual(usageTokens(request.usage));
			expect(usage).toBe(request.usage.output);
		}
	}
	const tools = spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "execute_tool");
	const byCall = new Map(tools.map(({ attributes }) => [attributes["tool.use_id"], attributes]));
	const ends = continued ? /^(ok|error|denied|lost)$/ : /^(ok|error|denied)$/;
	for (const id of resultsIn(home)) {
		expect(byCall.get(id)?.["tool.status"], `call ${id} has a result in the transcript`).toMatch(ends);
	}
}

interface Message {
	id?: string;
	model?: string;
	stop_reason?: string | null;
	usage?: { output_tokens: number };
}

function messagesIn(home: ClaudeHome): { id: string; usage: number; whole: boolean }[] {
	const found = new Map<string, { id: string; usage: number; whole: boolean }>();
	for (const record of home.records()) {
		const message = record.message as Message;
		// What claude says itself: of an error, and "No response requested." where a session of a killed claude goes on.
		if (record.type !== "assistant" || message.id === undefined || message.model === "<synthetic>") continue;
		const before = found.get(message.id);
		found.set(message.id, {
			id: message.id,
			usage: Math.max(before?.usage ?? 0, message.usage?.output_tokens ?? 0),
			whole: (before?.whole ?? false) || typeof message.stop_reason === "string",
		});
	}
	return [...found.values()];
}

function resultsIn(home: ClaudeHome): string[] {
	return home.records().flatMap((record) => {
		const content = (record.message as { content?: unknown } | undefined)?.content;
		if (record.type !== "user" || !Array.isArray(content)) return [];
		return content.flatMap((block: { type?: string; tool_use_id?: string }) =>
			block.type === "tool_result" && block.tool_use_id !== undefined ? [block.tool_use_id] : [],
		);
	});
}

/** The last points of each series are the sums of the spans. */
export function assertTotals(spans: Span[], metrics: readonly MetricPoint[]): void {
	const chats = spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "chat");
	const sums = addUp(chats.map(({ attributes }) => tokensOf(attributes)));
	const last = new Map<string, MetricPoint>();
	for (const point of metrics.filter(({ name }) => name === "claude.tokens_total")) {
		const series = JSON.stringify([point.attributes, point.resource["service.instance.id"]]);
		const before = last.get(series);
		if (before) {
			expect(point.startTime, "a series that begins anew").toBe(before.startTime);
			expect(point.value, "a counter that falls").toBeGreaterThanOrEqual(before.value);
		}
		last.set(series, point);
	}
	const counted = [...last.values()].reduce((sum, { value }) => sum + value, 0);
	expect(counted).toBe(sums.total);
}
