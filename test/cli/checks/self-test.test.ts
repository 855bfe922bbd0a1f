// What is made of the counts of the self-test: a witness that said nothing, tokens that differ, a machine whose managed
// settings keep a witness out.
import { expect, test } from "vitest";
import { type Arrived, judge } from "../../../src/cli/checks/self-test.ts";
import { told } from "./context.ts";

const WHOLE: Arrived = {
	spans: 7,
	metricSeries: 40,
	logRecords: 6,
	hookFacts: 3,
	transcriptFacts: 10,
	nativeFacts: 12,
	nativeRequests: 3,
	tokensBilled: 16_182,
	tokensTold: 16_182,
};

const judged = (arrived: Partial<Arrived>, expected = { hooks: true, native: true }) =>
	told(judge({ ...WHOLE, ...arrived }, expected, "1.2.3"));

test("all that was expected arrived", () => {
	expect(judged({})).toEqual(["ok self-test: A scripted turn of claude, 1.2.3, arrived whole."]);
});

test("a witness that said nothing is named", () => {
	expect(judged({ hookFacts: 0 })).toEqual([
		expect.stringMatching(/^broken self-test: Of a scripted turn no hook arrived: update claude with `claude update`/),
	]);
	expect(judged({ nativeRequests: 0, logRecords: 0 })).toEqual([
		expect.stringMatching(
			/^broken self-test: Of a scripted turn no log record, no request of claude's own telemetry arrived: /,
		),
	]);
});

test("a witness that managed settings keep out is not missed", () => {
	expect(judged({ hookFacts: 0, nativeRequests: 0 }, { hooks: false, native: false })).toEqual([
		expect.stringMatching(/^ok self-test: /),
	]);
});

test("tokens that differ from what was billed are broken", () => {
	expect(judged({ tokensTold: 16_181 })).toEqual([
		"broken self-test: The model billed 16,182 tokens, but the trace tells of 16,181: please report this, with the version of claude.",
	]);
});
