// Messages as the Agent SDK hands them on → the lines of the conversation, without a terminal.
import { expect, test } from "vitest";
import type { SDKMessage } from "../../src/launch/agent-runner.ts";
import { showBanner } from "../../src/views/repl/banner.ts";
import { createConversationView } from "../../src/views/repl/conversation-view.ts";
import { askPermission } from "../../src/views/repl/permission.ts";
import { collectSessionFigures, showSessionLine } from "../../src/views/repl/session-figures.ts";
import { createTheme } from "../../src/views/repl/theme.ts";
import { inputWords, resultWords, toolName } from "../../src/views/repl/tool-words.ts";
import { showTools } from "../../src/views/repl/tools-panel.ts";
import { readUserQuestions } from "../../src/views/repl/user-question.ts";

const CWD = "/home/me/project";
const message = (it: object) => it as unknown as SDKMessage;
const event = (it: object, parent: string | null = null) =>
	message({ type: "stream_event", parent_tool_use_id: parent, event: it });
const call = (id: string, name: string, input: object, parent: string | null = null) =>
	message({
		type: "assistant",
		parent_tool_use_id: parent,
		message: { id: `msg_${id}`, content: [{ type: "tool_use", id, name, input }] },
	});
const result = (id: string, content: unknown, isError = false) =>
	message({
		type: "user",
		parent_tool_use_id: null,
		message: { role: "user", content: [{ type: "tool_result", tool_use_id: id, content, is_error: isError }] },
	});
const said = (text: string, id = "msg_1") => [
	event({ type: "message_start", message: { id } }),
	event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
	...[...text].map((piece) =>
		event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: piece } }),
	),
	event({ type: "content_block_stop", index: 0 }),
	message({ type: "assistant", parent_tool_use_id: null, message: { id, content: [{ type: "text", text }] } }),
	event({ type: "message_delta", delta: { stop_reason: "end_turn" } }),
	event({ type: "message_stop" }),
];
const usage = (tokens: number) => ({
	inputTokens: tokens,
	outputTokens: 2 * tokens,
	cacheReadInputTokens: 1000 * tokens,
	cacheCreationInputTokens: 3 * tokens,
	contextWindow: 200_000,
});
const ended = (more: object = {}) =>
	message({
		type: "result",
		num_turns: 1,
		subtype: "success",
		is_error: false,
		result: "",
		modelUsage: { "claude-opus-5-5": usage(1_000), "claude-haiku-5-5": usage(1) },
		total_cost_usd: 0.12345,
		...more,
	});

function open({ emoji = true, columns = 60 } = {}) {
	const lines: string[] = [];
	let at = 0;
	const view = createConversationView({
		theme: createTheme(0, emoji),
		cwd: CWD,
		columns: () => columns,
		now: () => at,
		show: (more) => void lines.push(...more),
	});
	const hear = (...messages: SDKMessage[]) => messages.forEach(view.message);
	const wait = (milliseconds: number) => void (at += milliseconds);
	return { lines, view, hear, wait };
}

test("an answer stands beside its sign, once, as its pieces settle", () => {
	const { lines, hear } = open();
	hear(...said("Two **things**:\n\n- one\n- two\n\nThat is all."));
	expect(lines).toEqual(["🤖 Two things:", "", "   • one", "   • two", "", "   That is all."]);
});

test("what is being written shows its end until its block is whole", () => {
	const { lines, view, hear } = open({ columns: 30 });
	const [start, block, ...pieces] = said("A paragraph that is still being written.\n\nAnother");
	hear(start as SDKMessage, block as SDKMessage, ...pieces.slice(0, 40));
	expect([lines, view.status()]).toEqual([[], "…t is still being written."]);
	hear(...pieces.slice(40, 45));
	expect([lines, view.status()]).toEqual([["🤖 A paragraph that is still", "   being written."], "Ano"]);
});

test("an answer that came without pieces is shown, too", () => {
	const { lines, hear } = open({ emoji: false });
	const content = [{ type: "text", text: "whole\n\nand more" }];
	hear(message({ type: "assistant", parent_tool_use_id: null, message: { id: "msg_9", content } }));
	expect(lines).toEqual(["* whole", "", "  and more"]);
});

