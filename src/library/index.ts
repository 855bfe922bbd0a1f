/**
 * claude-otel for programs: runs prompts by the Agent SDK, or watches queries of your own, and tells what happened as
 * OpenTelemetry. Times are milliseconds since the epoch, durations milliseconds, costs US dollars.
 *
 * @example One prompt, exported as the environment says (OTEL_EXPORTER_OTLP_ENDPOINT …)
 * ```ts
 * import { runAgentWithTelemetry } from "claude-otel";
 *
 * const { text, costUsd, traceId } = await runAgentWithTelemetry("What does this do?", {
 *   options: { cwd: "/path/to/project", allowedTools: ["Read", "Grep"] },
 * });
 * ```
 *
 * @example A query of your own
 * ```ts
 * import { query } from "@anthropic-ai/claude-agent-sdk";
 * import { createTelemetry } from "claude-otel";
 *
 * const telemetry = createTelemetry({ onToolCall: (call) => console.log(call.toolName, call.durationMs) });
 * for await (const message of telemetry.observe(query({ prompt, options: telemetry.instrument(options) }))) …
 * await telemetry.shutdown();
 * ```
 *
 * Errors: a setting that cannot be used, a missing claude and a missing SDK are a `UserMistake`, one sentence with the
 * cure. Once it runs, telemetry throws nothing: `onProblem` is told.
 *
 * @module
 */
import type { Query } from "../launch/agent-runner.ts";
import type { ObserveOptions } from "./settings.ts";
import { type AgentRun, createTelemetry, type RunOptions, type TelemetryOptions } from "./telemetry.ts";

export { UserMistake } from "../errors.ts";
export type {
	AgentEnd,
	Query,
	SDKMessage,
	SDKResultMessage,
	SDKUserMessage,
	TracedAgent,
} from "../launch/agent-runner.ts";
export type { CleanContent, Fact, Usage } from "../model/fact.ts";
export type { HistoryEntry } from "../model/history.ts";
export type { Providers, TelemetrySink } from "../sinks/sink-types.ts";
export type {
	Correlation,
	EventOptions,
	FactEvent,
	RequestEvent,
	ResponseEvent,
	TelemetryEvent,
	ToolCallEvent,
} from "./events.ts";
export type { ObserveOptions, TelemetrySettings } from "./settings.ts";
export {
	type AgentRun,
	createIdGenerator,
	createTelemetry,
	type RunOptions,
	type Telemetry,
	type TelemetryOptions,
	type TelemetryStats,
} from "./telemetry.ts";
export type { WebhookOptions, WebhookStats } from "./webhook.ts";

/** `createTelemetry`, one `run`, `shutdown`: resolves when claude has answered and its trace is delivered. */
export async function runAgentWithTelemetry(
	prompt: string,
	options: TelemetryOptions & RunOptions = {},
): Promise<AgentRun> {
	const telemetry = createTelemetry(options);
	try {
		return await telemetry.run(prompt, options);
	} finally {
		await telemetry.shutdown();
	}
}

/** The same query, traced as the options and the environment say. A loop over it ends when the trace is delivered. */
export function observe(query: Query, options: TelemetryOptions & ObserveOptions = {}): Query {
	return createTelemetry(options).observe(query, options);
}
