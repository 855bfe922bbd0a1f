import { expect, test } from "vitest";
import { createAnswerPrinter } from "../../src/cli/print-answer.ts";
import type { SDKMessage } from "../../src/launch/agent-runner.ts";

const answer = (result: string) => ({ type: "result", subtype: "success", result, is_error: false }) as SDKMessage;
const failure = (subtype: string) => ({ type: "result", subtype, errors: ["why"], is_error: true }) as SDKMessage;
const other = { type: "system", subtype: "init" } as SDKMessage;

function printed(format: string, messages: SDKMessage[], options = {}): string {
	let text = "";
	const printer = createAnswerPrinter(format, options, (piece) => {
		text += piece;
	});
	for (const message of messages) printer.message(message);
	printer.end();
	return text;
}

test.each<[string, SDKMessage[], string]>([
	["one answer", [other, answer("yes")], "yes\n"],
	["of background work every answer", [answer("launched"), answer("back")], "launched\n\nback\n"],
	["an empty answer", [answer("")], "\n"],
	["no answer at all", [other], ""],
	["too many turns", [failure("error_max_turns")], "Error: Reached max turns (3)"],
	["too much money", [failure("error_max_budget_usd")], "Error: Exceeded USD budget (0.5)"],
	["an interrupt", [failure("error_during_execution")], "Execution error"],
])("as text %s is printed as `claude -p` does", (_name, messages, text) => {
	expect(printed("text", messages, { maxTurns: 3, maxBudgetUsd: 0.5 })).toBe(text);
});

test("as json the last result is printed, as stream-json every message at once", () => {
	expect(JSON.parse(printed("json", [other, answer("one"), answer("two")]))).toMatchObject({ result: "two" });
	const lines = printed("stream-json", [other, answer("one")]).split("\n");
	expect(lines.map((line) => line && JSON.parse(line).type)).toEqual(["system", "result", ""]);
});
