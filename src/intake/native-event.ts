// One event of Claude Code's own telemetry, by its attributes → facts. Of the attributes only those named here are
// taken: others name the person and the account.
import type { QuerySource, RawFact, Usage } from "../model/fact.ts";
import { classifyApiError } from "./api-error.ts";
import { contentOf } from "./content.ts";
import { asCount, asDuration, asNumber, asString, asUsd, compact } from "./json.ts";
import type { Attributes } from "./otlp-attributes.ts";

const REDACTED = "<REDACTED>";
const PICO_USD = 1e12;

export function readNativeEvent(
	event: Attributes,
	sessionId: string,
	at: number,
	claudeVersion: string | undefined,
): RawFact[] {
	const seen = compact({
		source: "native" as const,
		at,
		sessionId,
		promptId: asString(event["prompt.id"]),
		agentId: asString(event.agent_id),
		parentAgentId: asString(event.parent_agent_id),
		permissionMode: asString(event.permission_mode),
	});
	const requestId = asString(event.request_id);
	const toolUseId = asString(event.tool_use_id);
	// Calls of MCP tools are all named mcp_tool, unless the user had their details told.
	const toolName = asString(event.tool_name) ?? "";
	switch (asString(event["event.name"])) {
		case "user_prompt":
			return readPrompt(event, compact({ ...seen, claudeVersion }));
		case "api_request":
			if (requestId === undefined) return [];
			return [
				compact({
					...seen,
					kind: "request.answered" as const,
					requestId,
					model: asString(event.model) ?? "unknown",
					usage: readUsage(event),
					picoUsd: picoUsdOf(event),
					durationMs: asDuration(event.duration_ms),
					firstChunkMs: asDuration(event.ttft_ms),
					querySource: querySourceOf(event),
					searchesWeb: event.query_source === "web_search_tool" || undefined,
				}),
			];
		case "api_error":
			return [readFailure(event, seen, requestId)];
		case "api_refusal":
			return [
				compact({
					...seen,
					kind: "request.refused" as const,
					requestId,
					model: asString(event.model),
					querySource: querySourceOf(event),
				}),
			];
		case "tool_decision":
			if (toolUseId === undefined) return [];
			return [
				compact({
					...seen,
					kind: "tool.decided" as const,
					toolUseId,
					toolName,
					decision: event.decision === "reject" ? ("reject" as const) : ("accept" as const),
					decisionSource: asString(event.source),
				}),
			];
		case "assistant_response":
			return readSize(seen, requestId, "text", asCount(event.response_length));
		case "tool_result":
			if (toolUseId === undefined) return [];
			return [
				...readSize(seen, requestId, toolUseId, sumOf(toolName.length, asCount(event.tool_input_size_bytes))),
				compact({
					...seen,
					kind: "tool.ended" as const,
					toolUseId,
					toolName,
					outcome: isTrue(event.success) ? ("ok" as const) : ("error" as const),
					durationMs: asDuration(event.duration_ms),
				}),
			];
		case "compaction":
			if (!isTrue(event.success)) return [];
			return [
				compact({
					...seen,
					kind: "compacted" as const,
					id: `native:${at}`,
					trigger: asString(event.trigger) ?? "auto",
					preTokens: asCount(event.pre_tokens),
					postTokens: asCount(event.post_tokens),
					durationMs: asDuration(event.duration_ms),
				}),
			];
		case "subagent_completed":
			return readAgent(event, seen);
		case "hook_execution_complete":
			return [
				compact({
					...seen,
					kind: "hooks.ran" as const,
					hookEvent: asString(event.hook_event) ?? "unknown",
					hooks: asCount(event.num_hooks) ?? 1,
					durationMs: asDuration(event.total_duration_ms) ?? 0,
				}),
			];
		case "permission_mode_changed":
			return [
				compact({
					...seen,
					permissionMode: undefined,
					kind: "mode.changed" as const,
					from: asString(event.from_mode),
					to: asString(event.to_mode) ?? "unknown",
					reason: asString(event.trigger),
				}),
			];
		case "mcp_server_connection":
			return [
				compact({
					...seen,
					kind: "mcp.connection" as const,
					status: asString(event.status) ?? "unknown",
					mcpServer: asString(event.server_name),
					transport: asString(event.transport_type),
					durationMs: asDuration(event.duration_ms),
				}),
			];
		default:
			return [];
	}
}

