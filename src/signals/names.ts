// Every name that claude-otel emits. docs/telemetry.md is checked against this table.

/** Attributes of spans and records, with what they mean. `<key>` stands for a key of the tool's own input or response. */
export const ATTRIBUTES = {
	"session.id": "Claude Code's session id",
	"gen_ai.conversation.id": "the same",
	"prompt.id": "id of the prompt that began the turn",
	"session.source": "startup, resume, clear or fork",
	"session.end_reason": "SessionEnd's reason, else signal:SIGx, exit or lost",
	"session.duration_ms": "milliseconds from start to end",
	"claude.version": "version of Claude Code",
	"claude.args_count": "number of arguments given to claude",
	"claude.args_preview": "names of flags, and values of a few harmless ones",
	exit_code: "exit code of claude, or of a Bash command",
	turns: "human turns",
	"turns.synthetic": "turns that a notification or wake-up began",
	tools_used: "tool calls, those of agents too",
	tool_names: "names of the tools used, at most 50",
	"tokens.input": "uncached input tokens",
	"tokens.output": "output tokens",
	"tokens.cache_read": "input tokens read from the prompt cache",
	"tokens.cache_creation": "input tokens written to the prompt cache",
	"tokens.cache_creation_5m": "of these, to the 5-minute cache",
	"tokens.cache_creation_1h": "of these, to the 1-hour cache",
	"tokens.total": "all of them",
	"tokens.lost.input": "uncached input of attempts that were cut after they began",
	"tokens.lost.output": "output of such attempts",
	"tokens.lost.cache_read": "cache reads of such attempts",
	"tokens.lost.cache_creation": "cache writes of such attempts",
	"tokens.source":
		"where the numbers come from: transcript, agent (the stream of the Agent SDK), native, cost-state or unknown",
	"times.source": "where start and end come from: transcript or native",
	"claude.cost_usd": "cost in USD",
	"claude.cost_basis": "native (the client's own count), list (tokens at list price) or unknown",
	"claude.cost_source": "witness of the cost: native, or the one that told the tokens",
	model: "model that a record is about",
	"cost.own_usd": "cost by tokens and list price",
	"cost.client_usd": "cost by the client's own count",
	"cost.drift_usd": "the first minus the second",
	"context.used_ratio": "share of the context window that the prompt takes up",
	"context.threshold": "the share that was reached",
	"gen_ai.response.time_to_first_chunk": "seconds from the answered attempt to its first byte",
	"permission_mode.from": "permission mode before a change",
	"permission_mode.to": "permission mode after it",
	"permission_mode.reason": "why it changed",
	"mcp.status": "state of the connection to an MCP server",
	"mcp.transport": "transport of the connection",
	"claude.cost_estimated": "the price is that of a related model",
	permission_mode: "permission mode",
	"vcs.ref.head.name": "branch",
	"vcs.ref.head.revision": "commit",
	"process.working_directory": "working directory",
	"gen_ai.operation.name": "chat, execute_tool or invoke_agent",
	"gen_ai.provider.name": "anthropic",
	"gen_ai.system": "anthropic",
	"gen_ai.agent.name": "claude-code, or the agent's type",
	"gen_ai.agent.id": "agent id",
	"turn.index": "place in the session, from 1",
	"turn.synthetic": "not typed by a human",
	"turn.status": "ok, error, denied, interrupted or lost",
	"turn.prompts": "prompts submitted in this turn",
	"prompt.length": "UTF-8 bytes of the prompt",
	"prompt.preview": "the prompt (level full)",
	"response.length": "UTF-8 bytes of the answer's text",
	"response.preview": "the answer's text (level full)",
	"gen_ai.request.model": "model that was asked for",
	"gen_ai.response.model": "model that answered",
	"gen_ai.response.id": "message id",
	"gen_ai.response.finish_reasons": "stop reasons",
	"gen_ai.usage.input_tokens": "input, cache reads and cache writes",
	"gen_ai.usage.output_tokens": "output tokens",
	"gen_ai.usage.cache_read.input_tokens": "input tokens read from the cache",
	"gen_ai.usage.cache_creation.input_tokens": "input tokens written to the cache",
	"gen_ai.usage.cache_write.input_tokens": "the same, under its newer name",
	"request.id": "request id of the API",
	"request.attempts": "attempts until the answer or the final error",
	"request.retry_ms":
		"milliseconds waited between attempts; absent where nobody tells of a failed one, as in interactive use",
	query_source: "main, subagent, compact or auxiliary",
	"error.type": "class of the error",
	"error.message": "the error's text: its first line, at level full all of it",
	"http.response.status_code": "HTTP status of a failed request",
	"gen_ai.tool.name": "tool name",
	"gen_ai.tool.call.id": "tool use id",
	"tool.name": "tool name",
	"tool.use_id": "tool use id",
	duration_ms: "milliseconds of the tool alone, or of the compaction",
	"tool.status": "ok, error, denied, interrupted or lost",
	error: "the call failed",
	"tool.error": "the same as error.message",
	interrupted: "it was interrupted",
	timeout: "it timed out",
	stdout_bytes: "UTF-8 bytes of standard output",
	stderr_bytes: "UTF-8 bytes of standard error",
	response_bytes: "bytes of the response as JSON",
	"input.summary": "the input in one line",
	"input.truncated": "summary or input was truncated",
	"response.truncated": "the response was truncated",
	"tool.input.<key>": "the input (level full)",
	"tool.response.<key>": "the response (level full)",
	"mcp.server.name": "MCP server",
	"tool.decision": "accept or reject, where it is told",
	"tool.decision_source": "who decided: config, hook, user …",
	"agent.background": "it ran in the background",
	"agent.depth": "1 for an agent of the main loop",
	"agent.status": "ok, error, interrupted or lost",
	"compaction.trigger": "auto or manual",
	"compaction.pre_tokens": "tokens of the context before",
	"compaction.post_tokens": "and after",
	"model.from": "model before a switch",
	"model.to": "model after it",
	"model.switch_reason": "why it was switched",
	"notification.type": "type of a notification",
	"retry.attempt": "number of the attempt that failed",
	"retry.max_attempts": "attempts that claude makes",
	"retry.wait_ms": "milliseconds until the next",
	"policy.pattern": "pattern of CLAUDE_OTEL_DENIED_MODELS that matched",
	"event.name": "name of the record",
	"log.record.uid": "unique and the same in a replay",
} as const;
export type AttributeName = keyof typeof ATTRIBUTES;

