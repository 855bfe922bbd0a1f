// `claude-otel demo` with the real Claude Code: what a new user sees, compared with what the script says.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ansis } from "ansis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { demo } from "../../src/cli/commands/demo.ts";
import { loadConfig } from "../../src/config.ts";
import { showMetrics } from "../../src/demo/metric-view.ts";
import { readExport } from "../../src/demo/read-export.ts";
import { showTrace } from "../../src/demo/trace-view.ts";
import { CLAUDE, CLAUDE_OTEL, type ClaudeHome, makeClaudeHome } from "../support/claude-home.ts";
import { runClaudeOtel, until } from "../support/run.ts";
import { openTerminal } from "../support/terminal.ts";
import { fakeProcess } from "./fake-process.ts";

/** The demo makes a home of its own; this one is the user's, which it must not touch. */
let user: ClaudeHome;
let temp: string;

beforeEach(() => {
	user = makeClaudeHome("http://127.0.0.1:9");
	temp = join(user.home, "t");
	mkdirSync(temp);
});
afterEach(() => user.remove());

const env = () => ({ TMPDIR: temp, ANTHROPIC_API_KEY: "", CLAUDE_CONFIG_DIR: user.config });

/** Ten times what the demo may take. */
const LIMIT_MS = 150_000;

const TREE = `claude.session
└─ invoke_agent claude-code
   ├─ chat claude-opus-5-5 tool_use
   ├─ execute_tool Read *.*
   ├─ execute_tool Read *.*
   ├─ execute_tool Read *.*
   ├─ chat claude-opus-5-5 tool_use
   ├─ execute_tool Bash [error] sh test.sh: Exit code 1
   ├─ chat claude-opus-5-5 tool_use
   ├─ execute_tool Edit total.js
   ├─ chat claude-opus-5-5 tool_use
   ├─ execute_tool Bash sh test.sh
   ├─ chat claude-opus-5-5 tool_use
   ├─ execute_tool Agent general-purpose: Review the change
   │  └─ invoke_agent general-purpose
   │     ├─ chat claude-opus-5-5 tool_use
   │     ├─ execute_tool Read total.js
   │     ├─ chat claude-opus-5-5 tool_use
   │     ├─ execute_tool Agent general-purpose: Count by hand
   │     │  └─ invoke_agent general-purpose
   │     │     ├─ chat claude-haiku-5-5 tool_use
   │     │     ├─ execute_tool Bash sh test.sh
   │     │     └─ chat claude-haiku-5-5 end_turn
   │     └─ chat claude-opus-5-5 end_turn
   ├─ chat claude-opus-5-5 tool_use
   ├─ execute_tool Bash [denied] npm publish: *
   │  └─ claude.permission_wait
   └─ chat claude-opus-5-5 end_turn`;

test("the demo shows the whole session as it was scripted, and leaves nothing behind", {
	timeout: LIMIT_MS,
}, async () => {
	const run = await runClaudeOtel(user, ["demo"], { env: env(), timeoutMs: LIMIT_MS });
	expect(run).toMatchObject({ code: 0, stderr: "" });
	const lines = run.stdout.split("\n");
	const from = lines.findIndex((line) => line.startsWith("claude.session "));
	const tree = lines.slice(from, lines.indexOf("", from));
	// Texts stand two or more blanks before their figures.
	const names = tree.map((line) =>
		line
			.replace(/ {2,}[\d.]+ m?s\b.*$/, "")
			.replace(/(Read) (?:total\.js|prices\.json|test\.sh)$/, (whole, tool) =>
				line.startsWith("   ├") ? `${tool} *.*` : whole,
			)
			.replace(/(npm publish:).*/, "$1 *"),
	);
	expect(names.join("\n")).toBe(TREE);

	const rows = (name: string) => {
		const start = lines.findIndex((line) => line.startsWith(name));
		const end = lines.findIndex((line, at) => at > start && !line.startsWith("   "));
		return lines.slice(start, end).map((line) => line.trim().replace(/ {2,}/g, " → "));
	};
	expect(rows("claude.tool_calls_total")).toEqual([
		"claude.tool_calls_total → 11",
		"Agent, ok → 2",
		"Bash, denied → 1",
		"Bash, error → 1",
		"Bash, ok → 2",
		"Edit, ok → 1",
		"Read, ok → 4",
	]);
	expect(rows("claude.model_requests_total")[0]).toBe("claude.model_requests_total → 12");
	expect(run.stdout).toContain("28 spans, and log records: ");
	expect(run.stdout).toContain("The model billed 164,038 tokens, and the trace tells of exactly as many.");
	expect(run.stdout).toContain("OTEL_EXPORTER_OTLP_ENDPOINT");
	expect(run.stdout).not.toContain("\x1b");

	expect(readdirSync(temp)).toEqual([]);
	expect(user.transcripts()).toEqual([]);
});