test("a call has a line when it begins and one when it ends, with its time, and calls at once are told apart", () => {
	const { lines, view, hear, wait } = open();
	hear(call("a", "Bash", { command: "make\nall" }), call("b", "Read", { file_path: `${CWD}/src/main.ts` }));
	wait(1_500);
	expect(view.status()).toBe("Read and 1 more 1 s src/main.ts");
	hear(result("a", "built\n\nin no time\nat all"));
	wait(70_000);
	hear(result("b", [{ type: "text", text: "<tool_use_error>no such file</tool_use_error>" }], true));
	expect(view.status()).toBeUndefined();
	expect(lines).toEqual([
		"🔧 Bash make all",
		"🔧 Read src/main.ts",
		"✅ Bash make all 1.5 s built (+2 lines)",
		"❌ Read src/main.ts 1 min 12 s no such file",
	]);
});

test("calls of a subagent stand to the right of it, and its own words are not shown", () => {
	const { lines, hear, wait } = open();
	hear(call("a", "Agent", { description: "look around", prompt: "p", subagent_type: "general-purpose" }));
	hear(call("b", "mcp__files__list", {}, "a"), event({ type: "message_start", message: { id: "x" } }, "a"));
	wait(200);
	hear(result("b", "nothing"), result("a", "done"));
	expect(lines).toEqual([
		"🔧 Agent look around",
		"  🔧 files: list",
		"  ✅ files: list 0.2 s nothing",
		"✅ Agent look around 0.2 s done",
	]);
});

test("the time that the user takes for a question is not the tool's, and a no is no failure", () => {
	const { lines, view, hear, wait } = open();
	hear(call("a", "Bash", { command: "one" }));
	const first = view.asked("a");
	wait(9_000);
	first("allowed");
	wait(300);
	hear(result("a", "fine"), call("b", "Bash", { command: "two" }));
	view.asked("b")("denied");
	hear(result("b", "The user does not want this tool call.", true));
	expect(lines).toEqual(["🔧 Bash one", "✅ Bash 0.3 s fine", "🔧 Bash two", "❌ Bash denied"]);
});

test("a turn that is cancelled ends its calls, and the next one is not cancelled", () => {
	const { lines, view, hear } = open();
	hear(call("a", "Bash", { command: "sleep" }));
	view.cancelled();
	expect(view.status()).toBe("cancelling");
	hear(ended({ subtype: "error_during_execution", is_error: true, errors: ["aborted"] }));
	hear(...said("Back again."), ended());
	expect(lines).toEqual(["🔧 Bash sleep", "❌ Bash cancelled", "The turn was cancelled.", "🤖 Back again."]);
});

test("an error is a panel, and its text is not shown twice", () => {
	const { lines, hear } = open();
	const content = [{ type: "text", text: "API Error: 529" }];
	hear(
		message({ type: "assistant", error: "server_error", parent_tool_use_id: null, message: { id: "m", content } }),
		ended({ is_error: true, result: "API Error: 529\nTry again later, when there are fewer who ask for the same." }),
	);
	expect(`\n${lines.join("\n")}\n`).toBe(`
┌───────────────────────────────────────────────────────┐
│ ❌ the turn failed                                    │
│ API Error: 529                                        │
│ Try again later, when there are fewer who ask for the │
│ same.                                                 │
└───────────────────────────────────────────────────────┘
`);
});

test("what goes on is said while nothing is shown", () => {
	const { view, hear } = open();
	hear(message({ type: "system", subtype: "api_retry", attempt: 2, max_retries: 10, retry_delay_ms: 1_200 }));
	expect(view.status()).toBe("the request failed, trying again in 2 s (2 of 10)");
	hear(event({ type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } }));
	expect(view.status()).toBe("thinking");
	hear(event({ type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "a", name: "Bash" } }));
	expect(view.status()).toBe("preparing Bash");
});

test("the session line has the whole session's figures, of all models", () => {
	const collector = collectSessionFigures();
	const theme = createTheme(0, true);
	for (const it of [
		message({ type: "system", subtype: "init", model: "claude-opus-5-5" }),
		call("a", "Bash", {}),
		call("a", "Bash", {}),
		event({
			type: "message_delta",
			usage: {
				input_tokens: 9_000,
				cache_read_input_tokens: 90_000,
				cache_creation_input_tokens: 900,
				output_tokens: 100,
			},
		}),
		ended(),
	])
		collector.message(it);
	expect(showSessionLine(collector.figures(), true, theme, 120)).toEqual([
		"🎉 1 turn · 1,001 in, 2,002 out · cache 1,001,000 read, 3,003 written · $0.1235 · context 50% · 1 tool call",
	]);
	expect(showSessionLine(collector.figures(), false, theme, 24)).toEqual([
		"❌ 1 turn · 1,001 in,",
		"   2,002 out · cache",
		"   1,001,000 read, 3,003",
		"   written · $0.1235 ·",
		"   context 50% · 1 tool",
		"   call",
	]);
});

