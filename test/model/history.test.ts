import { expect, test } from "vitest";
import type { Fact } from "../../src/model/fact.ts";
import { createHistory } from "../../src/model/history.ts";

const seen = { source: "hook" as const, sessionId: "s", promptId: "p" };
const usage = { input: 1, output: 1, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 };
const answer = (at: number, blockIndex: number, text: string): Fact => ({
	...seen,
	at,
	kind: "message.seen",
	messageId: "m",
	requestedModel: "x",
	responseModel: "x",
	usage,
	failedAttempts: 0,
	retryMs: 0,
	textBytes: text.length,
	blockIndex,
	content: { answer: { bytes: text.length, text } },
});
const FACTS: Fact[] = [
	{
		...seen,
		at: 1,
		kind: "prompt.submitted",
		promptId: "p",
		synthetic: false,
		content: { prompt: { bytes: 2, text: "go" } },
	},
	answer(2, 0, "looking"),
	{
		...seen,
		at: 3,
		kind: "tool.started",
		toolUseId: "t",
		toolName: "Bash",
		inputDigest: "",
		content: { input: { bytes: 9, summary: "ls" } },
	},
	{ ...seen, at: 4, kind: "tool.ended", toolUseId: "t", outcome: "ok", content: { response: { bytes: 7 } } },
	answer(5, 1, "found"),
];

test.each([
	["in order", FACTS],
	["backwards", FACTS.toReversed()],
	["twice", [...FACTS, ...FACTS]],
])("facts %s are one conversation of prompt, answers and calls", (_name, facts) => {
	const history = createHistory();
	for (const fact of facts) history.note(fact);
	const entries = history.entries();
	expect(entries.map(({ role, content }) => [role, content?.text ?? content?.summary])).toEqual([
		["prompt", "go"],
		["answer", "looking"],
		["call", "ls"],
		["answer", "found"],
	]);
	expect(entries[2]).toMatchObject({ toolUseId: "t", toolName: "Bash", outcome: "ok", at: 3, result: { bytes: 7 } });
});

test("of a long session the latest are kept, and those that were dropped are counted", () => {
	const history = createHistory(3);
	for (let at = 1; at <= 10; at++) history.note({ ...answer(at, at, `answer ${at}`) });
	expect(history.entries().map(({ content }) => content?.text)).toEqual(["answer 8", "answer 9", "answer 10"]);
	expect(history.dropped()).toBe(7);
});
