// The result of one call, as the transcript has it → how the call ended.
import type { RawFact } from "../../model/fact.ts";
import { bytesOf, contentOf } from "../content.ts";
import { asObject, asString, compact, type JsonObject } from "../json.ts";
import { classifyToolError } from "../tool-error.ts";
import { type Seen, textOf } from "./lane.ts";

export function readToolResult(block: JsonObject, record: JsonObject, seen: Seen): RawFact {
	const decision = asObject(record.permissionDecision);
	const outcome = readOutcome(block, record, decision);
	const failed = block.is_error === true;
	const text = textOf(block.content);
	const response = asObject(record.toolUseResult);
	const revived = /"resumedAgentId":"([\w-]+)"/.exec(text.slice(0, 2000))?.[1];
	return compact({
		...seen,
		kind: "tool.ended" as const,
		toolUseId: asString(block.tool_use_id) ?? "",
		outcome,
		...(outcome === "error" ? classifyToolError(text.replace(/^<tool_use_error>/, ""), undefined) : {}),
		decision: asString(decision?.decision),
		decisionSource: asString(decision?.source) ?? (outcome === "denied" ? asString(record.toolDenialKind) : undefined),
		startedAgentId: asString(response?.agentId),
		revivedAgentId: asString(response?.resumedAgentId) ?? revived,
		background: response?.status === "async_launched" || response?.backgroundTaskId !== undefined || undefined,
		stdoutBytes: bytesOf(response?.stdout),
		stderrBytes: bytesOf(response?.stderr),
		content: compact({
			error: failed ? contentOf(text.replace(/^<tool_use_error>(.*)<\/tool_use_error>$/s, "$1")) : undefined,
			response: failed ? undefined : contentOf(record.toolUseResult ?? block.content),
		}),
	});
}

/**
 * A refusal names its kind. A call that is stopped while it runs is recorded as rejected by the user too, but
 * without a decision and without `toolDenialBeforeRun` (observed on 2.1.330).
 */
function readOutcome(
	block: JsonObject,
	record: JsonObject,
	decision: JsonObject | undefined,
): "ok" | "error" | "denied" | "interrupted" {
	if (decision?.decision === "reject") return "denied";
	if (record.toolDenialKind === undefined) return block.is_error === true ? "error" : "ok";
	const stopped = record.toolDenialKind === "user-rejected" && decision === undefined;
	const refused = record.toolDenialBeforeRun === true || record.userFeedback !== undefined;
	return stopped && !refused ? "interrupted" : "denied";
}
