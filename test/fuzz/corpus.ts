// The recorded scenarios of test/flows → samples of what comes through each door: hook payloads, lines of transcripts,
// and requests of Claude Code's own telemetry that tell of the same sessions.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/intake/json.ts";
import type { OtlpSignal } from "../../src/intake/otlp-server.ts";
import type { Json } from "../../src/model/fact.ts";
import { scenarios } from "../flows/play.ts";

const SCENARIOS = ["tools", "subagents-foreground-nested", "denied", "sendmessage-revived", "compact-continue"];
const MORE_TRANSCRIPTS = ["model-fallback", "error-529", "cut-after-block", "interactive-esc", "fatal401"];

const recorded = scenarios();
const among = (names: readonly string[]) => recorded.filter(({ name }) => names.includes(name));

/** In the order in which they came. */
export const hookPayloads: readonly JsonObject[] = among([...SCENARIOS, "interactive-permission"]).flatMap(
	({ folder }) =>
		linesOf(join(folder, "hooks.jsonl")).map((line) => {
			const { payload } = JSON.parse(line) as { payload: JsonObject };
			const transcript = `/home/dev/.claude/projects/-home-dev/${String(payload.session_id)}.jsonl`;
			return { cwd: "/home/dev/project", transcript_path: transcript, ...payload };
		}),
);

export interface TranscriptSample {
	sessionId: string;
	agentId?: string;
	lines: readonly string[];
}

export const transcripts: readonly TranscriptSample[] = among([...SCENARIOS, ...MORE_TRANSCRIPTS]).flatMap(
	({ folder }) => {
		const root = join(folder, "transcripts");
		return readdirSync(root, { recursive: true, encoding: "utf8" })
			.filter((name) => name.endsWith(".jsonl"))
			.map((name) => {
				const [, agentId] = /agent-([\w-]+)\.jsonl$/.exec(name) ?? [];
				const sessionId = (name.split("/")[0] ?? "").replace(".jsonl", "");
				return { sessionId, agentId, lines: linesOf(join(root, name)) };
			});
	},
);

/** Before every record. */
export const SINCE = Date.parse("2026-01-01T00:00:00Z");

const SCOPE = "com.anthropic.claude_code";
const SESSION = String(hookPayloads[0]?.session_id);
const PROMPT = String(hookPayloads[0]?.prompt_id);
const AT = 1_795_315_125_590;

const EVENTS: readonly Record<string, string | number | boolean>[] = [
	{ "event.name": "user_prompt", prompt_length: 13, prompt: "<REDACTED>" },
	{
		"event.name": "api_request",
		request_id: "req_1",
		model: "claude-opus-5-5",
		input_tokens: 100,
		output_tokens: "50",
		cache_read_tokens: 2000,
		cache_creation_tokens: 340,
		cache_creation_5m_tokens: 300,
		cache_creation_1h_tokens: 40,
		cost_usd: 0.00362,
		duration_ms: 98,
		ttft_ms: 45,
		query_source: "sdk",
	},
	{ "event.name": "api_error", model: "claude-opus-5-5", error: "overloaded", status_code: "529", attempt: 3 },
	{ "event.name": "api_refusal", request_id: "req_1", model: "claude-opus-5-5" },
	{ "event.name": "tool_decision", tool_use_id: "toolu_1", tool_name: "Bash", decision: "accept", source: "config" },
	{ "event.name": "tool_result", tool_use_id: "toolu_1", tool_name: "Bash", success: "true", duration_ms: 7 },
	{ "event.name": "compaction", success: true, trigger: "auto", pre_tokens: 2500, post_tokens: 30, duration_ms: 9 },
	{ "event.name": "subagent_completed", agent_id: "a1", agent_type: "Explore", duration_ms: 40 },
	{ "event.name": "hook_execution_complete", hook_event: "PreToolUse", num_hooks: 2, total_duration_ms: 3 },
	{ "event.name": "permission_mode_changed", from_mode: "default", to_mode: "plan", trigger: "shift_tab" },
	{ "event.name": "mcp_server_connection", status: "connected", server_name: "files", transport_type: "stdio" },
];
const COUNTERS = [
	"claude_code.lines_of_code.count",
	"claude_code.commit.count",
	"claude_code.pull_request.count",
	"claude_code.active_time.total",
	"claude_code.token.usage",
];

export interface OtlpSample {
	signal: OtlpSignal;
	json: JsonObject;
}

export const otlpRequests: readonly OtlpSample[] = [
	...EVENTS.map((event, sequence) => logsOf([{ ...event, "event.sequence": sequence }])),
	logsOf(EVENTS.map((event, sequence) => ({ ...event, "event.sequence": 100 + sequence }))),
	...COUNTERS.flatMap((name) => [metricsOf(name, 1), metricsOf(name, 2)]),
	{ signal: "traces", json: { resourceSpans: [{ scopeSpans: [{ scope: { name: SCOPE }, spans: [{ name: "x" }] }] }] } },
];

function logsOf(events: readonly Record<string, string | number | boolean>[]): OtlpSample {
	const logRecords = events.map((event, index) => ({
		timeUnixNano: `${AT + index}000000`,
		observedTimeUnixNano: `${AT + index}000000`,
		severityNumber: 9,
		body: { stringValue: `claude_code.${String(event["event.name"])}` },
		attributes: attributesOf(event),
		droppedAttributesCount: 0,
	}));
	const scopeLogs = [{ scope: { name: `${SCOPE}.events`, version: "2.1.330" }, logRecords }];
	return { signal: "logs", json: { resourceLogs: [{ resource: { attributes: [] }, scopeLogs }] } };
}

function metricsOf(name: string, aggregationTemporality: number): OtlpSample {
	const dataPoints = [1, 2].map((value) => ({
		attributes: attributesOf({ type: "added" }),
		startTimeUnixNano: `${AT}000000`,
		timeUnixNano: `${AT + value}000000`,
		asDouble: value,
	}));
	const metrics = [{ name, unit: "count", sum: { aggregationTemporality, isMonotonic: true, dataPoints } }];
	const scopeMetrics = [{ scope: { name: SCOPE }, metrics }];
	return { signal: "metrics", json: { resourceMetrics: [{ resource: { attributes: [] }, scopeMetrics }] } };
}

function attributesOf(values: Record<string, string | number | boolean>): Json {
	const all = { "session.id": SESSION, "prompt.id": PROMPT, ...values };
	return Object.entries(all).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): Json {
	if (typeof value === "string") return { stringValue: value };
	if (typeof value === "boolean") return { boolValue: value };
	return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

function linesOf(path: string): string[] {
	return readFileSync(path, "utf8")
		.split("\n")
		.filter((line) => line !== "");
}
