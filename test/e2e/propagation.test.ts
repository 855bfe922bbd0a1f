// The trace context on its way in, through claude, and into what claude's commands start.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { assertTold, spanNamed } from "../support/oracle.ts";
import { bash, step, text } from "../support/scripting.ts";
import { exportTo, FREE_HAND, openStage, type Stage } from "../support/stage.ts";
import { assertSoundTrace } from "../support/tree.ts";

let stage: Stage;
afterEach(() => stage.close());

const INBOUND = { trace: "0123456789abcdef0123456789abcdef", span: "0123456789abcdef" };
const inbound = (flags: string) => `00-${INBOUND.trace}-${INBOUND.span}-${flags}`;
const seenByBash = () => readFileSync(join(stage.home.work, "traceparent.txt"), "utf8").trim();
const PRINT = 'echo "$TRACEPARENT" > traceparent.txt';

test("commands of claude see the TRACEPARENT of the session span", async () => {
	stage = await openStage({ main: [step(bash(PRINT)), step(text("ok"))] });
	await stage.print("go");
	const session = spanNamed(stage.receiver.spans, "claude.session");
	expect(session.parentSpanId).toBe("");
	expect(seenByBash()).toBe(`00-${session.traceId}-${session.spanId}-01`);
});

test("an inbound TRACEPARENT is the parent of the session span, which is handed on in its place", async () => {
	stage = await openStage({ main: [step(bash(PRINT)), step(text("ok"))] });
	await stage.print("go", [], { env: { TRACEPARENT: inbound("01"), TRACESTATE: "vendor=1" } });
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests, { knownParents: [INBOUND.span] });
	const session = spanNamed(spans, "claude.session");
	expect(session).toMatchObject({ traceId: INBOUND.trace, parentSpanId: INBOUND.span });
	expect(seenByBash()).toBe(`00-${INBOUND.trace}-${session.spanId}-01`);
});

test("an inbound TRACEPARENT that is not sampled is kept to: nothing is traced, and metrics go on", async () => {
	stage = await openStage({ main: [step(bash(PRINT)), step(text("ok"))] });
	await stage.print("go", [], { env: { TRACEPARENT: inbound("00") } });
	expect(stage.receiver.spans).toEqual([]);
	expect(seenByBash()).toMatch(new RegExp(`^00-${INBOUND.trace}-[0-9a-f]{16}-00$`));
	expect(stage.receiver.metrics.map((point) => point.name)).toContain("claude.tokens_total");
});

test("CLAUDE_OTEL_PROPAGATE=0 leaves the inbound TRACEPARENT as it was", async () => {
	stage = await openStage({ main: [step(bash(PRINT)), step(text("ok"))] });
	await stage.print("go", [], { env: { TRACEPARENT: inbound("01"), CLAUDE_OTEL_PROPAGATE: "0" } });
	expect(seenByBash()).toBe(inbound("01"));
	expect(spanNamed(stage.receiver.spans, "claude.session").traceId).toBe(INBOUND.trace);
});

test("a claude-otel that claude's Bash starts is a run of its own inside the outer trace", async () => {
	const inner = { session: "", done: false };
	stage = await openStage((request) => {
		const outermost = stage.model.requests[0]?.sessionId;
		if (request.sessionId !== outermost) {
			inner.session = request.sessionId;
			if (inner.done) return step(text("inner done"));
			inner.done = true;
			return step(bash("echo inner"));
		}
		const asked = stage.model.requests.filter((other) => other.sessionId === outermost).length;
		return asked === 1 ? step(bash(nested)) : step(text("outer done"));
	});
	// Claude Code keeps OTEL_* from its commands, so whoever nests runs says where they export to.
	const env = Object.entries(exportTo(stage.receiver, "http/json")).map(([name, value]) => `${name}=${value}`);
	const nested = `${env.join(" ")} "${process.execPath}" "${CLAUDE_OTEL}" -p inner ${FREE_HAND}`;
	const run = await stage.print("outer");
	expect(run).toMatchObject({ code: 0, stdout: "outer done\n" });

	const { spans } = stage.receiver;
	assertSoundTrace(spans);
	assertTold(spans, stage.model.requests);
	expect(new Set(spans.map((span) => span.traceId)).size).toBe(1);
	const sessions = spans.filter((span) => span.name === "claude.session");
	const outer = sessions.find((span) => span.parentSpanId === "");
	const nestedSession = sessions.find((span) => span !== outer);
	expect(nestedSession?.parentSpanId).toBe(outer?.spanId);
	expect(nestedSession?.attributes["session.id"]).toBe(inner.session);
	expect(nestedSession?.resource["service.instance.id"]).not.toBe(outer?.resource["service.instance.id"]);
});
