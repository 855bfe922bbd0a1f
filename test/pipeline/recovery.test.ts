// A run that was killed, and who tells it in its stead: what becomes of it when the teller has no more time, or dies of it.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recover } from "../../src/cli/commands/recover.ts";
import { systemClock } from "../../src/clock.ts";
import { type Config, type Loaded, loadConfig } from "../../src/config.ts";
import { createDiagnostics } from "../../src/diagnostics.ts";
import { type Keeping, openKeeping } from "../../src/pipeline/keeping.ts";
import { createRecovery, recoverRuns } from "../../src/pipeline/recovery.ts";
import { redactionMark, toldOf, writeContext } from "../../src/pipeline/run-context.ts";
import { laneOf } from "../../src/sinks/spool/lane-name.ts";
import type { Journal } from "../../src/store/journal.ts";
import { RECOVERIES_MAX } from "../../src/store/limits.ts";
import type { Store } from "../../src/store/store.ts";
import { fakeProcess } from "../cli/fake-process.ts";
import { type Place, readBody, startHttp } from "../sinks/collectors.ts";
import { factOf } from "../store/facts.ts";
import { until } from "../support/run.ts";

/** No process has so high a number. */
const DEAD = "4194999:1";
const RUN = "11111111-2222-4333-8444-555555555555";
const diagnostics = createDiagnostics({ target: { to: "nowhere" }, level: "none", clock: systemClock });
const endless = { limit: Number.POSITIVE_INFINITY, isStopped: () => false, over: new Promise<void>(() => {}) };

let home: string;
/** Takes requests and never says a word. */
let collector: Place;
let asked: number;
let keeping: Keeping;
beforeEach(async () => {
	home = mkdtempSync(join(tmpdir(), "claude-otel-recovery-"));
	asked = 0;
	collector = await startHttp(() => {
		asked++;
	});
});
afterEach(async () => {
	keeping.store?.close();
	keeping.spool?.close();
	await collector.close();
	rmSync(home, { recursive: true });
});

interface Left {
	config: Config;
	loaded: Loaded;
	store: Store;
	journal: Journal;
	startedAt: number;
}

/** Everything goes to a file. */
const fileAlone = (path: string) => ({
	CLAUDE_OTEL_FILE: path,
	OTEL_TRACES_EXPORTER: "none",
	OTEL_METRICS_EXPORTER: "none",
	OTEL_LOGS_EXPORTER: "none",
});