/** What a back end's own views read: on spans, beside ours, and on their way there alone. */
export const BACKEND_ATTRIBUTES = {
	logfire: {
		"logfire.span_type": "pending_span: the span has begun and is not over",
		"logfire.pending_parent_id": "on a pending span, the parent of the span that it stands for",
		"logfire.msg": "the line of the live view: name, and summary of the input or prompt where there is one",
		"logfire.level_num": "17 where something failed, 13 where a call was refused, interrupted or lost",
		"operation.cost": "cost of a request in USD",
		"gen_ai.usage.details.cache_read_tokens": "input tokens of a request read from the cache",
		"gen_ai.usage.details.cache_write_tokens": "input tokens of a request written to the cache",
	},
	sentry: {
		"sentry.op": "gen_ai.invoke_agent, gen_ai.chat or gen_ai.execute_tool",
		"gen_ai.agent.name": "on a request of the main loop, claude-code",
		"gen_ai.usage.input_tokens.cached": "input tokens of a request read from the cache",
		"gen_ai.usage.input_tokens.cache_write": "input tokens of a request written to the cache",
		"gen_ai.usage.total_tokens": "all tokens of a request",
	},
	langfuse: {
		"langfuse.observation.type": "generation, agent, tool or span",
		"langfuse.observation.usage_details": "JSON: tokens of a request by kind, no token in two of them",
		"langfuse.observation.cost_details": "JSON: cost of a request in USD",
		"langfuse.observation.input": "a tool's input, its summary, or the prompt, as the level allows",
		"langfuse.observation.output": "a tool's response (level full)",
		"langfuse.observation.level": "WARNING where a call was refused, interrupted or lost",
		"langfuse.user.id": "user.id of the resource",
	},
} as const;

