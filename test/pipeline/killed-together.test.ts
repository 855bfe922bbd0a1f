// Several runs of one folder that were killed, most before they could keep anything: each answer is told by the run whose
// claude gave it, once, and what cannot be decided yet waits.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { noteBegun } from "../../src/begun-runs.ts";
import { systemClock } from "../../src/clock.ts";
import { type Config, loadConfig } from "../../src/config.ts";
import { createDiagnostics } from "../../src/diagnostics.ts";
import { projectMark } from "../../src/intake/claude-files.ts";
import { type Keeping, openKeeping } from "../../src/pipeline/keeping.ts";
import { recoverRuns } from "../../src/pipeline/recovery.ts";
import { type RunContext, redactionMark, toldOf, writeContext } from "../../src/pipeline/run-context.ts";
import { identityOf, machineId } from "../../src/process-identity.ts";
import { sessionTraceId } from "../../src/signals/ids.ts";
import { factOf } from "../store/facts.ts";
import { plainSpans } from "../support/otlp-plain.ts";

const DEAD = "4194999:1";
const CWD = "/home/dev/project";
const diagnostics = createDiagnostics({ target: { to: "nowhere" }, level: "none", clock: systemClock });
const endless = { limit: Number.POSITIVE_INFINITY, isStopped: () => false, over: new Promise<void>(() => {}) };

let home: string;
let start: number;
let config: Config;
let keeping: Keeping;
beforeEach(async () => {
	home = mkdtempSync(join(tmpdir(), "claude-otel-together-"));
	start = Math.floor(systemClock()) - 60_000;
	const none = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
	const env = { HOME: home, CLAUDE_CONFIG_DIR: home, CLAUDE_OTEL_FILE: join(home, "told.jsonl"), ...none };
	config = loadConfig(env, "linux").config;
	keeping = await openKeeping(config, diagnostics);
});
afterEach(() => {
	keeping.store?.close();
	rmSync(home, { recursive: true });
});

type Killed = { at: number } & Pick<RunContext, "sessionSource" | "knownSessionId">;

function contextOf({ at, ...begun }: Killed): string {
	return writeContext({
		...begun,
		told: toldOf(config, false),
		redaction: redactionMark(config),
		startedAt: start + at,
		project: projectMark(CWD),
		claudeConfigDir: home,
		sessionPersistence: true,
		interactive: false,
		argsCount: 2,
		argsPreview: "",
		native: true,
	});
}

/** All that is left of it is that it began. */
function killed(runId: string, run: Killed): void {
	const context = contextOf(run);
	noteBegun(config.dataDir, { runId, machine: machineId(), owner: DEAD, startedAt: start + run.at, context });
}

/** When it was asked, and when it was answered where that was not 100 ms later. */
type Turns = Record<string, number | [asked: number, answered: number]>;

/** A transcript of these turns; a fork begins with copies. */
function transcript(sessionId: string, turns: Turns, copies: Turns = {}): void {
	const record = (at: number, more: object) => ({
		sessionId,
		uuid: `${sessionId} ${at}`,
		timestamp: new Date(start + at).toISOString(),
		...more,
	});
	const recordsOf = (all: Turns, copied: object) =>
		Object.entries(all).flatMap(([id, times]) => {
			const [at, answeredAt] = typeof times === "number" ? [times, times + 100] : times;
			const message = {
				id,
				model: "claude-opus-5-5",
				stop_reason: "end_turn",
				content: [],
				usage: { output_tokens: 1 },
			};
			const prompt = { promptId: `prompt of ${id}`, turnPosition: {}, turnOrigin: "sdk" };
			return [
				record(at, { type: "user", ...prompt, message: { role: "user", content: "go" } }),
				record(answeredAt, { type: "assistant", parentUuid: `${sessionId} ${at}`, message, ...copied }),
			];
		});
	const own = recordsOf(turns, {}).toSorted((a, b) => a.timestamp.localeCompare(b.timestamp));
	const records = [...recordsOf(copies, { requestSessionId: "its origin" }), ...own];
	const folder = join(home, "projects", CWD.replaceAll("/", "-"));
	mkdirSync(folder, { recursive: true });
	writeFileSync(join(folder, `${sessionId}.jsonl`), records.map((line) => `${JSON.stringify(line)}\n`).join(""));
}

