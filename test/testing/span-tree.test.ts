import { expect, test } from "vitest";
import { assertSoundSpans, assertSpanTree, printSpanTree, type TreeSpan } from "../../src/testing/span-tree.ts";

const span = (spanId: string, parentSpanId: string | undefined, more: Partial<TreeSpan> = {}): TreeSpan => ({
	name: spanId,
	traceId: "t",
	spanId,
	parentSpanId,
	start: 1,
	end: 2,
	attributes: {},
	status: "unset",
	...more,
});
const SPANS = [
	span("call", "turn", {
		start: 3,
		end: 4,
		status: "error",
		statusMessage: "command_failed",
		attributes: { n: 1, words: "a b" },
	}),
	span("root", undefined),
	span("chat", "turn", { start: 2 }),
	span("turn", "root"),
];

test("spans in any order are printed as one tree, in order of their starts", () => {
	const tree = "root\n  turn\n    chat\n    call [error command_failed]\n";
	expect(printSpanTree(SPANS)).toBe(tree);
	expect(printSpanTree(SPANS.toReversed())).toBe(tree);
	expect(printSpanTree(SPANS, { attributes: ["n", "words", "absent"] })).toContain(
		'call [error command_failed] n=1 words="a b"\n',
	);
	expect(printSpanTree(SPANS, { sorted: true })).toContain("    call [error command_failed]\n    chat\n");
});

test("an expected tree may be indented as its test is, and one that differs is shown beside it", () => {
	assertSpanTree(
		SPANS,
		`
			root
				turn
					chat
					call [error command_failed]
		`,
	);
	expect(() => assertSpanTree(SPANS, "root\n  chat")).toThrow(
		/is\n\nroot\n {2}turn[\s\S]*expected to be\n\nroot\n {2}chat\n/,
	);
});

test.each<[string, TreeSpan[], string]>([
	["an orphan", [span("a", "nobody")], "a: its parent nobody is not there"],
	["two traces", [span("a", undefined), span("b", "a", { traceId: "other" })], "b: not in its parent's trace"],
	["an end before the start", [span("a", undefined, { end: 0 })], "a: ends before it starts"],
	["an id twice", [span("a", undefined), span("a", undefined)], "1 spans have an id that another has"],
])("%s is a fault that is named", (_name, spans, fault) => {
	expect(() => assertSoundSpans(spans)).toThrow(fault);
});

test("a parent of somebody else's is no fault where it is known", () => {
	expect(() => assertSoundSpans([span("a", "theirs")], ["theirs"])).not.toThrow();
});
