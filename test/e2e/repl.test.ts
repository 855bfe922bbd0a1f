// The conversation on the Agent SDK, in a pseudo-terminal, as a person has it: key by key, and read from the screen.

import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Script } from "../../src/testing/scripted-model.ts";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { some } from "../support/every.ts";
import { assertTold, outline, tree } from "../support/oracle.ts";
import { until } from "../support/run.ts";
import { agent, bash, nextUsage, step, text, tool } from "../support/scripting.ts";
import { FREE_HAND, openStage, type Stage } from "../support/stage.ts";
import { claudeOtelInTerminal, openTerminal, type Terminal, type TerminalOptions } from "../support/terminal.ts";
import { buildTree, printTree } from "../support/tree.ts";

const stages: Stage[] = [];
const terminals: Terminal[] = [];
afterEach(async () => {
	for (const terminal of terminals) terminal.signal("SIGKILL");
	await Promise.all(terminals.splice(0).map((terminal) => terminal.exit));
	for (const stage of stages.splice(0)) await stage.close();
});

async function stageFor(script: Script): Promise<Stage> {
	const stage = await openStage(script);
	stages.push(stage);
	return stage;
}

/** A conversation at its first prompt. */
async function converse(stage: Stage, args: string[] = [], options: TerminalOptions = {}): Promise<Terminal> {
	const terminal = await claudeOtelInTerminal(stage.home, ["--use-sdk", ...args], {
		columns: 100,
		rows: 60,
		...options,
		env: { ...stage.env, ...options.env },
	});
	terminals.push(terminal);
	await terminal.waitForText(PROMPT);
	return terminal;
}

const PROMPT = /^>$/m;

/** Sends a prompt and waits for the end of its turn, the n-th. */
async function ask(terminal: Terminal, prompt: string, turns: number): Promise<void> {
	await terminal.submit(prompt);
	await ended(terminal, turns);
}

async function ended(terminal: Terminal, turns: number): Promise<void> {
	await terminal.waitForText(`${turns} turn${turns === 1 ? "" : "s"} ·`);
	await terminal.waitForText(PROMPT);
}

async function leave(terminal: Terminal, word = "exit"): Promise<void> {
	await terminal.submit(word);
	expect(await terminal.exit).toEqual({ code: 0, signal: 0 });
}

/** The screen, without what differs from run to run. */
function shown(terminal: Terminal, { home }: Stage): string {
	const screen = terminal
		.screen()
		.replaceAll(home.work, "/WORK")
		.replaceAll(/\b\d+\.\d s\b/g, "N s")
		.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "http://RECEIVER")
		.replaceAll(/[─ ]+(?=[┐┘│]$)/gm, "")
		.replaceAll(/\d[\d,]* in, \d[\d,]* out/g, "N in, N out")
		.replaceAll(/\d[\d,]* read, \d[\d,]* written · \$[\d.]+/g, "N read, N written · $N");
	return `\n${screen.trimEnd()}\n`;
}