test("on a terminal of 80 columns no line is broken, and NO_COLOR takes the colours away", {
	timeout: LIMIT_MS,
}, async () => {
	const options = { columns: 80, rows: 160, timeoutMs: LIMIT_MS };
	const [colored, plain] = await Promise.all(
		[{ ...env() }, { ...env(), NO_COLOR: "1" }].map(async (more) => {
			const terminal = await openTerminal(user, process.execPath, [CLAUDE_OTEL, "demo"], { ...options, env: more });
			expect(await terminal.exit).toMatchObject({ code: 0 });
			return terminal.raw();
		}),
	);
	expect(colored).toContain("\x1b[1mclaude.session\x1b[22m");
	expect(plain).not.toMatch(/\x1b\[\d*m/);
	expect(Math.max(...(plain ?? "").split(/\r?\n/).map((line) => [...line].length))).toBeLessThanOrEqual(80);
});

test("Ctrl-C ends the demo at once and leaves nothing behind", async () => {
	const run = await runClaudeOtel(user, ["demo"], {
		env: env(),
		onStart: async (running) => {
			await until("the session has begun", () =>
				readdirSync(temp).some((name) => name.startsWith("claude-otel-demo-")),
			);
			running.signalGroup("SIGINT");
		},
	});
	expect(run.code).toBe(130);
	expect(readdirSync(temp)).toEqual([]);
});

test("without claude one sentence says how to get it", async () => {
	const empty = mkdtempSync(join(tmpdir(), "claude-otel-empty-"));
	try {
		const { process: fake } = fakeProcess(["demo"], { PATH: empty, HOME: empty }, empty);
		const cwd = { path: empty, removed: false };
		const context = {
			process: fake,
			env: {},
			cwd,
			packageRoot: empty,
			loaded: loadConfig({ PATH: empty, HOME: empty }),
		};
		await expect(demo(context)).rejects.toMatchObject({
			exitCode: 127,
			message: expect.stringMatching(
				/^claude was not found on PATH: install it with `npm install -g .*`, or set CLAUDE_BIN/,
			),
		});
		const wrong = await runClaudeOtel(user, ["demo"], { env: { ...env(), CLAUDE_BIN: join(empty, "claude") } });
		expect(wrong).toMatchObject({ code: 127, stdout: "" });
		expect(wrong.stderr).toMatch(/^claude-otel: CLAUDE_BIN is .*, which was not found: correct it or unset it\.\n$/);
	} finally {
		rmSync(empty, { recursive: true });
	}
});

test("in a checkout without claude on PATH the demo finds the one that came with it", {
	timeout: LIMIT_MS,
}, async () => {
	const run = await runClaudeOtel(user, ["demo"], { env: { ...env(), PATH: "/usr/bin:/bin" }, timeoutMs: LIMIT_MS });
	expect(run).toMatchObject({ code: 0, stderr: "" });
	expect(CLAUDE).toContain("node_modules");
});

test("long summaries are cut to the width, and figures keep their columns", () => {
	const span = (spanId: string, parentSpanId: string, more: object) => ({
		spanId,
		parentSpanId,
		name: "execute_tool Bash",
		startTimeUnixNano: "1000000000",
		endTimeUnixNano: "2500000000",
		attributes: Object.entries(more).map(([key, stringValue]) => ({ key, value: { stringValue } })),
	});
	const spans = [span("01", "", {}), span("02", "01", { "tool.status": "error", "input.summary": "x".repeat(300) })];
	const { spans: read } = readExport(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
	const lines = showTrace(read, 80, new Ansis(0), (text) => text);
	expect(lines[2]).toMatch(/^└─ execute_tool Bash \[error\] x+… +1\.50 s$/);
	expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
	expect(new Set(lines.slice(1).map((line) => line.indexOf("1.50 s"))).size).toBe(1);
});

test("of cumulative metrics the last export counts, and the series of a counter add up", () => {
	const metric = (asInt: number) =>
		JSON.stringify({
			resourceMetrics: [
				{
					scopeMetrics: [
						{
							metrics: [
								{
									name: "calls",
									unit: "1",
									sum: {
										isMonotonic: true,
										dataPoints: ["a", "b"].map((stringValue) => ({
											asInt,
											attributes: [{ key: "k", value: { stringValue } }],
										})),
									},
								},
							],
						},
					],
				},
			],
		});
	const { points } = readExport(`${metric(1)}\n${metric(3)}\n`);
	expect(showMetrics(points, 80, new Ansis(0))).toEqual(["calls   6", "   a    3", "   b    3"]);
});
