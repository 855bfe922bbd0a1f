// One hook payload → the facts that it proves. Unknown events become nothing, absent fields stay absent.
import { createHmac } from "node:crypto";
import type { Json, RawFact } from "../model/fact.ts";
import { bytesOf, contentOf } from "./content.ts";
import type { HookBody } from "./hook-body.ts";
import { asArray, asDuration, asObject, asString, compact, type JsonObject } from "./json.ts";
import { classifyToolError } from "./tool-error.ts";

/** As much of an input as tells two calls apart; a longer one is the same in PreToolUse and PermissionRequest up to here. */
const DIGEST_INPUT_CHARS = 16_384;

export interface HookContext {
	/** Per-run key of the input digests. */
	digestKey: Uint8Array;
}

export function readHookPayload(body: HookBody, context: HookContext): RawFact[] {
	const json: JsonObject = body.json;
	const sessionId = asString(json.session_id);
	const event = asString(json.hook_event_name);
	if (sessionId === undefined || event === undefined) return [];
	const seen = compact({
		source: "hook" as const,
		at: body.at,
		sessionId,
		promptId: asString(json.prompt_id),
		agentId: asString(json.agent_id),
		cwd: asString(json.cwd),
		permissionMode: asString(json.permission_mode),
	});
	const toolName = asString(json.tool_name) ?? "";
	const toolUseId = asString(json.tool_use_id);
	const mcpServer = asString(asObject(json.mcp_server)?.name);
	const input = contentOf(json.tool_input, body.cut?.tool_input);
	const inputDigest = () => digestInput(context.digestKey, toolName, json.tool_input);

	switch (event) {
		case "SessionStart":
			return [{ ...seen, kind: "session.seen", ...sessionSource(json) }];
		case "SessionEnd":
			return [{ ...seen, kind: "session.ended", reason: asString(json.reason) ?? "other" }];
		case "UserPromptSubmit": {
			if (seen.promptId === undefined) return [];
			const prompt = contentOf(json.prompt, body.cut?.prompt);
			const synthetic = typeof json.prompt === "string" && json.prompt.startsWith("<task-notification>");
			return [
				compact({
					...seen,
					kind: "prompt.submitted" as const,
					promptId: seen.promptId,
					synthetic,
					content: prompt && { prompt },
				}),
			];
		}
		case "Stop":
			return [{ ...seen, kind: "turn.stopped" }];
		case "StopFailure":
			return [{ ...seen, kind: "turn.stopped", errorType: asString(json.error) ?? "unknown" }];
		case "PreToolUse":
			if (toolUseId === undefined) return [];
			return [
				compact({
					...seen,
					kind: "tool.started" as const,
					toolUseId,
					toolName,
					mcpServer,
					inputDigest: inputDigest(),
					content: input && { input },
				}),
			];
		case "PostToolUse":
			if (toolUseId === undefined) return [];
			return [
				compact({
					...seen,
					kind: "tool.ended" as const,
					toolUseId,
					toolName,
					mcpServer,
					inputDigest: inputDigest(),
					outcome: "ok" as const,
					durationMs: asDuration(json.duration_ms),
					...readToolResponse(toolName, json, body.cut?.tool_response !== undefined),
					content: compact({ input, response: contentOf(json.tool_response, body.cut?.tool_response) }),
				}),
			];
		case "PostToolUseFailure": {
			if (toolUseId === undefined) return [];
			const text = asString(json.error) ?? "";
			const interrupted = json.is_interrupt === true;
			return [
				compact({
					...seen,
					kind: "tool.ended" as const,
					toolUseId,
					toolName,
					mcpServer,
					inputDigest: inputDigest(),
					outcome: interrupted ? ("interrupted" as const) : ("error" as const),
					durationMs: asDuration(json.duration_ms),
					...(interrupted ? {} : classifyToolError(text, toolName)),
					content: compact({ input, error: contentOf(text, body.cut?.error) }),
				}),
			];
		}
		case "PostToolBatch":
			return [{ ...seen, kind: "tool.batch", calls: readCalls(json.tool_calls) }];
		case "PermissionRequest":
			return [
				{
					...seen,
					kind: "permission.asked",
					toolName,
					inputDigest: inputDigest(),
				},
			];
		case "PermissionDenied":
			return toolUseId === undefined ? [] : [{ ...seen, kind: "permission.denied", toolUseId, toolName }];
		case "SubagentStart":
		case "SubagentStop": {
			const agentType = asString(json.agent_type);
			// Compaction fires a SubagentStop of an agent that never was: its type is empty.
			if (seen.agentId === undefined || agentType === undefined) return [];
			const kind = event === "SubagentStart" ? ("agent.started" as const) : ("agent.stopped" as const);
			return [{ ...seen, kind, agentId: seen.agentId, agentType }];
		}
		case "PostModelSwitch":
			return [
				compact({
					...seen,
					kind: "model.switched" as const,
					from: asString(json.from_model) ?? "",
					to: asString(json.to_model) ?? "",
					reason: asString(json.source),
				}),
			];
		case "Notification":
			return [{ ...seen, kind: "notified", notificationType: asString(json.notification_type) ?? "other" }];
		default:
			return [];
	}
}

function sessionSource(json: JsonObject): { sessionSource?: "startup" | "resume" | "clear" | "fork" | "compact" } {
	const source = json.source;
	return source === "startup" || source === "resume" || source === "clear" || source === "fork" || source === "compact"
		? { sessionSource: source }
		: {};
}

/** HMAC of tool name and input: the only thing that PermissionRequest and its call have in common. */
function digestInput(key: Uint8Array, toolName: string, input: Json | undefined): string {
	const text = JSON.stringify(input ?? null).slice(0, DIGEST_INPUT_CHARS);
	return createHmac("sha256", key).update(`${toolName}\0${text}`).digest("hex").slice(0, 32);
}

function readToolResponse(toolName: string, json: JsonObject, cut: boolean) {
	const response = asObject(json.tool_response);
	const input = asObject(json.tool_input);
	if (toolName === "Agent" || toolName === "Task") {
		return compact({
			startedAgentId: asString(response?.agentId),
			background: response?.status === "async_launched" || response?.isAsync === true || undefined,
		});
	}
	if (toolName === "SendMessage") return compact({ revivedAgentId: asString(response?.resumedAgentId) });
	if (toolName !== "Bash") return {};
	const background = input?.run_in_background === true || response?.backgroundTaskId !== undefined;
	return compact({
		background: background || undefined,
		exitCode: background ? undefined : 0,
		stdoutBytes: cut ? undefined : bytesOf(response?.stdout),
		stderrBytes: cut ? undefined : bytesOf(response?.stderr),
	});
}

function readCalls(calls: Json | undefined): { toolUseId: string; toolName: string }[] {
	return asArray(calls).flatMap((call) => {
		const toolUseId = asString(asObject(call)?.tool_use_id);
		return toolUseId === undefined ? [] : [{ toolUseId, toolName: asString(asObject(call)?.tool_name) ?? "" }];
	});
}