/** A run of a process that is no more, with a call. */
async function leaveBehind(env: Record<string, string>): Promise<Left> {
	const loaded = loadConfig({ HOME: home, OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf", ...env }, "linux");
	const { config } = loaded;
	keeping = await openKeeping(config, diagnostics);
	const { store } = keeping;
	if (store === undefined) throw new Error("No store.");
	const startedAt = systemClock();
	const started = { sessionSource: "startup", interactive: false, argsCount: 0, argsPreview: "" } as const;
	const context = writeContext({
		...started,
		told: toldOf(config, false),
		redaction: redactionMark(config),
		startedAt,
		project: "",
		claudeConfigDir: home,
		sessionPersistence: false,
		native: false,
	});
	const journal = store.begin({ runId: RUN, owner: DEAD, startedAt, context });
	journal.keep([
		{ kind: "run.started", source: "launch", at: startedAt, sessionId: "", runId: RUN, ...started },
		factOf(1),
	]);
	return { config, loaded, store, journal, startedAt };
}

/** A session beside it that is over before the collector has said a word. */
async function tellBriefly(config: Config): Promise<void> {
	const recovery = createRecovery({ config, keeping, diagnostics, clock: systemClock });
	const before = asked;
	recovery.start();
	await until("a request for each signal", () => asked === before + 3);
	await recovery.finish(100);
}

test("a collector that says nothing costs no run: what it did not take waits in the spool", async () => {
	const { config } = await leaveBehind({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
	await tellBriefly(config);
	const waiting = (await keeping.spool?.waiting()) ?? [];
	expect(waiting.map(({ signal }) => signal).toSorted()).toEqual(["logs", "metrics", "traces"]);
	expect(await recoverRuns({ config, keeping, diagnostics, clock: systemClock }, endless)).toEqual([]);
});

test("without a spool it is let go, and counts as no failure, however often", async () => {
	const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, CLAUDE_OTEL_SPOOL: "off" };
	const { config, store } = await leaveBehind(env);
	for (let session = 0; session < RECOVERIES_MAX; session++) {
		await tellBriefly(config);
		expect([...store.abandoned(systemClock())]).toMatchObject([{ runId: RUN, recoveries: 0 }]);
	}
});

test("without a spool an ill collector costs no run, however often", async () => {
	let status = 500;
	let arrived = 0;
	const fickle = await startHttp(async (incoming, response) => {
		await readBody(incoming);
		if (status === 200) arrived++;
		response.writeHead(status).end();
	});
	try {
		const env = { OTEL_EXPORTER_OTLP_ENDPOINT: fickle.url, CLAUDE_OTEL_SPOOL: "off" };
		const { config, loaded, store } = await leaveBehind(env);
		const recovered = () => recoverRuns({ config, keeping, diagnostics, clock: systemClock }, endless);
		for (let time = 0; time < RECOVERIES_MAX; time++) {
			const undelivered = expect.stringContaining("HTTP 500");
			expect(await recovered()).toMatchObject([{ runId: RUN, left: true, undelivered }]);
			expect([...store.abandoned(systemClock())]).toMatchObject([{ runId: RUN, recoveries: 0 }]);
		}
		const told = fakeProcess(["recover"], {}, home);
		const cwd = { path: home, removed: false };
		const context = { process: told.process, env: {}, cwd, packageRoot: home, loaded };
		expect(await recover(undefined, context)).toBe(1);
		expect(told.stdout()).toMatch(
			/^The run \S+, begun \S+, is not recovered yet\. claude-otel: .*HTTP 500.*\n1 session still waits to be recovered: .*\n$/,
		);
		status = 200;
		expect(await recovered()).toEqual([{ runId: RUN, startedAt: expect.any(Number) }]);
		expect(arrived).toBe(3);
		expect(await recovered()).toEqual([]);
	} finally {
		await fickle.close();
	}
});

test("what is refused for good, with its reason, is not told again", async () => {
	const refusing = await startHttp(async (incoming, response) => {
		await readBody(incoming);
		response.writeHead(400).end();
	});
	try {
		const env = { OTEL_EXPORTER_OTLP_ENDPOINT: refusing.url, CLAUDE_OTEL_SPOOL: "off" };
		const { config } = await leaveBehind(env);
		const options = { config, keeping, diagnostics, clock: systemClock };
		const undelivered = expect.stringContaining("HTTP 400");
		expect(await recoverRuns(options, endless)).toEqual([{ runId: RUN, startedAt: expect.any(Number), undelivered }]);
		expect(await recoverRuns(options, endless)).toEqual([]);
	} finally {
		await refusing.close();
	}
});

test("what the run itself left in the spool arrives before what is told in its stead", async () => {
	const arrived: string[] = [];
	const well = await startHttp(async (incoming, response) => {
		const body = await readBody(incoming);
		if (incoming.url === "/v1/metrics") arrived.push(body.toString("latin1"));
		response.end();
	});
	try {
		const { config } = await leaveBehind({ OTEL_EXPORTER_OTLP_ENDPOINT: well.url });
		const { protocol, url, endpoint } = config.otel.metrics;
		const lane = laneOf("metrics", { protocol, url });
		const left = { lane, signal: "metrics", destination: endpoint, items: 1, runId: RUN } as const;
		for (const older of ["older", "old"]) await keeping.spool?.add({ ...left, body: Buffer.from(older) });
		const recovered = await recoverRuns({ config, keeping, diagnostics, clock: systemClock }, endless);
		expect(recovered).toMatchObject([{ runId: RUN, undelivered: undefined }]);
		expect(arrived.slice(0, 2)).toEqual(["older", "old"]);
		expect(arrived).toHaveLength(3);
		expect(arrived[2]).toContain("claude.sessions_total");
	} finally {
		await well.close();
	}
});

test("where the clock was set back since, its series go on where they were, and end after they began", async () => {
	const path = join(home, "told.jsonl");
	const { config, journal, startedAt } = await leaveBehind(fileAlone(path));
	const toldUntil = Math.floor(startedAt) + 3_600_000;
	journal.told(toldUntil);
	journal.told(startedAt);
	await recoverRuns({ config, keeping, diagnostics, clock: systemClock }, endless);
	const points = [...readFileSync(path, "utf8").matchAll(/"startTimeUnixNano":"(\d+)","timeUnixNano":"(\d+)"/g)];
	expect(points.length).toBeGreaterThan(2);
	for (const [, start = "", end = ""] of points) {
		expect(Number(BigInt(start) / 1_000_000n)).toBe(Math.floor(startedAt));
		expect(Number(BigInt(end) / 1_000_000n)).toBe(toldUntil);
	}
});

test("that is kept in a store that is damaged is told in no part, and named as lost", async () => {
	const path = join(home, "told.jsonl");
	const { loaded, config, journal } = await leaveBehind(fileAlone(path));
	journal.keep(Array.from({ length: 1_000 }, (_, number) => factOf(number + 2)));
	keeping.store?.close();
	keeping = { problems: [] };
	// In the midst of the journal, where nobody looks when it is opened.
	const store = join(config.dataDir, "store.db");
	const bytes = readFileSync(store);
	writeFileSync(store, bytes.fill(0xab, 20 * 4_096, 21 * 4_096));
	const recovered = async () => {
		const told = fakeProcess(["recover"], {}, home);
		const code = await recover(undefined, {
			process: told.process,
			env: {},
			packageRoot: home,
			cwd: { path: home, removed: false },
			loaded,
		});
		return [code, told.stdout(), told.stderr()];
	};
	expect(await recovered()).toEqual([
		1,
		expect.stringMatching(
			/^The run \S+, begun \S+, cannot be recovered, because the store that kept it was damaged\.\n$/,
		),
		expect.stringMatching(/found damaged and put aside as \S+: sessions in it .* cannot be recovered/),
	]);
	expect(existsSync(path)).toBe(false);
	expect(await recovered()).toEqual([0, "No session waits to be recovered.\n", ""]);
	writeFileSync(store, "no database at all");
	expect(await recovered()).toEqual([1, "", expect.stringContaining("was damaged: it was put aside as")]);
});

test("that several died of is told of as given up, and told again where it is named", async () => {
	const { config, store } = await leaveBehind(fileAlone(join(home, "told.jsonl")));
	for (let death = 0; death < RECOVERIES_MAX; death++) {
		for (const run of store.abandoned(systemClock())) store.claim(run, DEAD, systemClock());
	}
	const options = { config, keeping, diagnostics, clock: systemClock };
	expect(await recoverRuns(options, endless)).toMatchObject([{ runId: RUN, givenUp: true }]);
	expect(await recoverRuns(options, { ...endless, only: "another" })).toEqual([]);
	expect(await recoverRuns(options, { ...endless, only: RUN })).toMatchObject([{ runId: RUN, undelivered: undefined }]);
	expect(await recoverRuns(options, endless)).toEqual([]);
});
