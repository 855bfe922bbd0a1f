// Ids are computed from what they name, by the formulae of docs/telemetry.md; here computed a second time.
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { Ref } from "../../src/model/episode.ts";
import {
	createPresetIds,
	createSharedIds,
	parseTraceparent,
	sessionSpanId,
	sessionTraceId,
	sessionTraceparent,
	spanIdOf,
	turnTraceId,
} from "../../src/signals/ids.ts";

const RUN = "8a5ff1ea-6b2c-4a73-9f6f-0e9d5d3f7c11";
const sha = (text: string) => createHash("sha256").update(text, "utf8").digest();
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("an id", () => {
	test("of a session comes from the run and its place in it", () => {
		expect(sessionTraceId(RUN, 0)).toBe(sha(`trace${RUN}0`).subarray(0, 16).toString("hex"));
		expect(sessionSpanId(RUN, 12)).toBe(sha(`session${RUN}12`).subarray(0, 8).toString("hex"));
		expect(turnTraceId("s", "p")).toBe(sha("tracesp").subarray(0, 16).toString("hex"));
	});

	const refs: [Ref, string][] = [
		[{ kind: "session", n: 2 }, `session${RUN}2`],
		[{ kind: "turn", sessionId: "s", promptId: "p" }, "turnsp"],
		[{ kind: "chat", sessionId: "s", key: "msg_1" }, "chatsmsg_1"],
		[{ kind: "tool", sessionId: "s", toolUseId: "toolu_1" }, "toolstoolu_1"],
		[{ kind: "wait", sessionId: "s", toolUseId: "toolu_1", n: 0 }, "permission_waitstoolu_1"],
		[{ kind: "wait", sessionId: "s", toolUseId: "toolu_1", n: 1 }, "permission_waitstoolu_11"],
		[{ kind: "agent", sessionId: "s", agentId: "a1", n: 0 }, "agentsa10"],
		[{ kind: "compaction", sessionId: "s", id: "c1" }, "compactionsc1"],
	];
	test.each(refs)("of %o is the beginning of a SHA-256", (ref, text) => {
		expect(spanIdOf(ref, RUN)).toBe(sha(text).subarray(0, 8).toString("hex"));
	});

	test("is a valid one, and known by heart: it must never change", () => {
		expect(sessionTraceId("run", 0)).toBe("cd8d5ee075d2a2eb0b0ea9d56dae74ff");
		expect(sessionSpanId("run", 0)).toBe("6e1956af36e7cac5");
		expect(spanIdOf({ kind: "tool", sessionId: "session", toolUseId: "call" }, "run")).toBe("7dde391422c09175");
	});

	test("is given to the SDK as it was set", () => {
		const ids = createPresetIds();
		ids.preset(TRACE, SPAN);
		expect([ids.generateTraceId(), ids.generateSpanId()]).toEqual([TRACE, SPAN]);
	});
});

describe("an inbound traceparent", () => {
	test.each([
		[`00-${TRACE}-${SPAN}-01`, 1],
		[`00-${TRACE}-${SPAN}-00`, 0],
		[`00-${TRACE}-${SPAN}-ff`, 1],
		[` 00-${TRACE}-${SPAN}-01 `, 1],
		[`cc-${TRACE}-${SPAN}-01-what-the-future-brings`, 1],
	])("%s is taken", (text, traceFlags) => {
		expect(parseTraceparent(text, "a=b")).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, tracestate: "a=b" });
	});

	test.each([
		[undefined],
		[""],
		["nonsense"],
		[`ff-${TRACE}-${SPAN}-01`],
		[`00-${TRACE}-${SPAN}-01-more`],
		[`00-${"0".repeat(32)}-${SPAN}-01`],
		[`00-${TRACE}-${"0".repeat(16)}-01`],
		[`00-${TRACE.toUpperCase()}-${SPAN}-01`],
		[`00-${TRACE}-${SPAN}`],
		[`00-${TRACE.slice(1)}-${SPAN}-01`],
	])("%s is no parent", (text) => {
		expect(parseTraceparent(text)).toBeUndefined();
	});
});

describe("the traceparent of claude", () => {
	test("is the first session span, in its own trace or in the inbound one", () => {
		const span = sessionSpanId(RUN, 0);
		expect(sessionTraceparent(RUN, undefined, () => true)).toBe(`00-${sessionTraceId(RUN, 0)}-${span}-01`);
		expect(sessionTraceparent(RUN, `00-${TRACE}-${SPAN}-01`, (_trace, inbound) => inbound === true)).toBe(
			`00-${TRACE}-${span}-01`,
		);
	});

	test("says what the sampler decided", () => {
		expect(sessionTraceparent(RUN, undefined, () => false)).toMatch(/-00$/);
		expect(sessionTraceparent(RUN, `00-${TRACE}-${SPAN}-00`, (_trace, inbound) => inbound === true)).toMatch(/-00$/);
	});
});

describe("ids for a provider that others use too", () => {
	test("are the preset ones once, in either order of asking, and random ones otherwise", () => {
		const ids = createSharedIds();
		ids.preset(TRACE, SPAN);
		expect([ids.generateSpanId(), ids.generateTraceId()]).toEqual([SPAN, TRACE]);
		ids.preset(TRACE, SPAN);
		expect([ids.generateTraceId(), ids.generateSpanId()]).toEqual([TRACE, SPAN]);
		expect(ids.generateSpanId()).toMatch(/^(?!b7ad6b7169203331)[0-9a-f]{16}$/);
		expect(ids.generateTraceId()).toMatch(/^(?!0af7651916cd43dd8448eb211c80319c)[0-9a-f]{32}$/);
	});

	test("of a child of ours leave no trace id for the next root of somebody else", () => {
		const ids = createSharedIds();
		ids.preset(TRACE, SPAN);
		expect(ids.generateSpanId()).toBe(SPAN);
		expect(ids.generateSpanId()).not.toBe(SPAN);
		expect(ids.generateTraceId()).not.toBe(TRACE);
	});
});