const recovered = async () => {
	const runs = await recoverRuns({ config, keeping, diagnostics, clock: systemClock }, endless);
	return runs.map(({ runId, undecided }) => (undecided ? `${runId} waits` : runId));
};

/** Each answer that was told, as often as it was, with the run in whose trace it stands. */
function told(...runIds: string[]): string[] {
	const runOf = new Map(runIds.map((runId) => [sessionTraceId(runId, 0), runId]));
	const lines = readFileSync(join(home, "told.jsonl"), "utf8").split("\n");
	return lines
		.filter((line) => line.includes("resourceSpans"))
		.flatMap((line) => plainSpans(JSON.parse(line)))
		.filter(({ name }) => name.startsWith("chat"))
		.map(({ attributes, traceId }) => `${attributes["gen_ai.response.id"]} by ${runOf.get(traceId)}`)
		.toSorted();
}

test("what was gone on with by an id is told by who went on with it", async () => {
	killed("first", { at: 0, sessionSource: "startup" });
	killed("second", { at: 5000, sessionSource: "resume", knownSessionId: "session" });
	transcript("session", { one: 500, two: 5500 });
	expect(await recovered()).toEqual(["first", "second"]);
	expect(told("first", "second")).toEqual(["one by first", "two by second"]);
	expect(await recovered()).toEqual([]);
});

test("what was gone on with by --continue is told by who went on with it, and so is a fork", async () => {
	killed("first", { at: 0, sessionSource: "startup" });
	killed("second", { at: 5000, sessionSource: "fork" });
	killed("third", { at: 9000, sessionSource: "resume" });
	transcript("session", { one: 500 });
	transcript("fork", { two: 5500, three: 9500 }, { one: 500 });
	expect(await recovered()).toEqual(["first", "second", "third"]);
	expect(told("first", "second", "third")).toEqual(["one by first", "three by third", "two by second"]);
});

test("what a claude still answered that outlived its run and the beginning of the next one is told by its run", async () => {
	killed("first", { at: 0, sessionSource: "startup" });
	killed("second", { at: 5000, sessionSource: "resume" });
	transcript("session", { one: [500, 6000], two: [5500, 7000] });
	await recovered();
	expect(told("first", "second")).toEqual(["one by first", "two by second"]);
});

test("and so it is while the next one goes on, which tells its own", async () => {
	const second = { at: 5000, sessionSource: "resume" } as const;
	const owner = identityOf(process.pid);
	const context = contextOf(second);
	const journal = keeping.store?.begin({ runId: "second", owner, startedAt: start + second.at, context });
	journal?.session("session");
	killed("first", { at: 0, sessionSource: "startup" });
	transcript("session", { one: [500, 6000], two: [5500, 7000] });
	expect(await recovered()).toEqual(["first"]);
	expect(told("first")).toEqual(["one by first"]);
});

test("two that forked one session at once have a fork each", async () => {
	killed("first", { at: 0, sessionSource: "fork" });
	killed("second", { at: 10, sessionSource: "fork" });
	killed("third", { at: 20, sessionSource: "startup" });
	transcript("fork", { one: 500 }, { old: -9000 });
	transcript("other", { two: 510 }, { old: -9000 });
	transcript("new", { three: 490 });
	await recovered();
	expect(told("first", "second", "third")).toEqual(["one by first", "three by third", "two by second"]);
});

test("while a run goes on that may tell what another was asked, that one waits, and is told when nobody has", async () => {
	const { store } = keeping;
	transcript("session", { old: -9000, mine: 5500 });
	const neighbour = { at: -9500, sessionSource: "startup" } as const;
	const owner = identityOf(process.pid);
	const startedAt = start + neighbour.at;
	const journal = store?.begin({ runId: "neighbour", owner, startedAt, context: contextOf(neighbour) });
	journal?.session("session");
	killed("second", { at: 5000, sessionSource: "resume" });
	expect(await recovered()).toEqual(["second waits"]);
	journal?.keep([factOf(1, "session")]);
	journal?.end(systemClock());
	expect(await recovered()).toEqual(["second"]);
	expect(told("second")).toEqual(["mine by second"]);
});
