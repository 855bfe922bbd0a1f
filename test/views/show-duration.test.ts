import { expect, test } from "vitest";
import { showDuration } from "../../src/views/show-duration.ts";

test.each([
	[0, "0.0 s"],
	[1_250, "1.3 s"],
	[59_400, "59.4 s"],
	[59_600, "1 min"],
	[119_700, "2 min"],
	[3_599_900, "1 h"],
	[3_661_000, "1 h 1 min 1 s"],
])("%i ms are %s", (milliseconds, said) => {
	expect(showDuration(milliseconds)).toBe(said);
});