type Seen = Pick<
	RawFact,
	"source" | "at" | "sessionId" | "promptId" | "agentId" | "parentAgentId" | "permissionMode" | "claudeVersion"
>;

/** Commands of Claude Code's own (/compact, /cost) are no turns. */
function readPrompt(event: Attributes, seen: Seen): RawFact[] {
	const { promptId } = seen;
	if (promptId === undefined || event.command_source === "builtin") return [{ ...seen, kind: "session.seen" }];
	const text = asString(event.prompt);
	const bytes = asCount(event.prompt_length) ?? 0;
	const prompt = text === undefined || text === REDACTED ? { bytes, value: null } : contentOf(text);
	return [
		compact({
			...seen,
			kind: "prompt.submitted" as const,
			promptId,
			synthetic: text?.startsWith("<task-notification>") === true,
			content: prompt && { prompt },
		}),
	];
}

function readFailure(event: Attributes, seen: Seen, requestId: string | undefined): RawFact {
	const status = asNumber(event.status_code);
	const error = contentOf(asString(event.error));
	return compact({
		...seen,
		kind: "request.failed" as const,
		id: requestId ?? `native:${seen.at}`,
		requestId,
		errorType: classifyApiError(undefined, status, status === undefined ? "connection_error" : undefined),
		status,
		requestedModel: asString(event.model),
		failedAttempts: Math.max(0, (asCount(event.attempt) ?? 1) - 1),
		durationMs: asDuration(event.duration_ms),
		querySource: querySourceOf(event),
		content: error && { error },
	});
}

function readSize(seen: Seen, requestId: string | undefined, part: string, chars: number | undefined): RawFact[] {
	if (requestId === undefined || chars === undefined) return [];
	return [{ ...seen, kind: "answer.sized", requestId, part, chars }];
}

function sumOf(a: number, b: number | undefined): number | undefined {
	return b === undefined ? undefined : a + b;
}

/** It is told at an agent's end, and says how long the agent took. */
function readAgent(event: Attributes, seen: Seen): RawFact[] {
	const { agentId, at } = seen;
	if (agentId === undefined) return [];
	const agentType = asString(event.agent_type) ?? "";
	const startedAt = at - (asDuration(event.duration_ms) ?? 0);
	return [
		{ ...seen, kind: "agent.started", at: startedAt, agentId, agentType },
		{ ...seen, kind: "agent.stopped", agentId, agentType },
	];
}

function readUsage(event: Attributes): Usage {
	const creation = asCount(event.cache_creation_tokens) ?? 0;
	const oneHour = asCount(event.cache_creation_1h_tokens) ?? 0;
	return {
		input: asCount(event.input_tokens) ?? 0,
		output: asCount(event.output_tokens) ?? 0,
		cacheRead: asCount(event.cache_read_tokens) ?? 0,
		cacheCreation5m: asCount(event.cache_creation_5m_tokens) ?? Math.max(0, creation - oneHour),
		cacheCreation1h: oneHour,
	};
}

/** Absent where the client knows no price: unknown is never zero. */
function picoUsdOf(event: Attributes): number | undefined {
	const usd = asUsd(event.cost_usd);
	return usd === undefined ? undefined : Math.round(usd * PICO_USD);
}

function querySourceOf(event: Attributes): QuerySource {
	const source = asString(event.query_source) ?? "";
	if (source === "compact") return "compact";
	if (event.agent_id !== undefined || source.startsWith("agent:")) return "subagent";
	return source === "sdk" || source.startsWith("repl_main_thread") ? "main" : "auxiliary";
}

function isTrue(value: unknown): boolean {
	return value === true || value === "true";
}