test("commands that claude answers by itself are no turns, and with another session all figures begin anew", () => {
	const collector = collectSessionFigures();
	const told = () => {
		const { turns, tools, output, contextTokens } = collector.figures();
		return [turns, tools, output, contextTokens];
	};
	const hear = (...messages: SDKMessage[]) => messages.forEach(collector.message);
	const tokens = event({ type: "message_delta", usage: { input_tokens: 10, output_tokens: 5 } });
	hear(call("a", "Bash", {}), tokens, ended(), ended({ num_turns: 0 }));
	expect(told()).toEqual([1, 1, 2_002, 15]);
	hear(ended({ num_turns: 0, is_error: true }));
	expect(told()).toEqual([2, 1, 2_002, 15]);
	hear(message({ type: "conversation_reset", trigger: "clear" }), ended({ num_turns: 0, modelUsage: {} }));
	expect(told()).toEqual([0, 0, 0, undefined]);
	hear(call("b", "Bash", {}), ended());
	expect(told()).toEqual([1, 1, 2_002, undefined]);
});

test("an agent that goes on in the background is said to, and what claude alone is told of it is not shown", () => {
	const { lines, hear, wait } = open();
	hear(call("a", "Agent", { description: "look around" }));
	wait(100);
	const launched = {
		...result("a", "Async agent launched successfully. (internal)"),
		tool_use_result: { isAsync: true },
	};
	hear(launched as SDKMessage);
	expect(lines).toEqual(["🔧 Agent look around", "✅ Agent 0.1 s goes on in the background"]);
});

test("an answer that is cut off after something of it was shown is said to be", () => {
	const { lines, view, hear } = open();
	// What ends a whole one, and says how, is not there.
	const cut = (id: string) => said("Begun.", id).filter((it) => !JSON.stringify(it).includes("message_delta"));
	hear(...cut("msg_1"), ...said("Whole.", "msg_2"));
	const words = "The answer was cut off here.";
	expect(lines).toEqual(["🤖 Begun.", words, "🤖 Whole."]);
	view.cancelled();
	hear(...cut("msg_3"));
	expect(lines.at(-1)).toBe("🤖 Begun.");
});

test("in a narrow terminal lines break between words, beside their sign, and no row of a panel begins with air", () => {
	const { lines, hear, wait } = open({ columns: 24 });
	hear(call("a", "Bash", { command: "echo and some more words" }));
	wait(100);
	hear(result("a", "Exit code 3\nthe reason why it failed", true));
	hear(ended({ is_error: true, result: "one two three four fi ve six seven eight" }));
	expect(`\n${lines.join("\n")}\n`).toBe(`
🔧 Bash echo and some…
❌ Bash 0.1 s Exit code…
┌────────────────────┐
│ ❌ the turn failed │
│ one two three four │
│ fi ve six seven    │
│ eight              │
└────────────────────┘
`);
});

test("a question shows what is asked for, and takes yes, no and always", () => {
	const input = { command: "rm x", file_path: `${CWD}/x` };
	const suggestions = [
		{
			type: "addRules" as const,
			rules: [{ toolName: "Bash", ruleContent: "rm:*" }],
			behavior: "allow" as const,
			destination: "localSettings" as const,
		},
	];
	const place = { theme: createTheme(0, true), cwd: CWD, columns: 60 };
	const question = askPermission("Bash", input, { suggestions }, place);
	expect(`\n${question.lines.join("\n")}\n${question.prompt}`).toBe(`
┌─────────────────────────────────────────────────────┐
│ ❓ May claude use Bash?                             │
│ command: rm x                                       │
│ file_path: x                                        │
│ always: Bash(rm:*) in this project's local settings │
└─────────────────────────────────────────────────────┘
[y]es, [n]o, [a]lways `);
	const allow = { behavior: "allow", updatedInput: input };
	expect(question.answer(" Y ")).toEqual(allow);
	expect(question.answer("always")).toEqual({ ...allow, updatedPermissions: suggestions });
	expect(question.answer("n")?.behavior).toBe("deny");
	expect(question.answer("")?.behavior).toBe("deny");
	expect(question.answer("perhaps")).toBeUndefined();
	const once = askPermission("Bash", input, { suggestions, suppressAlwaysAllowRule: true }, place);
	expect(once.prompt).toBe("[y]es, [n]o ");
	expect(once.answer("a")).toBeUndefined();
});

