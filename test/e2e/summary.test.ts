// `--summary` with the real claude: on stderr, when claude has left the terminal, and nowhere else.

import { afterEach, beforeEach, expect, test } from "vitest";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { bash, step, text } from "../support/scripting.ts";
import { FREE_HAND, openStage, type Stage } from "../support/stage.ts";
import { openTerminal } from "../support/terminal.ts";

let stage: Stage;
beforeEach(async () => {
	stage = await openStage({ main: [step(bash("echo one"), bash("exit 3")), step(text("All done."))] });
});
afterEach(() => stage.close());

const TITLE = "claude-otel: this session";
const LINK = { CLAUDE_OTEL_TRACE_URL: "https://traces.example/{trace_id}" };

/** What the model billed, as the panel writes it. */
function billed(): string {
	const usages = stage.model.requests.map(({ usage }) => usage);
	const sum = (of: (usage: NonNullable<(typeof usages)[number]>) => number) =>
		usages.reduce((total, usage) => total + (usage === undefined ? 0 : of(usage)), 0).toLocaleString("en-US");
	return `${sum((it) => it.input)} in, ${sum((it) => it.output)} out, cache ${sum((it) => it.cacheRead)} read and ${sum((it) => it.cacheWrite5m + it.cacheWrite1h)} written`;
}

test("with -p stdout is as it was, and stderr holds the panel: what the model billed, and the trace that was exported", async () => {
	const run = await stage.run(["--summary", "-p", "go", FREE_HAND], { env: LINK });
	expect(run).toMatchObject({ code: 0, stdout: "All done.\n" });
	const trace = stage.receiver.spans.find(({ name }) => name === "claude.session")?.traceId;
	const cost = Number(
		stage.receiver.spans.find(({ name }) => name === "claude.session")?.attributes["claude.cost_usd"],
	);
	expect(run.stderr.replace(/^( {2}time {4})[\d.]+ s$/m, "$1T")).toBe(
		`${TITLE}
  time    T
  turns   1
  tools   2 calls, 1 failed
          Bash 2
  tokens  ${billed()}
  cost    $${cost.toFixed(4)}
  errors  1 tool call
  trace   ${trace}
          https://traces.example/${trace}
`,
	);
});

test("it is off by default, CLAUDE_OTEL_SUMMARY=1 asks for it, and behind claude's arguments the word is claude's", async () => {
	const off = await stage.run(["-p", "go", FREE_HAND]);
	expect(off).toMatchObject({ code: 0, stdout: "All done.\n", stderr: "" });
	stage.model.setScript({ main: [step(text("All done."))] });
	const on = await stage.run(["-p", "go"], { env: { CLAUDE_OTEL_SUMMARY: "1" } });
	expect(on.stdout).toBe("All done.\n");
	expect(on.stderr).toContain(TITLE);
	const config = await stage.run(["--summary", "--config"]);
	expect(config.stdout).toMatch(/^CLAUDE_OTEL_SUMMARY +true +--summary$/m);
	const behind = await stage.run(["-p", "go", "--summary"]);
	expect(behind.stderr).not.toContain(TITLE);
	expect(behind.code).not.toBe(0);
});

test("where nothing is exported it says so, and runs that are not traced have none", async () => {
	const none = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
	const silent = await stage.run(["--summary", "-p", "go", FREE_HAND], { env: { ...none, ...LINK } });
	expect(silent.stderr).toMatch(/^ {2}trace {3}[0-9a-f]{32} \(not exported\)\n$/m);
	expect(silent.stderr).not.toContain("https://");
	const bare = await stage.run(["--summary", "mcp", "list"]);
	expect(bare.stderr).not.toContain(TITLE);
	stage.model.setScript({ main: [step(text("All done."))] });
	const off = await stage.run(["--summary", "-p", "go"], { env: { CLAUDE_OTEL_LEVEL: "off" } });
	expect(off).toMatchObject({ stdout: "All done.\n", stderr: "" });
});

test("a link that has no place for the id is one sentence, and exit code 2", async () => {
	const run = await stage.run(["-p", "go"], { env: { CLAUDE_OTEL_TRACE_URL: "https://traces.example/" } });
	expect(run).toMatchObject({ code: 2, stdout: "" });
	expect(run.stderr).toBe(
		'claude-otel: CLAUDE_OTEL_TRACE_URL is "https://traces.example/", but must be a URL with {trace_id} in it: correct it or unset it.\n',
	);
});

test("in a terminal the panel waits until claude has left it, and then stands below claude's last word", async () => {
	stage.model.setScript({ main: [], whenDone: step(text("An answer.")) });
	const terminal = await stage.terminal([], { env: { CLAUDE_OTEL_SUMMARY: "1" } });
	await terminal.submit("say something");
	await terminal.waitForText("An answer.");
	await terminal.submit("say more");
	await terminal.waitForText(/An answer\.[\s\S]*An answer\./);
	expect(terminal.raw()).not.toContain(TITLE);
	await terminal.submit("/exit");
	expect(await terminal.exit).toMatchObject({ code: 0 });
	const raw = terminal.raw();
	expect(raw.indexOf(TITLE)).toBeGreaterThan(raw.indexOf("claude --resume"));
	expect(raw).toContain(`\x1b[1m${TITLE}\x1b[22m`);
	const screen = terminal.screen();
	expect(screen).toMatch(/^ {2}turns {3}2$/m);
	expect(screen).toContain("each turn is a trace of its own, linked to it");
});

test("with NO_COLOR it is plain, and on a terminal -p keeps its answer apart from it", async () => {
	const terminal = await openTerminal(stage.home, process.execPath, [CLAUDE_OTEL, "--summary", "-p", "go", FREE_HAND], {
		env: { ...stage.env, NO_COLOR: "1" },
	});
	await terminal.exit;
	const raw = terminal.raw();
	expect(raw).toMatch(new RegExp(`All done\\.[\\s\\S]*${TITLE}\\r\\n {2}time `));
	expect(raw.slice(raw.indexOf(TITLE))).not.toContain("\x1b");
});
