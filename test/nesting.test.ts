import { expect, test } from "vitest";
import { cutNesting, isShallow, NESTING_MAX } from "../src/nesting.ts";

const nested = (depth: number, open = "[", close = "]") => JSON.parse(open.repeat(depth) + "1" + close.repeat(depth));

test("a value is shallow up to the limit, whatever lies in it", () => {
	for (const value of [undefined, null, 1, "x", [], {}, nested(NESTING_MAX), nested(NESTING_MAX, '{"a":', "}")])
		expect(isShallow(value)).toBe(true);
	expect(isShallow(nested(NESTING_MAX + 1))).toBe(false);
	expect(isShallow({ a: 1, b: nested(NESTING_MAX) })).toBe(false);
	expect(isShallow(nested(1_000_000))).toBe(false);
});

test("what lies deeper becomes null, and all else stays", () => {
	const value = JSON.parse(`{"a":${"[".repeat(300)}1${"]".repeat(300)},"__proto__":{"b":[2]},"c":"x"}`);
	cutNesting(value);
	expect(isShallow(value)).toBe(true);
	expect(JSON.stringify(value)).toBe(
		`{"a":${"[".repeat(NESTING_MAX - 1)}null${"]".repeat(NESTING_MAX - 1)},"__proto__":{"b":[2]},"c":"x"}`,
	);
	expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
	expect(cutNesting(undefined)).toBeUndefined();
});