test("a question of claude's takes a number, several where it may be, or words of the user's own", () => {
	const options = [{ label: "Red", description: "as a rose" }, { label: "Blue" }];
	const questions = readUserQuestions(
		{
			questions: [
				{ question: "Which?", options },
				{ question: "Which ones?", options, multiSelect: true },
			],
		},
		{ theme: createTheme(0, false), columns: 60 },
	);
	const [one, several] = questions ?? [];
	expect(`\n${one?.lines.join("\n")}\n${one?.prompt}`).toBe(`
┌───────────────────┐
│ ? Which?          │
│ 1. Red  as a rose │
│ 2. Blue           │
└───────────────────┘
a number, or words of your own: `);
	expect(["2", "3", "green", " "].map((typed) => one?.answer(typed))).toEqual(["Blue", "3", "green", undefined]);
	expect(["1, 2", "2", "1 and 2"].map((typed) => several?.answer(typed))).toEqual(["Red, Blue", "Blue", "1 and 2"]);
	expect(readUserQuestions({ questions: "none" }, { theme: createTheme(0, false), columns: 60 })).toBeUndefined();
});

test("of a long input the beginning is shown, and how much is left", () => {
	const content = Array.from({ length: 200 }, (_, at) => `line ${at}`).join("\n");
	const { lines } = askPermission("Write", { content }, {}, { theme: createTheme(0, false), cwd: CWD, columns: 60 });
	expect(lines).toHaveLength(3 + 12 + 1);
	expect(lines.at(-2)).toContain("… and 188 more lines");
});

test.each([
	["Bash", { command: "a\n  b", description: "d" }, "a b"],
	["Read", { file_path: "/home/me/project/src/a.ts" }, "src/a.ts"],
	["Read", { file_path: "/etc/hosts" }, "/etc/hosts"],
	["Edit", { file_path: `/home/me/project/${"deep/".repeat(9)}a.ts` }, "…deep/deep/deep/a.ts"],
	["Grep", { pattern: "x+", path: "/home/me/project" }, "x+"],
	["Other", { n: 1 }, '{"n":1}'],
	["Other", {}, ""],
	["Bash", { command: "\u001b[31mred 日本語日本語日本語" }, "red 日本語日本語日…"],
])("%s with %j is known by a few words", (_name, input, words) => {
	expect(inputWords(input, CWD, 20)).toBe(words);
});

test("a result is its first line that says something", () => {
	expect(resultWords("\n\n one \ntwo", 20)).toBe("one (+1 line)");
	expect(resultWords([{ type: "image" }], 20)).toBe("[image]");
	expect(resultWords(undefined, 20)).toBe("");
	expect(resultWords("Exit code 3", 20)).toBe("Exit code 3");
	expect(resultWords("Exit code 3\n\nno such file\nat all", 60)).toBe("Exit code 3: no such file (+1 line)");
	expect(toolName("mcp__a__b_c")).toBe("a: b_c");
});

test("the banner says where the trace goes, or that there is none", () => {
	const about = { version: "1.2.3", service: "mine", level: "standard", endpoints: ["http://localhost:4318"] };
	expect(`\n${showBanner({ ...about, model: "opus" }, createTheme(0, false), 60).join("\n")}\n`).toBe(`
┌──────────────────────────────────┐
│ * claude-otel 1.2.3              │
│ service    mine                  │
│ endpoint   http://localhost:4318 │
│ model      opus                  │
│ telemetry  on, level standard    │
└──────────────────────────────────┘
/help tells the keys.
`);
	const off = showBanner({ ...about, off: "CLAUDE_OTEL_LEVEL=off", endpoints: [] }, createTheme(0, false), 60);
	expect(off.join("\n")).toContain("off (CLAUDE_OTEL_LEVEL=off)");
});

test("the tools' panel has the used ones first", () => {
	const lines = showTools(["Bash", "Edit", "Read"], new Map([["Read", 2]]), createTheme(0, false), 60);
	expect(lines.join("\n")).toContain("Read 2, Bash, Edit");
	expect(showTools(undefined, new Map(), createTheme(0, false), 60)).toEqual([
		"claude tells its tools with the first answer.",
	]);
});
