import { expect, test } from "vitest";
import { createAnswerPrinter } from "../../src/cli/print-answer.ts";
import type { SDKMessage } from "../../src/launch/agent-runner.ts";

const answer = (result: string) => ({ type: "result", subtype: "success", result, is_error: false }) as SDKMessage;
const failure = (subtype: string) => ({ type: "result", subtype, errors: ["why"], is_error: true }) as SDKMessage;
const other = { type: "system", subtype: "init" } as SDKMessage;

const OURS = "our-own-id";

function printed(outputFormat: string, messages: SDKMessage[], { options = {}, verbose = false, pieces = false } = {}) {
	let text = "";
	const printer = createAnswerPrinter(
		{ outputFormat, verbose, partialMessages: pieces, options },
		(uuid) => uuid === OURS,
		(piece) => {
			text += piece;
		},
	);
	for (const message of messages) printer.message(message);
	printer.end();
	return text;
}

test.each<[string, SDKMessage[], string]>([
	["one answer", [other, answer("yes")], "yes\n"],
	["of background work every answer", [other, answer("launched"), answer("back")], "launched\n\nback\n"],
	["an empty answer", [other, answer("")], "\n"],
	["no answer at all", [other], ""],
	["too many turns", [other, failure("error_max_turns")], "Error: Reached max turns (3)"],
	["too much money", [other, failure("error_max_budget_usd")], "Error: Exceeded USD budget (0.5)"],
	["a session that cannot be taken up", [failure("error_during_execution")], ""],
	["an interrupt", [other, failure("error_during_execution")], "Execution error"],
])("as text %s is printed as `claude -p` does", (_name, messages, text) => {
	expect(printed("text", messages, { options: { maxTurns: 3, maxBudgetUsd: 0.5 } })).toBe(text);
});

test("as json the last result is printed, as stream-json every message at once", () => {
	expect(JSON.parse(printed("json", [other, answer("one"), answer("two")]))).toMatchObject({ result: "two" });
	const lines = printed("stream-json", [other, answer("one")]).split("\n");
	expect(lines.map((line) => line && JSON.parse(line).type)).toEqual(["system", "result", ""]);
});

test("what is there because the SDK runs it is not printed", () => {
	const told = (more: object) => ({ ...answer("yes"), ...more }) as SDKMessage;
	const marked = told({
		begun_message_ids: ["m"],
		model_usage_since_last_result: {},
		user_message_uuid: OURS,
		user_message_uuids: [OURS],
		request_sent_wall_ms: 1,
		first_request_input_tokens: 1,
		first_request_cache_read_input_tokens: 1,
	});
	const theirs = told({ user_message_uuids: [OURS, "theirs"], request_sent_wall_ms: 1 });
	const life = (uuid: string) => ({ type: "command_lifecycle", command_uuid: uuid }) as unknown as SDKMessage;
	expect(JSON.parse(printed("json", [other, marked]))).toEqual(answer("yes"));
	const lines = (more = {}) =>
		printed("stream-json", [life(OURS), life("theirs"), marked, theirs], more)
			.trimEnd()
			.split("\n")
			.map((line) => JSON.parse(line));
	const asWithPrint = { ...answer("yes"), model_usage_since_last_result: {} };
	expect(lines()).toEqual([life("theirs"), asWithPrint, theirs]);
	expect(lines({ pieces: true })[1]).toEqual({ ...asWithPrint, begun_message_ids: ["m"] });
});

test("as json with --verbose all messages are one list", () => {
	expect(JSON.parse(printed("json", [other, answer("yes")], { verbose: true }))).toEqual([other, answer("yes")]);
});
