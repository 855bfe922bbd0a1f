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

test("a session that outlives us gets nothing of a run, and the caller's environment is not touched", () => {
	expect(envWithoutRun(OUTER)).toEqual({ PATH: "/bin", TRACEPARENT: "outer", CLAUDE_OTEL_LEVEL: "full" });
	expect(OUTER.CLAUDE_OTEL_RUN).toBe("outer");
});