export const SPANS = [
	"claude.session",
	"invoke_agent {agent}",
	"chat {model}",
	"execute_tool {tool}",
	"claude.permission_wait",
	"claude.compaction",
] as const;

const TOKENS_OF_TOTALS = [
	"tokens.input",
	"tokens.output",
	"tokens.cache_read",
	"tokens.cache_creation",
	"tokens.cache_creation_5m",
	"tokens.cache_creation_1h",
	"tokens.total",
	"tokens.lost.input",
	"tokens.lost.output",
	"tokens.lost.cache_read",
	"tokens.lost.cache_creation",
] as const;

/** Records, with their attributes beside those of every record; `span`: those of the span that they tell of. */
export const RECORDS = {
	"session.start": ["session.source"],
	"session.end": [
		"session.end_reason",
		"exit_code",
		"session.duration_ms",
		"turns",
		...TOKENS_OF_TOTALS,
		"claude.cost_usd",
		"tools_used",
	],
	"user.prompt": ["turn.synthetic", "prompt.length", "prompt.preview"],
	"assistant.response": [
		"gen_ai.provider.name",
		"gen_ai.system",
		"request.id",
		"query_source",
		"response.length",
		"response.preview",
	],
	"tool.call": "span",
	"tool.error": "span",
	"permission.decision": ["tool.name", "tool.use_id", "tool.decision", "tool.decision_source", "input.summary"],
	"api.error": "span",
	"api.retry": [
		"error.type",
		"http.response.status_code",
		"request.id",
		"retry.attempt",
		"retry.max_attempts",
		"retry.wait_ms",
		"error.message",
	],
	"agent.start": ["gen_ai.agent.name", "gen_ai.agent.id"],
	"agent.end": "span",
	compaction: "span",
	"model.switch": ["model.from", "model.to", "model.switch_reason"],
	"model.denied": ["policy.pattern", "model.to"],
	notification: ["notification.type"],
	"api.refusal": ["request.id", "model"],
	"permission.mode_changed": ["permission_mode.from", "permission_mode.to", "permission_mode.reason"],
	"mcp.connection": ["mcp.status", "mcp.server.name", "mcp.transport", "duration_ms"],
	"context.threshold": ["model", "context.used_ratio", "context.threshold"],
	"cost.drift": ["model", "cost.own_usd", "cost.client_usd", "cost.drift_usd"],
} as const satisfies Record<string, "span" | readonly AttributeName[]>;
export type RecordName = keyof typeof RECORDS;

/** What `claude-otel check` sends: one of each, to see whether they are taken. */
export const CANARY = {
	span: "claude_otel.check",
	metric: "claude_otel.checks_total",
	record: "claude_otel.check",
} as const;

export interface MetricRow {
	kind: "counter" | "histogram" | "up-down counter" | "gauge";
	unit: string;
	attributes: readonly string[];
	meaning: string;
	buckets?: readonly number[];
}

const MS = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000];
const LONG_MS = [1, 5, 15, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, 86_400].map((seconds) => seconds * 1000);
const BYTES = Array.from({ length: 17 }, (_, power) => 2 ** (power + 8));
/** Advised by the gen_ai conventions. */
const TOKENS = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304, 16_777_216, 67_108_864];
const SECONDS = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

