// One episode → the attributes of its span, by kind.
import type {
	AgentEpisode,
	ChatEpisode,
	CompactionEpisode,
	Episode,
	SessionEpisode,
	ToolEpisode,
	TurnEpisode,
} from "../model/episode.ts";
import {
	type Attributes,
	defined,
	fieldAttributes,
	genAiUsage,
	lostAttributes,
	placeAttributes,
	providerAttributes,
	type Semconv,
	totalsAttributes,
	usageAttributes,
	usd,
} from "./attributes.ts";

export interface AttributeOptions {
	semconv: Semconv;
	/** CLAUDE_OTEL_ATTRIBUTES: onto session and turn. */
	extra: Record<string, string>;
}

export function attributesOf(episode: Episode, options: AttributeOptions): Attributes {
	return defined({ ...placeAttributes(episode), ...ownAttributes(episode, options) });
}

function ownAttributes(episode: Episode, options: AttributeOptions): Attributes {
	switch (episode.kind) {
		case "session":
			return { ...(options.extra as Attributes), ...sessionAttributes(episode) };
		case "turn":
			return { ...(options.extra as Attributes), ...turnAttributes(episode) };
		case "chat":
			return chatAttributes(episode, options.semconv);
		case "tool":
			return toolAttributes(episode);
		case "wait":
			return { "tool.name": episode.toolName };
		case "agent":
			return agentAttributes(episode);
		case "compaction":
			return compactionAttributes(episode);
		default:
			return episode satisfies never;
	}
}

function sessionAttributes(session: SessionEpisode): Attributes {
	return {
		"session.source": session.source,
		"session.end_reason": session.endReason,
		"session.duration_ms": session.end - session.start,
		"claude.version": session.claudeVersion,
		"claude.args_count": session.argsCount,
		"claude.args_preview": session.argsPreview === "" ? undefined : session.argsPreview,
		exit_code: session.exitCode,
		turns: session.turns,
		"turns.synthetic": session.syntheticTurns,
		tool_names: session.toolNames,
		...totalsAttributes(session.totals),
		permission_mode: session.permissionMode,
		...whereAttributes(session),
	};
}

function turnAttributes(turn: TurnEpisode): Attributes {
	return {
		"gen_ai.operation.name": "invoke_agent",
		"gen_ai.agent.name": "claude-code",
		"turn.index": turn.index,
		"turn.synthetic": turn.synthetic,
		"turn.status": turn.status,
		"turn.prompts": turn.prompts,
		"error.type": turn.errorType,
		"prompt.length": turn.prompt?.bytes,
		"prompt.preview": turn.prompt?.text,
		...totalsAttributes(turn.totals),
		permission_mode: turn.permissionMode,
		...whereAttributes(turn),
	};
}

function whereAttributes(episode: SessionEpisode | TurnEpisode): Attributes {
	return {
		"vcs.ref.head.name": episode.branch,
		"vcs.ref.head.revision": episode.revision,
		"process.working_directory": episode.cwd,
	};
}

export function chatAttributes(chat: ChatEpisode, semconv: Semconv): Attributes {
	const known = chat.errorType === undefined && !chat.broken && chat.tokensSource !== "unknown";
	return {
		"gen_ai.operation.name": "chat",
		...providerAttributes(semconv),
		"gen_ai.request.model": chat.requestedModel,
		"gen_ai.response.model": chat.responseModel,
		"gen_ai.response.id": chat.messageId,
		"gen_ai.response.finish_reasons": chat.stopReason === undefined ? undefined : [chat.stopReason],
		...(known ? { ...genAiUsage(chat.usage, semconv), ...usageAttributes(chat.usage) } : {}),
		...lostAttributes(chat.lost),
		"tokens.source": chat.tokensSource,
		"claude.cost_usd": usd(chat.picoUsd),
		"claude.cost_basis": chat.costBasis,
		"claude.cost_source": costWitness(chat),
		"times.source": chat.timesSource,
		"gen_ai.response.time_to_first_chunk": chat.firstChunkMs === undefined ? undefined : chat.firstChunkMs / 1000,
		"context.used_ratio": chat.contextUsedRatio,
		"claude.cost_estimated": chat.costEstimated,
		"request.id": chat.requestId,
		"request.attempts": chat.attempts,
		"request.retry_ms": chat.retryMs,
		query_source: chat.querySource,
		"error.type": chat.errorType,
		"error.message": chat.error?.text ?? chat.error?.summary,
		"http.response.status_code": chat.httpStatus,
	};
}

/** What is known to be lost and nothing else, the client tells in its ledger alone. */
function costWitness({ costBasis, errorType, tokensSource }: ChatEpisode): string | undefined {
	if (costBasis === "unknown") return undefined;
	if (costBasis === "native") return errorType !== undefined && tokensSource === "cost-state" ? "cost-state" : "native";
	return tokensSource === "unknown" ? "cost-state" : tokensSource;
}

export function toolAttributes(tool: ToolEpisode): Attributes {
	const { input, response, error } = tool.contents;
	const message = error?.text ?? error?.summary;
	return {
		"gen_ai.operation.name": "execute_tool",
		"gen_ai.tool.name": tool.toolName,
		"gen_ai.tool.call.id": tool.toolUseId,
		"tool.name": tool.toolName,
		"tool.use_id": tool.toolUseId,
		duration_ms: tool.durationMs,
		"tool.status": tool.status,
		error: tool.status === "error",
		"error.type": tool.errorType,
		"error.message": message,
		"tool.error": message,
		exit_code: tool.exitCode,
		interrupted: tool.status === "interrupted",
		timeout: tool.timeout,
		stdout_bytes: tool.stdoutBytes,
		stderr_bytes: tool.stderrBytes,
		response_bytes: response?.bytes,
		"input.summary": input?.summary,
		"input.truncated": input === undefined ? undefined : input.summaryTruncated === true || input.truncated === true,
		"response.truncated": response === undefined ? undefined : response.truncated === true,
		"mcp.server.name": tool.mcpServer,
		"tool.decision": tool.decision,
		"tool.decision_source": tool.decisionSource,
		// Last: where there are more than a span may have, these are what it loses.
		...fieldAttributes("tool.input", input),
		...fieldAttributes("tool.response", response),
	};
}

export function agentAttributes(agent: AgentEpisode): Attributes {
	return {
		"gen_ai.operation.name": "invoke_agent",
		"gen_ai.agent.name": agent.type,
		"gen_ai.agent.id": agent.agentId,
		"agent.background": agent.background,
		"agent.depth": agent.depth,
		"agent.status": agent.status,
		...totalsAttributes(agent.totals),
	};
}

export function compactionAttributes(compaction: CompactionEpisode): Attributes {
	return {
		"compaction.trigger": compaction.trigger,
		"compaction.pre_tokens": compaction.preTokens,
		"compaction.post_tokens": compaction.postTokens,
		duration_ms: compaction.durationMs,
	};
}
