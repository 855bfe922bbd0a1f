// `claude-otel check` with the real Claude Code: a sound machine, and each of ten faults planted in it. Every fault is
// found, its cure is named, and nothing of the user's is touched.
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Finding } from "../../src/cli/checks/check.ts";
import type { Arrived } from "../../src/cli/checks/self-test.ts";
import { CANARY } from "../../src/signals/names.ts";
import { openStore } from "../../src/store/store.ts";
import { type Place, startHttp, unusedAddress } from "../sinks/collectors.ts";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { some } from "../support/every.ts";
import { type RunResult, run, until } from "../support/run.ts";
import { exportTo, openStage, PROTOCOLS, type Stage } from "../support/stage.ts";
import { openTerminal } from "../support/terminal.ts";

/** Twenty times what a check takes. */
const LIMIT_MS = 150_000;

let stage: Stage;
const places: Place[] = [];
beforeEach(async () => {
	stage = await openStage({ main: [] });
});
afterEach(async () => {
	await Promise.all(places.splice(0).map((place) => place.close()));
	await stage.close();
});

interface Checked extends Pick<RunResult, "code" | "stderr"> {
	findings: Finding[];
	selfTest: Arrived | null;
	/** `broken hooks: …`, all but what is well. */
	faults: string[];
}

async function check(env: Record<string, string> = {}, node: string[] = []): Promise<Checked> {
	const options = { env: { ...stage.env, ...env }, timeoutMs: LIMIT_MS };
	const { stdout, stderr, code } = await run(
		stage.home,
		process.execPath,
		[...node, CLAUDE_OTEL, "check", "--json"],
		options,
	);
	const { findings, selfTest, broken } = JSON.parse(stdout) as Checked & { broken: boolean };
	expect(broken).toBe(code === 1);
	const faults = findings
		.filter(({ outcome }) => outcome !== "ok")
		.map((found) => `${found.outcome} ${found.check}: ${found.sentence}`);
	return { findings, selfTest, code, stderr, faults };
}

const inHome = (...names: string[]) => join(stage.home.home, ...names);