export const METRICS = {
	"claude.sessions_total": counter("sessions begun", ["session.source"]),
	"claude.turns_total": counter("turns ended", ["turn.synthetic", "turn.status"]),
	"claude.tool_calls_total": counter("tool calls ended", ["tool.name", "tool.status"]),
	"claude.tool_calls_errors_total": counter("tool calls that failed", ["tool.name", "error.type"]),
	"claude.tool_call_duration_ms": histogram("duration of the tool alone", "ms", MS, ["tool.name", "tool.status"]),
	"claude.tools_in_flight": {
		kind: "up-down counter",
		unit: "{call}",
		attributes: ["tool.name"],
		meaning: "tool calls at work",
	},
	"claude.model_requests_total": counter("model requests answered or failed for good", [
		"model",
		"query_source",
		"status",
	]),
	"claude.api_errors_total": counter("failed attempts and final errors", ["error.type", "model"]),
	"claude.cache_hits_total": counter("requests that read from the prompt cache", ["model"]),
	"claude.cache_misses_total": counter("requests that did not read from it", ["model"]),
	"claude.cache_creations_total": counter("requests that wrote to it", ["model"]),
	"claude.context_compactions_total": counter("compactions", ["trigger"]),
	"claude.prompt_latency_ms": histogram("from the end of a turn to the next human prompt", "ms", LONG_MS, []),
	"claude.session_duration_ms": histogram("duration of sessions", "ms", LONG_MS, ["session.end_reason"]),
	"claude.tokens_total": counter("tokens", ["type", "model", "query_source"], "{token}"),
	"claude.cost_usd_total": counter("cost", ["model", "query_source"], "USD"),
	"claude.cost_drift_usd": gauge("own count of a session's cost minus the client's", "USD", ["model"]),
	"claude.rate_limit_used_ratio": gauge("share of a limit of the subscription in use, where the client tells", "1", [
		"window",
	]),
	"claude.context_window_used_ratio": gauge("share of the context window in use, main loop", "1", ["model"]),
	"claude.lines_of_code_total": counter("lines added and removed", ["type"], "{line}"),
	"claude.commits_total": counter("commits made", []),
	"claude.pull_requests_total": counter("pull requests opened", []),
	"claude.active_time_s_total": counter("time that claude or its user was active", ["type"], "s"),
	"claude.hooks_total": counter("hooks run, the user's and ours", ["hook_event"], "{hook}"),
	"claude.payload_bytes": histogram("sizes of inputs, outputs, prompts and answers", "By", BYTES, [
		"tool.name",
		"direction",
	]),
	"gen_ai.client.token.usage": histogram("tokens of a request", "{token}", TOKENS, [
		"gen_ai.token.type",
		"gen_ai.request.model",
		"gen_ai.operation.name",
	]),
	"gen_ai.client.operation.duration": histogram("duration of a request", "s", SECONDS, [
		"gen_ai.operation.name",
		"gen_ai.request.model",
		"error.type",
	]),
	"gen_ai.client.operation.time_to_first_chunk": histogram(
		"from a request to the first byte of its answer",
		"s",
		SECONDS,
		["gen_ai.request.model"],
	),
	"claude_otel.hook_overhead_ms": histogram("time that the hooks of one event took, the user's and ours", "ms", MS, [
		"hook_event",
	]),
	"claude_otel.facts_total": counter("facts taken in", ["source"]),
	"claude_otel.facts_dropped_total": counter(
		"what was dropped: of another session, beyond the rate of hooks, too long or not to be read",
		["source"],
	),
	"claude_otel.late_facts_total": counter("facts that came after their span", ["source"]),
	"claude_otel.export_failures_total": counter("spans, points and records not exported", ["signal"]),
	"claude_otel.spool_bytes": gauge("what waits in the spool for a collector", "By", []),
} as const satisfies Record<string, MetricRow>;
export type MetricName = keyof typeof METRICS;

/** Of claude and of claude-otel, by the names of OpenTelemetry's process conventions (Linux). */
export const PROCESS_METRICS = {
	"process.cpu.time": {
		kind: "observable counter",
		unit: "s",
		attributes: ["process.executable.name", "cpu.mode"],
		meaning: "processor time used",
	},
	"process.memory.usage": {
		kind: "observable up-down counter",
		unit: "By",
		attributes: ["process.executable.name"],
		meaning: "resident memory",
	},
} as const;

function counter(meaning: string, attributes: readonly string[], unit = "1") {
	return { kind: "counter", unit, attributes, meaning } as const;
}

function gauge(meaning: string, unit: string, attributes: readonly string[]) {
	return { kind: "gauge", unit, attributes, meaning } as const;
}

function histogram(meaning: string, unit: string, buckets: readonly number[], attributes: readonly string[]) {
	return { kind: "histogram", unit, attributes, meaning, buckets } as const;
}
