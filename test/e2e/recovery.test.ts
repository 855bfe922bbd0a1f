// claude-otel is killed in the middle of a session: the next start, or `claude-otel recover`, tells it to its end.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, expect, test } from "vitest";
import { readBegun } from "../../src/begun-runs.ts";
import { pidOf } from "../../src/process-identity.ts";
import { assertTold, outline, tree } from "../support/oracle.ts";
import { childrenOf, until } from "../support/run.ts";
import { bash, nextUsage, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

const SCRIPT = () => ({
	main: [step(bash("echo 1")), step(bash("sleep 1; echo 2")), step(bash("echo 3")), step(text("done"))],
});
const TREE = tree(`
	claude.session
	  invoke_agent claude-code turn.status=ok
	    chat claude-opus-5-5 query_source=main
	    execute_tool Bash tool.status=ok
	    chat claude-opus-5-5 query_source=main
	    execute_tool Bash tool.status=ok
	    chat claude-opus-5-5 query_source=main
	    execute_tool Bash tool.status=ok
	    chat claude-opus-5-5 query_source=main
`);

/** claude itself goes on to its end, and shows nothing of it. */
async function runAndKill(): Promise<void> {
	const killed = await stage.print("go", [], {
		onStart: async (running) => {
			await until("the second request", () => stage.model.requests.length >= 2);
			running.signal("SIGKILL");
		},
	});
	expect(killed).toMatchObject({ signal: "SIGKILL", stdout: "done\n", stderr: "" });
}

/** As if three who recovered the run had been killed. Gives its id. */
function afterDeaths(): string {
	const database = new Database(join(stage.home.home, ".local", "share", "claude-otel", "store.db"));
	const run = database.prepare<[], { id: string }>("UPDATE runs SET recoveries = 3 RETURNING run_id AS id").get();
	database.close();
	return run?.id ?? "";
}

/** A claude that has answered may still be there for a moment, and a run whose claude lives is not recovered. */
async function recoverAll(sessions: number): Promise<void> {
	for (let attempt = 0; attempt < 20; attempt++) {
		await stage.run(["recover"]);
		if (stage.receiver.spans.filter(({ name }) => name === "claude.session").length >= sessions) return;
		await new Promise((resolve) => setTimeout(resolve, 500));
	}
}

test("a run whose claude-otel was killed is told to its end by `claude-otel recover`", async () => {
	stage = await openStage(SCRIPT());
	await runAndKill();
	const recovered = await stage.run(["recover"]);
	expect(recovered).toMatchObject({ code: 0, stderr: "" });
	expect(recovered.stdout).toMatch(/^Recovered the run [0-9a-f-]{36}, begun .*\.\n$/);
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(outline(stage.receiver.spans)).toBe(TREE);
	const session = stage.receiver.spans.find(({ name }) => name === "claude.session");
	expect(session?.attributes["session.end_reason"]).toBe("lost");
});

test("the next run recovers it too, and neither is told twice", async () => {
	stage = await openStage(SCRIPT());
	await runAndKill();
	stage.model.setScript({ main: [step(bash("sleep 1")), step(text("again"))] });
	const next = await stage.print("go");
	expect(next).toMatchObject({ code: 0, stdout: "again\n", stderr: "" });
	const sessions = stage.receiver.spans.filter(({ name }) => name === "claude.session");
	expect(sessions.map(({ attributes }) => attributes["session.end_reason"]).toSorted()).toEqual(["exit", "lost"]);
	assertTold(stage.receiver.spans, stage.model.requests);
	expect((await stage.run(["recover"])).stdout).toBe("No session waits to be recovered.\n");
});

test("a run that goes on with the session of a killed one does not tell its part again", async () => {
	stage = await openStage(SCRIPT());
	await runAndKill();
	stage.model.setScript({ main: [step(bash("sleep 1")), step(text("again"))] });
	await stage.print("on", ["--continue"]);
	await stage.run(["recover"]);
	assertTold(stage.receiver.spans, stage.model.requests);
	const sessions = stage.receiver.spans.filter(({ name }) => name === "claude.session");
	expect(sessions.map(({ attributes }) => attributes["session.source"]).toSorted()).toEqual(["resume", "startup"]);
});

test("what a claude did that outlived its claude-otel and the next run of its session is told once", async () => {
	const waits = bash("until [ -e ended ]; do sleep 0.1; done");
	stage = await openStage({ main: [step(waits), step(text("done"))] });
	const killed = stage.print("go", [], {
		onStart: async (running) => {
			await until("the first request", () => stage.model.requests.length >= 1);
			await new Promise((resolve) => setTimeout(resolve, 300));
			running.signal("SIGKILL");
		},
	});
	await until("the call", () => stage.home.records().some(({ type }) => type === "assistant"));
	const answers = stage.model.requests.length;
	stage.model.setScript((request) => (request.at === answers ? step(text("again")) : step(text("done"))));
	expect(await stage.print("on", ["--continue"])).toMatchObject({ code: 0, stdout: "again\n" });
	writeFileSync(join(stage.home.work, "ended"), "");
	expect(await killed).toMatchObject({ signal: "SIGKILL", stdout: "done\n" });
	await recoverAll(2);
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(stage.receiver.spans.filter(({ name }) => name === "invoke_agent claude-code")).toHaveLength(2);
});

test("the ledger of a run that went on with the session is not that of the killed one", async () => {
	const summary = { ...step(text("<analysis>a</analysis><summary>short</summary>")), usage: nextUsage() };
	const full = { input: 10, output: 50, cacheRead: 980_000, cacheWrite5m: 0, cacheWrite1h: 100 };
	stage = await openStage({ main: [{ ...step(bash("sleep 0.5")), usage: full }, step(text("ok"))], compact: summary });
	await stage.print("go", [], {
		onStart: async (running) => {
			await until("the compaction", () => stage.model.requests.some(({ isCompaction }) => isCompaction));
			running.signal("SIGKILL");
		},
	});
	await until("claude's end", () => stage.home.records().some(({ type }) => type === "cost-state"));
	const asked = [...stage.model.requests];
	stage.model.setScript({ main: [step(text("again"))] });
	// It sends nothing anywhere, so it recovers nobody.
	const silent = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
	await stage.print("on", ["--continue"], { env: silent });
	await recoverAll(1);
	assertTold(stage.receiver.spans, asked);
	expect(stage.receiver.spans.filter(({ name }) => name === "claude.compaction")).toHaveLength(1);
});

test("increments that arrived before the kill are not sent again (delta temporality)", async () => {
	const env = { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: "delta", OTEL_METRIC_EXPORT_INTERVAL: "300" };
	stage = await openStage(
		{
			main: [step(bash("echo 1")), step(bash("sleep 3")), step(bash("echo 3")), step(text("done"))],
		},
		{ env },
	);
	const arrived = () => stage.receiver.metrics.filter(({ name }) => name === "claude.tool_calls_total");
	await stage.print("go", [], {
		onStart: async (running) => {
			await until("the second request", () => stage.model.requests.length >= 2);
			await new Promise((resolve) => setTimeout(resolve, 1_500));
			running.signal("SIGKILL");
		},
	});
	const before = stage.receiver.metrics.length;
	expect(before).toBeGreaterThan(0);
	await stage.run(["recover"]);
	expect(stage.receiver.metrics.length).toBeGreaterThan(before);
	expect(arrived().reduce((sum, { value }) => sum + value, 0)).toBe(3);
	const sessions = stage.receiver.metrics.filter(({ name }) => name === "claude.sessions_total");
	expect(sessions.map(({ value, temporality }) => ({ value, temporality }))).toEqual([
		{ value: 1, temporality: "delta" },
	]);
});

test("two runs in one folder that were killed while claude started are both told, though a third goes on with one", async () => {
	const done = step(text("done"));
	stage = await openStage({ main: [], whenDone: done });
	const dataDir = join(stage.home.home, ".local", "share", "claude-otel");
	const killed = (prompt: string, what: string, isThere: (pid: number) => boolean) =>
		stage.print(prompt, [], {
			onStart: async (running) => {
				await until(what, () => isThere(running.pid));
				running.signal("SIGKILL");
			},
		});
	const isNoted = (pid: number) => readBegun(dataDir).some(({ owner, claude }) => pidOf(owner) === pid && claude);
	await Promise.all([
		killed("one", "claude", (pid) => childrenOf(pid).length > 0),
		killed("two", "the note of claude's process", isNoted),
	]);
	await until("claude's end", () => stage.home.records().filter(({ type }) => type === "cost-state").length === 2);
	await stage.print("on", ["--continue"]);
	await recoverAll(3);
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(stage.receiver.spans.filter(({ name }) => name === "claude.session")).toHaveLength(3);
});

test("a fork, and a run that went on with it, both killed while claude started, are told, though a fourth run goes on", async () => {
	stage = await openStage({ main: [], whenDone: step(text("done")) });
	const dataDir = join(stage.home.home, ".local", "share", "claude-otel");
	await stage.print("go");
	const [sessionId = ""] = stage.home.records().flatMap((record) => (record.sessionId as string | undefined) ?? []);
	const killed = async (ledgers: number, ...args: string[]) => {
		await stage.print("on", args, {
			onStart: async (running) => {
				const isNoted = () => readBegun(dataDir).some(({ owner, claude }) => pidOf(owner) === running.pid && claude);
				await until("the note of claude's process", isNoted);
				running.signal("SIGKILL");
			},
		});
		const isOver = () => stage.home.records().filter(({ type }) => type === "cost-state").length === ledgers;
		await until("claude's end", isOver);
	};
	await killed(2, "--resume", sessionId, "--fork-session");
	await killed(3, "--continue");
	await stage.print("on", ["--continue"]);
	await recoverAll(4);
	assertTold(stage.receiver.spans, stage.model.requests);
	const sessions = stage.receiver.spans.filter(({ name }) => name === "claude.session");
	const told = sessions.map(({ attributes }) => [attributes["session.source"], attributes["session.end_reason"]]);
	expect(told.toSorted()).toEqual([
		["fork", "lost"],
		["resume", "exit"],
		["resume", "lost"],
		["startup", "exit"],
	]);
});

test("a call that was killed with its run is told once, though the next run goes on with its session", async () => {
	stage = await openStage({ main: [step(bash("sleep 20")), step(text("never"))] });
	await stage.print("go", [], {
		onStart: async (running) => {
			await until("the first request", () => stage.model.requests.length >= 1);
			await new Promise((resolve) => setTimeout(resolve, 1_500));
			running.signalGroup("SIGKILL");
		},
	});
	await stage.run(["recover"]);
	stage.model.setScript({ main: [step(text("again"))] });
	await stage.print("on", ["--continue"]);
	const calls = stage.receiver.spans.filter(({ name }) => name.startsWith("execute_tool"));
	expect(calls.map(({ attributes }) => [attributes["tool.name"], attributes["tool.status"]])).toEqual([
		["Bash", "lost"],
	]);
});

test("with level off nothing is exported of a killed run; one that three died of is told when it is named", async () => {
	stage = await openStage(SCRIPT());
	await runAndKill();
	await new Promise((resolve) => setTimeout(resolve, 1_000));
	const off = await stage.run(["recover"], { env: { CLAUDE_OTEL_LEVEL: "off" } });
	expect(off.stdout).toMatch(/^1 session waits to be recovered, but this configuration sends nothing anywhere/);
	expect(stage.receiver.spans).toEqual([]);
	const runId = afterDeaths();
	const givenUp = await stage.run(["recover"]);
	expect(givenUp.code).toBe(1);
	expect(givenUp.stdout).toContain(`\`claude-otel recover ${runId}\` tries once more`);
	expect(await stage.run(["recover", runId])).toMatchObject({ code: 0, stderr: "" });
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(stage.receiver.spans.length).toBeGreaterThan(5);
});
