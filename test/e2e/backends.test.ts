// Back ends on loopback in the vendors' place, and the real claude in front of them.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type LoopbackBackend, startBackend } from "../support/backend.ts";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { assertTold } from "../support/oracle.ts";
import { runClaudeOtel, until } from "../support/run.ts";
import { bash, step, text } from "../support/scripting.ts";
import { FREE_HAND, openStage, type Stage } from "../support/stage.ts";
import { openTerminal } from "../support/terminal.ts";

const TOKEN = "logfire-secret-0123456789";
const KEY = "0123456789abcdef0123456789abcdef";

let stage: Stage;
const backends: LoopbackBackend[] = [];
beforeEach(async () => {
	stage = await openStage({ main: [step(bash("echo one")), step(text("All done."))] });
});
afterEach(async () => {
	await Promise.all(backends.splice(0).map((backend) => backend.close()));
	await stage.close();
});

async function start(status?: number): Promise<LoopbackBackend> {
	const backend = await startBackend(status);
	backends.push(backend);
	return backend;
}

const logfireAt = ({ url }: LoopbackBackend) => ({ LOGFIRE_TOKEN: TOKEN, LOGFIRE_BASE_URL: url });
const sentryAt = ({ url }: LoopbackBackend) => ({ SENTRY_DSN: `${url.replace("://", `://${KEY}@`)}/1` });

test("a session goes to Logfire and Sentry, found by their variables, and not to the default endpoint", async () => {
	const [logfire, sentry] = [await start(), await start()];
	const file = join(stage.home.home, "debug.log");
	const env = { ...logfireAt(logfire), ...sentryAt(sentry), CLAUDE_OTEL_DEBUG: file };
	const run = await runClaudeOtel(stage.home, ["-p", "go", FREE_HAND], { env });
	expect(run).toMatchObject({ code: 0, stdout: "All done.\n", stderr: "" });
	for (const { spans } of [logfire, sentry]) assertTold(spans, stage.model.requests);
	expect(logfire.metrics.map(({ name }) => name)).toContain("claude.tokens_total");
	const records = ["session.start", "user.prompt", "tool.call", "assistant.response", "session.end"];
	for (const { logs } of [logfire, sentry]) {
		expect(logs.map(({ attributes }) => attributes["event.name"]).toSorted()).toEqual(records.toSorted());
	}
	const chat = (backend: LoopbackBackend) => backend.spans.find(({ name }) => name.startsWith("chat "))?.attributes;
	expect(chat(logfire)?.["operation.cost"]).toBe(chat(logfire)?.["claude.cost_usd"]);
	expect(chat(sentry)?.["sentry.op"]).toBe("gen_ai.chat");
	expect(readFileSync(file, "utf8")).not.toMatch(/4317|not delivered/);
});

test("the keys turn up nowhere but in their own headers, though claude prints them", async () => {
	stage.model.setScript({ main: [step(bash("env")), step(text(`It is ${TOKEN}.`))] });
	const [logfire, sentry] = [await start(), await start()];
	const file = join(stage.home.home, "debug.log");
	const env = { ...logfireAt(logfire), ...sentryAt(sentry) };
	const full = { CLAUDE_OTEL_LEVEL: "full", CLAUDE_OTEL_MAX_PAYLOAD_BYTES: "100000", CLAUDE_OTEL_DEBUG: file };
	await stage.run(["-p", `use ${TOKEN}`, FREE_HAND], { env: { ...env, ...full } });
	const exported = [logfire, sentry].map(({ spans, metrics, logs }) => JSON.stringify([spans, metrics, logs], plain));
	expect(exported[0]).toContain("HOME=");
	for (const text of [...exported, stage.receiver.rawBytes(), readFileSync(file, "utf8")]) {
		expect(text).not.toContain(TOKEN);
		expect(text).not.toContain(KEY);
	}
	const config = await stage.run(["--config"], { env });
	expect(config.stdout).toMatch(/^CLAUDE_OTEL_BACKEND +logfire, sentry +LOGFIRE_TOKEN, SENTRY_DSN$/m);
	expect(config.stdout).toMatch(/^LOGFIRE_TOKEN +\*{4} +LOGFIRE_TOKEN$/m);
	expect(config.stdout).not.toMatch(new RegExp(`${TOKEN}|${KEY}`));
});

const plain = (_key: string, value: unknown) => (typeof value === "bigint" ? String(value) : value);

test("a session that lasts is seen in Logfire before claude has gone", async () => {
	const logfire = await start();
	stage.model.setScript({ main: [], whenDone: step(text("An answer.")) });
	const terminal = await stage.terminal([], { env: { ...logfireAt(logfire), OTEL_BSP_SCHEDULE_DELAY: "100" } });
	await terminal.submit("say something");
	await terminal.waitForText("An answer.");
	await until("Logfire has the session", () => logfire.spans.some(({ name }) => name === "claude.session"));
	const [pending] = logfire.spans.filter(({ name }) => name === "claude.session");
	expect(pending?.attributes).toMatchObject({ "logfire.span_type": "pending_span" });
	await terminal.submit("/exit");
	await terminal.exit;
	const [, session] = logfire.spans.filter(({ name }) => name === "claude.session");
	expect(session).toMatchObject({ traceId: pending?.traceId, spanId: pending?.parentSpanId });
	// Its own collector gets no stand-ins.
	expect(JSON.stringify(stage.receiver.spans.map(({ attributes }) => attributes))).not.toContain("logfire");
});

test("a wrong key is one sentence on a terminal when claude has left it, and nothing elsewhere", async () => {
	const logfire = await start(401);
	const env = logfireAt(logfire);
	const terminal = await openTerminal(stage.home, process.execPath, [CLAUDE_OTEL, "-p", "go", FREE_HAND], { env });
	expect(await terminal.exit).toMatchObject({ code: 0 });
	const raw = terminal.raw();
	expect(raw.match(/claude-otel:/g)).toHaveLength(1);
	expect(raw).toMatch(
		/All done\.[\s\S]*claude-otel: \d+ spans, the metrics and \d+ log records were not delivered to Logfire at http:\/\/127\.0\.0\.1:\d+ \(HTTP 401\); check LOGFIRE_TOKEN/,
	);
	expect(raw).not.toContain(TOKEN);
	stage.model.setScript({ main: [step(text("All done."))] });
	const piped = await runClaudeOtel(stage.home, ["-p", "go"], { env });
	expect(piped).toMatchObject({ code: 0, stdout: "All done.\n", stderr: "" });
});

test.each([
	[{ CLAUDE_OTEL_BACKEND: "honeypot" }, /^claude-otel: CLAUDE_OTEL_BACKEND names "honeypot", .* or none\.\n$/],
	[
		{ CLAUDE_OTEL_BACKEND: "datadog" },
		/^claude-otel: CLAUDE_OTEL_BACKEND names datadog, but DD_API_KEY is not set: .*\n$/,
	],
])("with %j claude is not started, and one sentence says why", async (env, sentence) => {
	const run = await runClaudeOtel(stage.home, ["-p", "go"], { env: env as Record<string, string> });
	expect(run).toMatchObject({ code: 2, stdout: "" });
	expect(run.stderr).toMatch(sentence);
	expect(stage.model.requests).toEqual([]);
	const help = await runClaudeOtel(stage.home, ["--version"], { env: env as Record<string, string> });
	expect(help).toMatchObject({ code: 0, stderr: "" });
});
