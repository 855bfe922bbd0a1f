import { expect, test } from "vitest";
import { envForRun, envWithoutRun } from "../../src/launch/child-env.ts";

const OUTER = {
	PATH: "/bin",
	TRACEPARENT: "outer",
	CLAUDE_OTEL_RUN: "outer",
	CLAUDE_OTEL_TOKEN: "outer",
	CLAUDE_OTEL_SOCKET: "outer",
	CLAUDE_OTEL_LEVEL: "full",
};

test("an inner run replaces everything that names the outer one", () => {
	expect(envForRun(OUTER, { runId: "r", token: "t", traceparent: "inner" })).toEqual({
		PATH: "/bin",
		CLAUDE_OTEL_LEVEL: "full",
		TRACEPARENT: "inner",
		CLAUDE_OTEL_RUN: "r",
		CLAUDE_OTEL_TOKEN: "t",
	});
});

test("what switches Claude Code's own telemetry on goes over what was there", () => {
	const native = { OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-a=b,x-claude-otel-token=t" };
	const child = envForRun({ ...OUTER, OTEL_EXPORTER_OTLP_LOGS_HEADERS: "x-a=b" }, { runId: "r", token: "t", native });
	expect(child).toMatchObject({ ...native, PATH: "/bin", CLAUDE_OTEL_RUN: "r" });
});

test("without propagation the inbound TRACEPARENT stays", () => {
	expect(envForRun(OUTER, { runId: "r", token: "t", socketPath: "/s" })).toMatchObject({
		TRACEPARENT: "outer",
		CLAUDE_OTEL_SOCKET: "/s",
	});
});

test("a TRACESTATE stays with its trace, and goes where ours is another", () => {
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
	const inbound = { TRACEPARENT: `00-${trace}-00f067aa0ba902b7-01`, TRACESTATE: "vendor=1" };
	const run = { runId: "r", token: "t", traceparent: `00-${trace}-53995c3f42cd8ad8-01` };
	expect(envForRun(inbound, run)).toMatchObject({ TRACEPARENT: run.traceparent, TRACESTATE: "vendor=1" });
	expect(envForRun({ TRACESTATE: "vendor=1" }, run)).not.toHaveProperty("TRACESTATE");
	const other = { ...run, traceparent: `00-${"1".repeat(32)}-53995c3f42cd8ad8-01` };
	expect(envForRun(inbound, other)).not.toHaveProperty("TRACESTATE");
	expect(envForRun(inbound, { runId: "r", token: "t" })).toMatchObject(inbound);
});

test("a session that outlives us gets nothing of a run, and the caller's environment is not touched", () => {
	expect(envWithoutRun(OUTER)).toEqual({ PATH: "/bin", TRACEPARENT: "outer", CLAUDE_OTEL_LEVEL: "full" });
	expect(OUTER.CLAUDE_OTEL_RUN).toBe("outer");
});