test("two turns share what was said, each in a trace of its own, and the screen tells both", async () => {
	const stage = await stageFor({
		main: [
			step(text("Let me **look**:\n\n- here\n- there"), bash("echo one; echo two")),
			step(text("It is `one`.")),
			step(bash("echo three >&2; exit 3")),
			step(text("It failed.")),
		],
	});
	const terminal = await converse(stage, [FREE_HAND, "--model", "opus"]);
	await ask(terminal, "first", 1);
	await ask(terminal, "second", 2);
	expect(shown(terminal, stage)).toBe(`
┌┐
│ 🤖 claude-otel 0.1.0│
│ service    claude-otel│
│ endpoint   http://RECEIVER│
│ model      opus│
│ telemetry  on, level standard│
└┘
/help tells the keys.
> first
🤖 Let me look:

   • here
   • there
🔧 Bash echo one; echo two
✅ Bash N s one (+1 line)
🤖 It is one.
🎉 1 turn · N in, N out · cache N read, N written · $N · context 0% · 1 tool call
> second
🔧 Bash echo three >&2; exit 3
❌ Bash N s Exit code 3: three
🤖 It failed.
🎉 2 turns · N in, N out · cache N read, N written · $N · context 0% · 2 tool calls
>
`);
	await leave(terminal);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=ok
				chat claude-opus-5-5 query_source=main
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
				execute_tool Bash [ERROR command_failed] tool.status=error error.type=command_failed
				chat claude-opus-5-5 query_source=main
		`),
	);
	expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(3);
	// The second request holds the first turn.
	const last = JSON.stringify(stage.model.requests.at(-1));
	expect(last).toContain("first");
	expect(last).toContain("It is");
});

test("a permission is asked for; yes lets the tool run, no does not, always asks no more", async () => {
	const stage = await stageFor({
		main: [
			step(bash("touch yes.txt")),
			step(text("ONE")),
			step(bash("touch no.txt")),
			step(text("TWO")),
			step(bash("touch always.txt")),
			step(bash("touch always.txt")),
			step(text("THREE")),
		],
	});
	const terminal = await converse(stage);
	const question = () => terminal.waitForText(/\[a\]lways$/m);
	await terminal.submit("first");
	await question();
	await terminal.submit("y");
	await ended(terminal, 1);
	await terminal.submit("second");
	await question();
	await terminal.submit("what?");
	await question();
	await terminal.submit("n");
	await ended(terminal, 2);
	await terminal.submit("third");
	await question();
	await terminal.submit("a");
	await ended(terminal, 3);
	const inWork = (name: string) => existsSync(join(stage.home.work, name));
	expect(["yes.txt", "no.txt", "always.txt"].map(inWork)).toEqual([true, false, true]);
	expect(shown(terminal, stage)).toContain(`
🔧 Bash touch no.txt
┌┐
│ ❓ May claude use Bash?│
│ command: touch no.txt│
│ description: a command│
`);
	expect(shown(terminal, stage)).toContain(`
[y]es, [n]o, [a]lways what?
[y]es, [n]o, [a]lways n
❌ Bash denied
🤖 TWO
`);
	expect(terminal.screen().match(/May claude use/g)).toHaveLength(3);
	await leave(terminal, "bye");
	expect(outline(stage.receiver.spans)).toBe(
		tree(`
			claude.session
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=ok
					claude.permission_wait
				chat claude-opus-5-5 query_source=main
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=denied
					claude.permission_wait
				chat claude-opus-5-5 query_source=main
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=ok
					claude.permission_wait
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=ok
				chat claude-opus-5-5 query_source=main
		`),
	);
});

test("a question of claude's is answered at the prompt, and claude reads the answer", async () => {
	const options = [
		{ label: "Red", description: "as a rose" },
		{ label: "Blue", description: "as the sea" },
	];
	const questions = [{ question: "Which colour?", header: "Colour", options, multiSelect: false }];
	const stage = await stageFor({ main: [step(tool("AskUserQuestion", { questions }))], whenDone: step(text("Good.")) });
	const terminal = await converse(stage);
	await terminal.submit("paint");
	await terminal.waitForText("words of your own:");
	await terminal.submit("2");
	await ended(terminal, 1);
	expect(JSON.stringify(stage.model.requests.at(-1)?.body)).toMatch(/Which colour\?[^}]*Blue/);
	await leave(terminal);
});

test("Ctrl-C ends the turn and not the session; twice at the prompt it leaves", async () => {
	const stage = await stageFor({ main: [step(bash("touch asleep; sleep 30; true"))], whenDone: step(text("awake")) });
	const terminal = await converse(stage, [FREE_HAND]);
	await terminal.submit("sleep");
	await until("the command is at work", () => existsSync(join(stage.home.work, "asleep")));
	await terminal.waitForText(/Bash 1 s touch asleep/);
	terminal.press("ctrl-c");
	await ended(terminal, 1);
	await ask(terminal, "wake up", 2);
	expect(shown(terminal, stage)).toContain(`
> sleep
🔧 Bash touch asleep; sleep 30; true
❌ Bash cancelled
The turn was cancelled.
❌ 1 turn · N in, N out · cache N read, N written · $N · context 0% · 1 tool call
> wake up
🤖 awake
🎉 2 turns · N in, N out · cache N read, N written · $N · context 0% · 1 tool call
>
`);
	await terminal.type("half a prompt");
	terminal.press("ctrl-c");
	await terminal.waitForText("Ctrl-C again leaves.\n>");
	expect(terminal.screen()).not.toContain("half a prompt");
	terminal.press("ctrl-c");
	expect(await terminal.exit).toEqual({ code: 0, signal: 0 });
	expect(outline(stage.receiver.spans)).toBe(
		tree(`
			claude.session
			invoke_agent claude-code turn.status=interrupted
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=interrupted
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
		`),
	);
});

test("Ctrl-C at a question for permission ends the turn", async () => {
	const stage = await stageFor({ main: [step(bash("touch never.txt"))], whenDone: step(text("awake")) });
	const terminal = await converse(stage);
	await terminal.submit("go");
	await terminal.waitForText(/\[a\]lways$/m);
	terminal.press("ctrl-c");
	await ended(terminal, 1);
	await ask(terminal, "and now?", 2);
	expect(terminal.screen()).toContain("awake");
	expect(existsSync(join(stage.home.work, "never.txt"))).toBe(false);
	terminal.press("ctrl-d");
	expect(await terminal.exit).toEqual({ code: 0, signal: 0 });
});

test("lines that go on, 200 pasted ones and what was sent before come as one prompt, whole", async () => {
	const stage = await stageFor({ main: [], whenDone: step(text("read")) });
	const terminal = await converse(stage);
	await terminal.type("one \\");
	terminal.press("enter");
	await terminal.waitForText("\n…");
	await ask(terminal, "two", 1);
	const pasted = Array.from({ length: 200 }, (_, at) => `pasted line ${at} \\`).join("\n");
	await terminal.type("look: ");
	terminal.paste(pasted);
	await terminal.waitForText("look: [text 2: 200 lines]");
	await ask(terminal, " there", 2);
	terminal.press("up");
	await terminal.waitForText("> [text 3: 200 lines]");
	terminal.press("enter");
	await ended(terminal, 3);
	await leave(terminal, "quit");
	const prompts = stage.model.requests.map(({ body }) => lastPrompt(body));
	const whole = `look: ${pasted} there`;
	expect(prompts).toEqual(["one \ntwo", whole, whole]);
	const kept = join(stage.home.home, ".local/share/claude-otel/prompt-history");
	expect(readFileSync(kept, "utf8")).toBe(`${JSON.stringify("one \ntwo")}\n${JSON.stringify(whole)}\n`);
	expect(statSync(kept).mode & 0o777).toBe(0o600);
	// The next conversation remembers.
	const next = await converse(stage);
	next.press("up");
	await next.waitForText("> [text 1: 200 lines]");
	next.press("up");
	await next.waitForText("> [text 2: 2 lines]");
	next.press("ctrl-c");
	await next.waitForText("again leaves");
	next.press("ctrl-c");
	await next.exit;
});

test("what was pasted at a question is no answer to it, and what was typed ahead waits for the prompt", async () => {
	const stage = await stageFor({ main: [step(bash("touch no.txt"))], whenDone: step(text("on")) });
	const terminal = await converse(stage);
	await terminal.submit("go");
	await terminal.waitForText(/\[a\]lways$/m);
	terminal.paste("y\ny\n");
	await terminal.pressWhenCalm("enter");
	await terminal.waitForText(/\[a\]lways$/m);
	await terminal.submit("no");
	await ended(terminal, 1);
	expect(existsSync(join(stage.home.work, "no.txt"))).toBe(false);
	await leave(terminal);
});

test("a narrower and a wider terminal show what comes then in their own width", async () => {
	const words = "many words that do not fit into a narrow terminal and are wrapped there";
	const stage = await stageFor({ main: [], whenDone: step(text(words)) });
	const terminal = await converse(stage);
	await ask(terminal, "wide", 1);
	expect(terminal.screen()).toContain(`🤖 ${words}`);
	terminal.resize(40, 60);
	await ask(terminal, "narrow", 2);
	expect(shown(terminal, stage)).toContain(`
🤖 many words that do not fit into a
   narrow terminal and are wrapped there
`);
	terminal.resize(100, 60);
	await terminal.type("a prompt that is longer than the narrow terminal was wide");
	terminal.resize(50, 60);
	await terminal.pressWhenCalm("enter");
	await ended(terminal, 3);
	await leave(terminal);
});

test("/help, /tools and Tab tell what there is, and without colours and emoji all is plain", async () => {
	const stage = await stageFor({ main: [step(bash("echo 1"))], whenDone: step(text("# done")) });
	const terminal = await claudeOtelInTerminal(stage.home, ["--no-emoji", "--use-sdk", FREE_HAND], {
		columns: 100,
		rows: 60,
		env: { ...stage.env, NO_COLOR: "1" },
	});
	terminals.push(terminal);
	await terminal.waitForText(PROMPT);
	await terminal.type("/he\t");
	await terminal.waitForText("> /help");
	terminal.press("enter");
	await terminal.waitForText("Ctrl-C cancels the turn");
	await ask(terminal, "go", 1);
	await terminal.submit("/tools");
	await terminal.waitForText("Bash 1,");
	await terminal.submit("/cost");
	await terminal.waitForText(/Estimated cost[^>]*\n>$/);
	await terminal.submit("/clear");
	await terminal.waitForText(/Another session begins.*\n>$/);
	await terminal.submit("again");
	await terminal.waitForText("0 tool calls");
	await leave(terminal);
	expect(shown(terminal, stage)).toContain(`
> go
> Bash echo 1
+ Bash N s 1
* done
= 1 turn · N in, N out · cache N read, N written · $N · context 0% · 1 tool call
`);
	expect(shown(terminal, stage)).toContain(`
> /clear
Another session begins, which knows nothing of what was said.
> again
* done
= 1 turn · N in, N out · cache N read, N written · $N · context 0% · 0 tool calls
`);
	expect(terminal.screen().match(/^= /gm)).toHaveLength(2);
	expect(terminal.raw()).not.toMatch(/\u001b\[[\d;]*m/);
	expect(terminal.raw()).not.toMatch(/\p{Emoji_Presentation}/u);
});

test("a request that fails is a panel, and the conversation goes on", async () => {
	const fault = { status: 400, message: "no \u001b[31msuch key" };
	const stage = await stageFor({ main: [], whenDone: { fault } });
	const terminal = await converse(stage);
	await ask(terminal, "break", 1);
	expect(shown(terminal, stage)).toMatch(/\n│ ❌ the turn failed│\n│ .*400.*such key/);
	stage.model.setScript({ main: [], whenDone: step(text("fine")) });
	await ask(terminal, "again", 2);
	expect(terminal.screen()).toContain("🤖 fine");
	await leave(terminal);
});

test("a claude that dies ends the conversation, and the terminal is as it was", async () => {
	const stage = await stageFor({ main: [], whenDone: step(bash("kill -9 $PPID")) });
	const terminal = await converse(stage, [FREE_HAND]);
	await terminal.submit("die");
	const { code, signal } = await terminal.exit;
	expect(code !== 0 || signal !== 0).toBe(true);
	expect(terminal.raw()).toContain("\u001b[?2004l");
	expect(terminal.screen()).toContain("claude has ended by itself.");
});

test("with telemetry off, in a terminal that can only write on, it is the same conversation, and plain", async () => {
	const stage = await stageFor({ main: [], whenDone: step(text("fine")) });
	const terminal = await converse(stage, [], { env: { CLAUDE_OTEL_LEVEL: "off", TERM: "dumb" } });
	expect(terminal.screen()).toContain("telemetry  off (CLAUDE_OTEL_LEVEL=off)");
	await terminal.type("dropped");
	terminal.press("ctrl-c");
	await terminal.waitForText(/^>$/m);
	await ask(terminal, "go", 1);
	await leave(terminal);
	expect(stage.receiver.spans).toEqual([]);
	expect(lastPrompt(stage.model.requests[0]?.body)).toBe("go");
	expect(terminal.raw()).not.toContain("\u001b");
});

test("a turn that nobody typed shows and asks above a prompt that is half typed", async () => {
	const stage = await stageFor({
		main: [
			step(bash("touch begun; until test -e go; do sleep 0.1; done", { run_in_background: true })),
			step(text("It runs.")),
			step(bash("touch asked.txt")),
		],
		whenDone: step(text("It has ended.")),
	});
	const terminal = await converse(stage);
	await terminal.submit("start it");
	await terminal.waitForText(/\[a\]lways$/m);
	await terminal.submit("y");
	await ended(terminal, 1);
	await terminal.type("half a ");
	writeFileSync(join(stage.home.work, "go"), "");
	await terminal.waitForText(/\[a\]lways$/m);
	await terminal.submit("y");
	await terminal.waitForText(/It has ended\.\n🎉 2 turns · .*\n> half a$/);
	expect(existsSync(join(stage.home.work, "asked.txt"))).toBe(true);
	expect(terminal.screen().match(/> half a/g)).toHaveLength(1);
	await terminal.type("prompt");
	await terminal.pressWhenCalm("enter");
	await ended(terminal, 3);
	expect(lastPrompt(stage.model.requests.at(-1)?.body)).toBe("half a prompt");
	await leave(terminal);
});

test("what `claude -p` would take from standard input is asked for in claude's own words", async () => {
	const stage = await stageFor({ main: [] });
	const terminal = await claudeOtelInTerminal(stage.home, ["--use-sdk", "-p"], { env: stage.env });
	terminals.push(terminal);
	expect(await terminal.exit).toEqual({ code: 1, signal: 0 });
	expect(terminal.screen()).toMatch(/^Error: Input must be provided/);
});

test.each(
	some([
		[["--frobnicate"], "error: unknown option '--frobnicate'"],
		[["--mcp-config", "/nope.json"], "/nope.json"],
		[["--agent", "nope"], "--agent 'nope' not found. Available agents: claude,"],
	] as const),
)("%j ends the conversation as it ends claude, with the words that say why", async (args, words) => {
	const stage = await stageFor({ main: [] });
	const terminal = await claudeOtelInTerminal(stage.home, ["--use-sdk", ...args], { env: stage.env });
	terminals.push(terminal);
	expect(await terminal.exit).toEqual({ code: 1, signal: 0 });
	expect(terminal.screen()).toContain(words);
	expect(terminal.screen()).not.toMatch(/ended by itself|\n {4}at /);
});

test("a claude that does not hear Ctrl-C is ended by the next one, and the trace is delivered", async () => {
	const stage = await stageFor({ main: [step(bash("touch asleep; kill -STOP $PPID; sleep 30; true"))] });
	const terminal = await converse(stage, [FREE_HAND]);
	await terminal.submit("stop yourself");
	await until("the command is at work", () => existsSync(join(stage.home.work, "asleep")));
	terminal.press("ctrl-c");
	await terminal.waitForText("cancelling");
	await new Promise((resolve) => setTimeout(resolve, 2_500));
	terminal.press("ctrl-c");
	expect(await terminal.exit).toEqual({ code: 130, signal: 0 });
	expect(terminal.screen()).not.toContain("by itself");
	expect(stage.receiver.spans.map(({ name }) => name)).toContain("claude.session");
});

test.skipIf(process.platform === "win32")(
	"Ctrl-Z hands the terminal to the shell, and fg brings the prompt back",
	async () => {
		const stage = await stageFor({ main: [], whenDone: step(text("back")) });
		const terminal = await openTerminal(stage.home, "bash", ["--norc", "-i"], {
			env: { ...stage.env, PS1: "SHELL: ", NODE: process.execPath, PROGRAM: CLAUDE_OTEL },
		});
		terminals.push(terminal);
		await terminal.waitForText("SHELL:");
		await terminal.submit('"$NODE" "$PROGRAM" --use-sdk');
		await terminal.waitForText(PROMPT);
		await terminal.type("half a ");
		await terminal.waitForText("> half a");
		terminal.press("ctrl-z");
		await terminal.waitForText("Stopped");
		await terminal.submit("echo $((40 + 2))");
		await terminal.waitForText(/^42$/m);
		await terminal.submit("fg");
		await terminal.waitForText(/^> half a$/m);
		await ask(terminal, "prompt", 1);
		await terminal.submit("exit");
		await terminal.waitForText(/SHELL:$/);
		expect(JSON.stringify(stage.model.requests.at(-1)?.body)).toContain("half a prompt");
		await terminal.submit("exit");
		await terminal.exit;
	},
);

test("a window that is closed ends claude, and the trace is delivered", async () => {
	const stage = await stageFor({ main: [step(bash("touch asleep; sleep 30; true"))] });
	const terminal = await converse(stage, [FREE_HAND]);
	await terminal.submit("sleep");
	await until("the command is at work", () => existsSync(join(stage.home.work, "asleep")));
	terminal.hangUp();
	await until("the session is told", () => stage.receiver.spans.some(({ name }) => name === "claude.session"));
	expect(stage.receiver.spans.map(({ name }) => name)).toContain("execute_tool Bash");
});

/** What differs from run to run, or with the way that claude is run. */
const MOMENTARY =
	/(?:_ms|\.id|_id|time_to_first_chunk)$|^(?:claude\.args_|response_bytes$|process\.working_directory$)/;

test("one script is the same tree with the same tokens and cost by the wrapper, by the SDK, and in conversation", async () => {
	const usage = [nextUsage(), nextUsage(), nextUsage(), nextUsage()];
	const script = (): Script => ({
		main: [
			{ blocks: [bash("echo 1")], usage: usage[0] },
			{ blocks: [agent("the errand")], usage: usage[1] },
			{ blocks: [text("done")], usage: usage[2] },
		],
		agents: { "the errand": [{ blocks: [text("ran it")], usage: usage[3] }] },
	});
	const told = ({ receiver }: Stage) => {
		const names = [...new Set(receiver.spans.flatMap((span) => Object.keys(span.attributes)))].toSorted();
		const attributes = names.filter((name) => !MOMENTARY.test(name));
		return printTree(buildTree(receiver.spans), { sorted: true, attributes });
	};
	const wrapper = await stageFor(script());
	await wrapper.run(["-p", "go", FREE_HAND]);
	const sdk = await stageFor(script());
	await sdk.run(["--use-sdk", "go", FREE_HAND]);
	const repl = await stageFor(script());
	const terminal = await converse(repl, [FREE_HAND], { env: { CLAUDE_OTEL_TRACE_SHAPE: "session" } });
	await ask(terminal, "go", 1);
	const line = /([\d,]+) in, ([\d,]+) out · cache ([\d,]+) read, ([\d,]+) written · \$([\d.]+)/.exec(terminal.screen());
	await leave(terminal);
	expect(told(sdk)).toBe(told(wrapper));
	expect(told(repl)).toBe(told(wrapper));
	// And the session line says what the session span says.
	const session = repl.receiver.spans.find(({ name }) => name === "claude.session");
	const [input, output, cacheRead, written, usd] = (line ?? [])
		.slice(1)
		.map((figure) => Number(figure.replaceAll(",", "")));
	const of = (name: string) => session?.attributes[name];
	expect([input, output, cacheRead, written]).toEqual(
		["input", "output", "cache_read", "cache_creation"].map((name) => of(`tokens.${name}`)),
	);
	expect(usd).toBe(Number(Number(of("claude.cost_usd")).toFixed(4)));
});

function lastPrompt(body: unknown): string {
	const { messages } = body as { messages: { role: string; content: string | { type: string; text?: string }[] }[] };
	const content = messages.findLast(({ role }) => role === "user")?.content ?? "";
	return typeof content === "string" ? content : (content.findLast(({ type }) => type === "text")?.text ?? "");
}
