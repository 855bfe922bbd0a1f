import { assert, constantFrom, nat, property, string, uniqueArray } from "fast-check";
import { expect, test } from "vitest";
import {
	createAnchorScanner,
	createAutomaton,
	createPlainScanner,
	type ScanAnchors,
} from "../../src/privacy/find-anchors.ts";

function hitsOf(scan: ScanAnchors, text: string, from = 0, to = text.length): [number, number][] {
	const hits: [number, number][] = [];
	scan(text, from, to, (word, start) => hits.push([word, start]));
	return hits;
}

const letters = string({ unit: constantFrom("a", "b", "C", "-"), minLength: 1, maxLength: 4 });

test("word by word and in one pass the same anchors are found in the same order", () => {
	assert(
		property(
			uniqueArray(letters, { minLength: 1, maxLength: 12 }),
			string({ unit: constantFrom("a", "B", "c", "A", "-", "é", "İ", "K", "🙂"), maxLength: 60 }),
			nat(10),
			(words, text, skip) => {
				const from = Math.min(skip, text.length);
				expect(hitsOf(createPlainScanner(words), text, from)).toEqual(hitsOf(createAutomaton(words), text, from));
			},
		),
	);
});

test("a scanner that has read much goes on finding the same", () => {
	const scan = createAnchorScanner(["key", "token"]);
	const text = `${"x".repeat(20_000)} my TOKEN is a key`;
	const expected = hitsOf(createAutomaton(["key", "token"]), text);
	expect(expected).toEqual([
		[1, 20_004],
		[0, 20_015],
	]);
	for (let round = 0; round < 3; round++) expect(hitsOf(scan, text)).toEqual(expected);
});