describe("on a sound machine", () => {
	test.each(some(PROTOCOLS))(
		"all is well by %s, and a canary of each signal arrives",
		{ timeout: LIMIT_MS },
		async (protocol) => {
			const { faults, code, stderr, selfTest, findings } = await check(exportTo(stage.receiver, protocol));
			expect({ faults, code, stderr }).toEqual({ faults: [], code: 0, stderr: "" });
			expect(findings.map(({ check: name }) => name)).toEqual([
				"versions",
				"claude",
				"configuration",
				"claude-files",
				"hooks",
				"native",
				"run-folder",
				"store",
				"spool",
				"collector",
				"self-test",
			]);
			expect(findings.find((found) => found.check === "collector")?.sentence).toContain(
				`takes traces, metrics and logs by ${protocol}.`,
			);
			const { spans, metrics, logs } = stage.receiver;
			expect(spans.map(({ name }) => name)).toEqual([CANARY.span]);
			expect(metrics.map(({ name }) => name)).toEqual([CANARY.metric]);
			expect(logs.map(({ attributes }) => attributes["event.name"])).toEqual([CANARY.record]);
			expect(selfTest).toMatchObject({ spans: 7, nativeRequests: 3, tokensBilled: 16_182, tokensTold: 16_182 });
			for (const count of Object.values(selfTest ?? {})) expect(count).toBeGreaterThan(0);
		},
	);

	test("nothing of the user's is touched: not his claude, his files, nor his folders", {
		timeout: LIMIT_MS,
	}, async () => {
		const before = readdirSync(stage.home.home, { recursive: true }).toSorted();
		const state = readFileSync(join(stage.home.config, ".claude.json"), "utf8");
		expect((await check()).code).toBe(0);
		expect(readdirSync(stage.home.home, { recursive: true }).toSorted()).toEqual(before);
		expect(readFileSync(join(stage.home.config, ".claude.json"), "utf8")).toBe(state);
		expect(stage.model.requests).toEqual([]);
	});

	test("a person reads a line for each check and what arrived, plain without a terminal", {
		timeout: LIMIT_MS,
	}, async () => {
		const { stdout, code, stderr } = await stage.run(["check"], { timeoutMs: LIMIT_MS });
		expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
		const lines = stdout.trimEnd().split("\n");
		expect(lines.slice(0, 11).map((line) => line.slice(0, 24).trimEnd())).toEqual([
			"ok       versions",
			"ok       claude",
			"ok       configuration",
			"ok       claude-files",
			"ok       hooks",
			"ok       native",
			"ok       run-folder",
			"ok       store",
			"ok       spool",
			"ok       collector",
			"ok       self-test",
		]);
		expect(lines).toContainEqual(expect.stringMatching(/^ +tokens billed +16,182$/));
		expect(lines).toContainEqual(expect.stringMatching(/^ +tokens told +16,182$/));
		expect(lines.at(-1)).toBe("All is well.");
		expect(stdout).not.toContain("\x1b");
	});

	test("on a terminal of 80 columns sentences go over several lines, and NO_COLOR takes the colours away", {
		timeout: LIMIT_MS,
	}, async () => {
		const looks: string[] = [];
		for (const more of [{}, { NO_COLOR: "1" }] as Record<string, string>[]) {
			const options = { columns: 80, rows: 60, timeoutMs: LIMIT_MS, env: { ...stage.env, ...more } };
			const terminal = await openTerminal(stage.home, process.execPath, [CLAUDE_OTEL, "check"], options);
			expect(await terminal.exit).toMatchObject({ code: 0 });
			looks.push(terminal.raw());
		}
		const [colored, plain] = looks;
		expect(colored).toContain("\x1b[32mok       \x1b[39mversions");
		expect(plain).not.toMatch(/\x1b\[\d*m/);
		const lines = (plain ?? "").split(/\r?\n/).map((line) => line.replace(/\x1b\[[^a-z]*[a-z]/gi, ""));
		// A path is left whole, to be copied: it has its line alone.
		const long = lines.filter((line) => [...line].length > 80);
		expect(long.filter((line) => line.slice(24).includes(" "))).toEqual([]);
	});

	test("Ctrl-C in the self-test ends it and leaves nothing behind", { timeout: LIMIT_MS }, async () => {
		const temp = inHome("tmp");
		const { code } = await stage.run(["check"], {
			timeoutMs: LIMIT_MS,
			onStart: async (running) => {
				await until("the self-test has begun", () =>
					readdirSync(temp).some((name) => name.startsWith("claude-otel-self-test-")),
				);
				running.signalGroup("SIGINT");
			},
		});
		expect(code).toBe(130);
		expect(readdirSync(temp).filter((name) => name.startsWith("claude-otel"))).toEqual([]);
	});
});

describe("a planted fault is found, and its cure named:", () => {
	test("no claude", { timeout: LIMIT_MS }, async () => {
		const { faults, code } = await check({ PATH: "/nonexistent" });
		expect(code).toBe(1);
		expect(faults).toEqual([
			expect.stringMatching(
				/^broken claude: claude was not found on PATH: install it with `npm .*`, or set CLAUDE_BIN/,
			),
			expect.stringMatching(/^warning self-test: Not looked at, because there is no claude to run/),
		]);
	});

	test("disabled hooks", { timeout: LIMIT_MS }, async () => {
		const settings = join(stage.home.config, "settings.json");
		writeFileSync(settings, '{"disableAllHooks":true}');
		const { faults, code } = await check();
		expect(code).toBe(1);
		expect(faults).toEqual([
			`broken hooks: ${settings} sets disableAllHooks, so no hook reaches claude-otel and the transcript alone tells of tools: take it out there, or set CLAUDE_OTEL_SOURCES=transcript,native if it is to stay so.`,
		]);
	});

	test("wrong port: grpc to the port of http", { timeout: LIMIT_MS }, async () => {
		const env = { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", OTEL_EXPORTER_OTLP_ENDPOINT: stage.receiver.http };
		const { faults, code } = await check(env);
		expect(code).toBe(1);
		expect(faults).toEqual([
			expect.stringMatching(
				/^broken collector: .* \(another protocol is spoken there\): check OTEL_EXPORTER_OTLP_PROTOCOL and the port in OTEL_EXPORTER_OTLP_ENDPOINT: 4317 is usual for grpc, 4318 for http\/protobuf\.$/,
			),
		]);
	});

	test("dead collector", { timeout: LIMIT_MS }, async () => {
		const endpoint = await unusedAddress();
		const { faults, code } = await check({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
		expect(code).toBe(1);
		expect(faults).toEqual([
			`broken collector: ${endpoint} does not take traces, metrics and logs by http/protobuf (connection refused): check that a collector listens there or set OTEL_EXPORTER_OTLP_ENDPOINT.`,
		]);
	});

	test("bad token", { timeout: LIMIT_MS }, async () => {
		const strict = await startHttp((_incoming, response) => void response.writeHead(401).end());
		places.push(strict);
		const { faults, code } = await check({
			OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${strict.url}/v1/metrics`,
			OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20wrong-token",
		});
		expect(code).toBe(1);
		expect(faults).toEqual([
			`broken collector: ${strict.url}/v1/metrics does not take metrics by http/protobuf (HTTP 401): check the credentials in OTEL_EXPORTER_OTLP_HEADERS.`,
		]);
	});

	test("read-only store", { timeout: LIMIT_MS }, async () => {
		const path = inHome("kept", "store.db");
		(await openStore({ path, note: () => {} })).close();
		chmodSync(path, 0o400);
		const { faults, code } = await check({ CLAUDE_OTEL_STORE: path }, asNobody());
		expect(code).toBe(1);
		expect(faults).toEqual([
			`broken store: ${path} cannot be used (it cannot be written), so a killed session cannot be recovered: mend it, name another file in CLAUDE_OTEL_STORE, or set it to off.`,
		]);
	});

	test("a file where the run folder should be", { timeout: LIMIT_MS }, async () => {
		const runtime = inHome("runtime");
		mkdirSync(runtime);
		writeFileSync(join(runtime, "claude-otel"), "");
		const { faults, code } = await check({ XDG_RUNTIME_DIR: runtime });
		expect(code).toBe(1);
		expect(faults).toEqual([
			expect.stringMatching(
				/^broken run-folder: .*\/claude-otel is no folder, or a link to one, so .* is used: move it away, or set XDG_RUNTIME_DIR/,
			),
		]);
	});

	test("bad pattern", { timeout: LIMIT_MS }, async () => {
		const { faults, code } = await check({ CLAUDE_OTEL_REDACT_PATTERNS: "ba(d" });
		expect(code).toBe(1);
		expect(faults).toEqual([
			expect.stringMatching(
				/^broken configuration: CLAUDE_OTEL_REDACT_PATTERNS: the pattern "ba\(d" cannot be used: .*: correct it or take it out\.$/,
			),
		]);
	});

	test("a setting that would stop every run", { timeout: LIMIT_MS }, async () => {
		const { faults, code } = await check({ CLAUDE_OTEL_LEVEL: "everything" });
		expect(code).toBe(1);
		expect(faults).toEqual([
			expect.stringMatching(
				/^broken configuration: CLAUDE_OTEL_LEVEL is "everything", but must be off, .*: correct it or unset it\.$/,
			),
			expect.stringMatching(/^warning store: Not looked at/),
			expect.stringMatching(/^warning collector: Not looked at/),
		]);
		expect(stage.receiver.requests).toEqual([]);
	});

	test.each([
		["fails", "exit 3", /^broken self-test: The self-test's session ended with exit code 3 \(.*\): update claude with/],
		[
			"does nothing",
			"exit 0",
			/^broken self-test: Of a scripted turn no hook, no line of the transcript, no request of .* arrived: update claude with/,
		],
	])("a claude that %s", { timeout: LIMIT_MS }, async (_what, end, sentence) => {
		const claude = inHome("odd-claude");
		writeFileSync(claude, `#!/bin/sh\nif [ "$1" = --version ]; then echo 9.9.9; else ${end}; fi\n`, { mode: 0o755 });
		const { faults, code } = await check({ CLAUDE_BIN: claude });
		expect(code).toBe(1);
		expect(faults).toEqual([expect.stringMatching(sentence)]);
	});

	test("no place for a temporary home", { timeout: LIMIT_MS }, async () => {
		const { faults, code } = await check({ TMPDIR: inHome("nowhere") });
		expect(code).toBe(1);
		expect(faults).toEqual([
			`broken self-test: No temporary home could be made in ${inHome("nowhere")} (ENOENT): set TMPDIR to a folder that can be written.`,
		]);
	});

	test("old Node", async () => {
		const old = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } })';
		const args = ["--import", asModule(old), CLAUDE_OTEL, "check"];
		const { stdout, stderr, code } = await run(stage.home, process.execPath, args);
		expect({ stdout, code }).toEqual({ stdout: "", code: 2 });
		expect(stderr).toMatch(/^claude-otel needs Node 22\.15 or newer, and this is 20\.20\.2: install a newer one .*\n$/);
	});

	test("a proxy that swallows loopback", { timeout: LIMIT_MS }, async () => {
		const proxy = await unusedAddress();
		const around = await check({ HTTP_PROXY: proxy });
		expect(around.code).toBe(0);
		expect(around.faults).toEqual([
			expect.stringMatching(
				/^warning hooks: HTTP_PROXY would send http hooks to the proxy, .*: add 127\.0\.0\.1 to NO_PROXY/,
			),
		]);
		const into = await check({ HTTP_PROXY: proxy, CLAUDE_OTEL_HOOK_TRANSPORT: "http" });
		expect(into.code).toBe(1);
		expect(into.faults).toEqual([
			expect.stringMatching(
				/^broken hooks: HTTP_PROXY sends http hooks to the proxy, .*: add 127\.0\.0\.1 to NO_PROXY, or leave/,
			),
		]);
	});
});

/** Root may write whatever is read-only: then the check is run by one who may not. */
function asNobody(): string[] {
	if (process.getuid?.() !== 0) return [];
	const nobody = 65_534;
	const all = readdirSync(stage.home.home, { recursive: true, encoding: "utf8" }).map((name) => inHome(name));
	for (const path of [stage.home.home, ...all]) chownSync(path, nobody, nobody);
	return ["--import", asModule(`process.setgroups([]); process.setgid(${nobody}); process.setuid(${nobody})`)];
}

function asModule(code: string): string {
	return `data:text/javascript,${encodeURIComponent(code)}`;
}
