// A machine on which things go wrong: a full disk, a home that cannot be written, a thousand runs that were killed. claude
// works, one sentence says what is wrong, and nothing is broken.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, describe, expect, test } from "vitest";
import { openStore } from "../../src/store/store.ts";
import { factOf } from "../store/facts.ts";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { assertTold } from "../support/oracle.ts";
import { type RunResult, run } from "../support/run.ts";
import { bash, step, text } from "../support/scripting.ts";
import { FREE_HAND, openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const SCRIPT = () => ({ main: [step(bash("echo 1")), step(bash("echo 2")), step(text("ok"))] });
const dataDir = () => join(stage.home.home, ".local", "share", "claude-otel");
const debugFile = () => join(stage.home.home, "debug.log");

const mayMount = spawnSync("unshare", ["-rm", "true"]).status === 0;

/** In a mount namespace of its own, where `mount` has put something in the way before. */
function runMounted(mount: string, env: Record<string, string> = {}): Promise<RunResult> {
	const command = `${mount} && exec "$0" "$@"`;
	const args = ["-rm", "sh", "-c", command, process.execPath, CLAUDE_OTEL, "-p", "go", FREE_HAND];
	return run(stage.home, "unshare", args, { env: { ...stage.env, CLAUDE_OTEL_DEBUG: debugFile(), ...env } });
}

describe.skipIf(!mayMount)("with mounts of its own (unshare -rm is allowed here)", () => {
	test("a full disk costs what would have been kept, and is told in one sentence", async () => {
		stage = await openStage(SCRIPT());
		mkdirSync(dataDir(), { recursive: true });
		const told = await runMounted(
			`mount -t tmpfs -o size=64k tmpfs "${dataDir()}" && (head -c 60k /dev/zero > "${dataDir()}/filler" || true)`,
		);
		expect(told).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
		assertTold(stage.receiver.spans, stage.model.requests);
		expect(warnings()).toEqual([expect.stringMatching(/store\.db .*the disk is full.*CLAUDE_OTEL_STORE/)]);
	});

	test("a full disk and a collector that is down lose what neither took, and say so", async () => {
		stage = await openStage(SCRIPT());
		mkdirSync(dataDir(), { recursive: true });
		const told = await runMounted(
			`mount -t tmpfs -o size=64k tmpfs "${dataDir()}" && (head -c 60k /dev/zero > "${dataDir()}/filler" || true)`,
			{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" },
		);
		expect(told).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
		expect(warnings().filter((line) => line.includes("spool.db"))).toHaveLength(1);
	});

	test("a home that cannot be written costs nothing but what would have been kept", async () => {
		stage = await openStage(SCRIPT());
		mkdirSync(dataDir(), { recursive: true });
		const told = await runMounted(`mount -t tmpfs -o ro tmpfs "${dataDir()}"`);
		expect(told).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
		assertTold(stage.receiver.spans, stage.model.requests);
		expect(warnings()).toEqual([
			expect.stringMatching(/store\.db cannot be used \(it cannot be written\).*CLAUDE_OTEL_STORE/),
		]);
	});

	test("a folder for sockets that cannot be written is told, and the hooks come by http", async () => {
		stage = await openStage(SCRIPT());
		const runtime = join(stage.home.home, "runtime");
		mkdirSync(runtime);
		const told = await runMounted(`mount -t tmpfs -o ro tmpfs "${runtime}"`, { XDG_RUNTIME_DIR: runtime });
		expect(told).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
		assertTold(stage.receiver.spans, stage.model.requests);
	});
});

test("a store that is a link to somebody's file is left alone", async () => {
	stage = await openStage(SCRIPT());
	mkdirSync(dataDir(), { recursive: true });
	const victim = join(stage.home.home, "victim.txt");
	writeFileSync(victim, "precious\n");
	symlinkSync(victim, join(dataDir(), "store.db"));
	const told = await stage.print("go", [], { env: { CLAUDE_OTEL_DEBUG: debugFile() } });
	expect(told).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(readText(victim)).toBe("precious\n");
	expect(warnings()).toEqual([expect.stringContaining("links are not followed")]);
});

test("a damaged store is put aside under another name, told, and a new one begun", async () => {
	stage = await openStage(SCRIPT());
	mkdirSync(dataDir(), { recursive: true });
	writeFileSync(join(dataDir(), "store.db"), "this is no database ".repeat(500));
	const told = await stage.print("go", [], { env: { CLAUDE_OTEL_DEBUG: debugFile() } });
	expect(told).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	expect(readdirSync(dataDir()).filter((name) => name.startsWith("store.db.damaged-"))).toHaveLength(1);
	expect(warnings()).toEqual([expect.stringContaining("put aside")]);
	const database = new Database(join(dataDir(), "store.db"));
	expect(database.prepare("SELECT count(*) AS runs FROM runs WHERE ended_at IS NOT NULL").get()).toEqual({ runs: 1 });
	database.close();
});

test("a certificate that is a pipe costs claude's own telemetry, and does not hold claude up", async () => {
	stage = await openStage(SCRIPT());
	const pipe = join(stage.home.home, "certificate");
	execFileSync("mkfifo", [pipe]);
	const env = { OTEL_EXPORTER_OTLP_CERTIFICATE: pipe, CLAUDE_OTEL_DEBUG: debugFile() };
	const told = await stage.print("go", [], { env });
	expect(told).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(readText(debugFile())).toContain(`OTEL_EXPORTER_OTLP_CERTIFICATE names "${pipe}", a pipe`);
});

/** A thousand in `npm run test:long`. */
const RUNS = process.env.TEST_EVERY === "1" ? 1_000 : 100;

test(`${RUNS} runs that were killed hold nobody up, and are recovered`, { timeout: 300_000 }, async () => {
	stage = await openStage(SCRIPT(), { env: { OTEL_METRICS_EXPORTER: "none" } });
	await leaveBehind(RUNS);
	const told = await stage.print("go");
	expect(told).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
	const ours = stage.receiver.spans.filter(({ attributes }) => attributes["session.end_reason"] === "exit");
	expect(ours).toHaveLength(1);
	const recovered = await stage.run(["recover"], { timeoutMs: 240_000 });
	expect(recovered).toMatchObject({ code: 0, stderr: "" });
	const lost = stage.receiver.spans.filter(({ attributes }) => attributes["session.end_reason"] === "lost");
	expect(lost).toHaveLength(RUNS);
	expect(new Set(lost.map(({ spanId }) => spanId)).size).toBe(RUNS);
});

/** Runs of processes that are no more, with a call each. */
async function leaveBehind(count: number): Promise<void> {
	mkdirSync(dataDir(), { recursive: true });
	const store = await openStore({ path: join(dataDir(), "store.db"), note: () => {} });
	const context = JSON.stringify({
		told: {
			level: "standard",
			semconv: "v1.41",
			shape: "session",
			inbound: {},
			deniedModels: [],
			toolsExclude: [],
			contextThresholds: [],
			sample: { ratio: 1, costUsd: 1, slowTurnMs: 1e6 },
			sampler: { name: "parentbased_always_on", ratio: 1 },
			spanLimits: {
				attributeCount: 128,
				eventCount: 128,
				linkCount: 128,
				attributesPerEvent: 128,
				attributesPerLink: 128,
			},
			logLimits: { attributeCount: 128 },
			temporality: "cumulative",
			histogram: "explicit_bucket_histogram",
		},
		startedAt: Date.now(),
		project: "none",
		claudeConfigDir: stage.home.config,
		sessionPersistence: true,
		sessionSource: "startup",
		interactive: false,
		argsCount: 0,
		argsPreview: "",
		native: false,
		redaction: "another",
	});
	for (let number = 0; number < count; number++) {
		const runId = `run-${number}`;
		const startedAt = Date.now() - 3_600_000 + number;
		const journal = store.begin({ runId, owner: "4194999:1", startedAt, context });
		journal.keep([
			{
				kind: "run.started",
				source: "launch",
				at: startedAt,
				sessionId: "",
				runId,
				sessionSource: "startup",
				interactive: false,
				argsCount: 0,
				argsPreview: "",
			},
			factOf(number, `session-${number}`),
		]);
	}
	store.close();
}

/** What the diagnostics say of our files. */
function warnings(): string[] {
	return readText(debugFile())
		.split("\n")
		.filter((line) => / warn .*(?:store|spool)\.db/.test(line));
}

function readText(path: string): string {
	return readFileSync(path, "utf8");
}
