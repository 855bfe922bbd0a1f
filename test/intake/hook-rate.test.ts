// How many hook bodies of a session are taken in a second.
import { expect, test } from "vitest";
import { createHookRate, HOOK_BODIES_PER_SECOND } from "../../src/intake/hook-rate.ts";

const AT = 1_795_315_125_590;
const body = (session: string, at: number) => ({ at, json: { session_id: session } });

/** How many of so many at the same time are taken. */
function taken(isWithin: ReturnType<typeof createHookRate>, session: string, at: number, count: number): number {
	return Array.from({ length: count }, () => isWithin(body(session, at))).filter(Boolean).length;
}

test("a session may send so many at once, and as many in each second after it", () => {
	const isWithin = createHookRate();
	expect(taken(isWithin, "a", AT, 3 * HOOK_BODIES_PER_SECOND)).toBe(HOOK_BODIES_PER_SECOND);
	expect(taken(isWithin, "a", AT + 500, HOOK_BODIES_PER_SECOND)).toBe(HOOK_BODIES_PER_SECOND / 2);
	expect(taken(isWithin, "a", AT + 60_000, 2 * HOOK_BODIES_PER_SECOND)).toBe(HOOK_BODIES_PER_SECOND);
});

test("another session is not held back by it", () => {
	const isWithin = createHookRate();
	taken(isWithin, "a", AT, 2 * HOOK_BODIES_PER_SECOND);
	expect(isWithin(body("a", AT))).toBe(false);
	expect(taken(isWithin, "b", AT, 10)).toBe(10);
});

test("sessions without end share one allowance, and come into their own when there is room again", () => {
	const isWithin = createHookRate();
	let all = 0;
	for (let session = 0; session < 10 * HOOK_BODIES_PER_SECOND; session++) all += taken(isWithin, `s${session}`, AT, 1);
	expect(all).toBeLessThanOrEqual(HOOK_BODIES_PER_SECOND + 100);
	expect(taken(isWithin, "late", AT + 2_000, 2 * HOOK_BODIES_PER_SECOND)).toBe(HOOK_BODIES_PER_SECOND);
});

test("bodies without a session are counted together, and a clock that is set back stops nothing", () => {
	const isWithin = createHookRate();
	const nobody = (at: number) => isWithin({ at, json: { session_id: 7 } });
	expect(Array.from({ length: 2 * HOOK_BODIES_PER_SECOND }, () => nobody(AT)).filter(Boolean)).toHaveLength(
		HOOK_BODIES_PER_SECOND,
	);
	expect(nobody(AT - 3_600_000)).toBe(false);
	expect(nobody(AT - 3_599_000)).toBe(true);
});
