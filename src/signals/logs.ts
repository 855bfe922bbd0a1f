// Episodes and moments → log records, each in the span that it tells of. Bodies are sentences without content.
import { type Logger, ROOT_CONTEXT, SeverityNumber, trace } from "@opentelemetry/api";
import type { Episode, Moment, Place, Ref } from "../model/episode.ts";
import { matchWildcard } from "../model/wildcard.ts";
import {
	type Attributes,
	defined,
	placeAttributes,
	providerAttributes,
	type Semconv,
	totalsAttributes,
	usd,
} from "./attributes.ts";
import { agentAttributes, chatAttributes, compactionAttributes, toolAttributes } from "./episode-attributes.ts";
import type { RecordName } from "./names.ts";
import { type Spans, timeOf } from "./spans.ts";

export interface LogOptions {
	logger: Logger;
	spans: Spans;
	runId: string;
	semconv: Semconv;
	extra: Record<string, string>;
	/** Patterns of models that are not to be used; `*` stands for any characters. */
	deniedModels: readonly string[];
}

export interface Logs {
	episode(episode: Episode): void;
	moment(moment: Moment): void;
}

interface Entry {
	name: RecordName;
	at: number;
	/** The span it tells of. */
	span: Ref;
	place: Place;
	/** Within the run. */
	uid: string;
	body: string;
	severity?: SeverityNumber;
	attributes?: Attributes;
}

export function createLogs(options: LogOptions): Logs {
	const { logger, spans, runId, semconv } = options;
	const denied = options.deniedModels.map((pattern) => ({ pattern, matches: matchWildcard(pattern) }));

	function emit(entry: Entry): void {
		const { name, at, span, place, uid, body, severity = SeverityNumber.INFO } = entry;
		logger.emit({
			eventName: name,
			timestamp: timeOf(at),
			severityNumber: severity,
			severityText: severity >= SeverityNumber.ERROR ? "ERROR" : severity >= SeverityNumber.WARN ? "WARN" : "INFO",
			body,
			attributes: defined({
				...(options.extra as Attributes),
				"event.name": name,
				// Other runs have a first session, and things of the same millisecond, too.
				"log.record.uid": `${runId}:${uid}`,
				...placeAttributes(place),
				...entry.attributes,
			}),
			context: trace.setSpanContext(ROOT_CONTEXT, spans.contextOf(span, place)),
		});
	}

	function episode(it: Episode): void {
		const own = { at: it.end, span: it.ref, place: it };
		switch (it.kind) {
			case "session": {
				const { endReason, exitCode, totals } = it;
				const attributes: Attributes = {
					"session.end_reason": endReason,
					exit_code: exitCode,
					"session.duration_ms": it.end - it.start,
					turns: it.turns,
					...totalsAttributes(totals),
				};
				emit({ ...own, name: "session.end", uid: `session.end:${it.session}`, body: "The session ended.", attributes });
				break;
			}
			case "chat":
				emitChat(it);
				break;
			case "tool":
				if (!it.excluded) emitTool(it);
				break;
			case "agent": {
				const attributes = agentAttributes(it);
				const uid = `agent.end:${it.agentId}:${it.ref.kind === "agent" ? it.ref.n : 0}`;
				emit({ ...own, name: "agent.end", uid, body: "A subagent ended.", attributes });
				break;
			}
			case "compaction": {
				const id = it.ref.kind === "compaction" ? it.ref.id : "";
				const attributes = compactionAttributes(it);
				emit({ ...own, name: "compaction", uid: `compaction:${id}`, body: "The context was compacted.", attributes });
				break;
			}
			case "turn":
			case "wait":
				break;
			default:
				it satisfies never;
		}
	}

	function emitChat(chat: Extract<Episode, { kind: "chat" }>): void {
		const own = { at: chat.end, span: chat.ref, place: chat };
		const key = chat.ref.kind === "chat" ? chat.ref.key : "";
		if (chat.errorType !== undefined) {
			const attributes = chatAttributes(chat, semconv);
			const body = "A model request failed.";
			emit({ ...own, name: "api.error", uid: `api.error:${key}`, body, severity: SeverityNumber.ERROR, attributes });
		} else if (chat.answer) {
			const attributes: Attributes = {
				...providerAttributes(semconv),
				"request.id": chat.requestId,
				query_source: chat.querySource,
				"response.length": chat.answer.bytes,
				"response.preview": chat.answer.text,
			};
			emit({ ...own, name: "assistant.response", uid: `answer:${key}`, body: "The model answered.", attributes });
		}
		const used = [chat.responseModel, chat.requestedModel].filter((model) => model !== undefined);
		const broken = denied.flatMap(({ pattern, matches }) =>
			used.filter(matches).map((model) => ({ pattern, model })),
		)[0];
		if (broken === undefined) return;
		const attributes: Attributes = { "policy.pattern": broken.pattern, "model.to": broken.model };
		const body = "A model was used that the policy denies.";
		emit({ ...own, name: "model.denied", uid: `model.denied:${key}`, body, severity: SeverityNumber.WARN, attributes });
	}

	function emitTool(tool: Extract<Episode, { kind: "tool" }>): void {
		const own = { at: tool.end, span: tool.ref, place: tool };
		const attributes = toolAttributes(tool);
		const severity =
			tool.status === "error"
				? SeverityNumber.ERROR
				: tool.status === "denied"
					? SeverityNumber.WARN
					: SeverityNumber.INFO;
		const uid = tool.toolUseId;
		emit({ ...own, name: "tool.call", uid: `tool.call:${uid}`, body: "A tool call ended.", severity, attributes });
		if (tool.status === "error") {
			emit({ ...own, name: "tool.error", uid: `tool.error:${uid}`, body: "A tool call failed.", severity, attributes });
		}
		const decision = decisionOn(tool);
		if (decision === undefined) return;
		const refused = decision === "reject";
		emit({
			...own,
			name: "permission.decision",
			uid: `permission:${uid}`,
			body: refused ? "A tool call was refused." : "A tool call was allowed.",
			severity: refused ? SeverityNumber.WARN : SeverityNumber.INFO,
			attributes: {
				"tool.name": tool.toolName,
				"tool.use_id": tool.toolUseId,
				"tool.decision": decision,
				"tool.decision_source": tool.decisionSource,
				"input.summary": tool.contents.input?.summary,
			},
		});
	}

	function moment(it: Moment): void {
		const own = { at: it.at, span: it.parent, place: it, uid: it.uid };
		switch (it.kind) {
			case "session.start":
				emit({ ...own, name: it.kind, body: "A session began.", attributes: { "session.source": it.source } });
				break;
			case "user.prompt": {
				const attributes: Attributes = {
					"turn.synthetic": it.synthetic,
					"prompt.length": it.prompt?.bytes,
					"prompt.preview": it.prompt?.text,
				};
				emit({ ...own, name: it.kind, body: "A prompt was submitted.", attributes });
				break;
			}
			case "api.retry": {
				const attributes: Attributes = {
					"error.type": it.errorType,
					"http.response.status_code": it.httpStatus,
					"request.id": it.requestId,
					"retry.attempt": it.attempt,
					"retry.max_attempts": it.maxAttempts,
					"retry.wait_ms": it.waitMs,
					"error.message": it.error?.text ?? it.error?.summary,
				};
				const body = "A model request failed and will be tried again.";
				emit({ ...own, name: it.kind, body, severity: SeverityNumber.WARN, attributes });
				break;
			}
			case "agent.start": {
				const attributes: Attributes = { "gen_ai.agent.name": it.type, "gen_ai.agent.id": it.agentId };
				emit({ ...own, name: it.kind, body: "A subagent began.", attributes });
				break;
			}
			case "model.switch": {
				const attributes: Attributes = { "model.from": it.from, "model.to": it.to, "model.switch_reason": it.reason };
				emit({ ...own, name: it.kind, body: "The model was switched.", attributes });
				break;
			}
			case "notification":
				emit({
					...own,
					name: it.kind,
					body: "Claude Code notified the user.",
					attributes: { "notification.type": it.notificationType },
				});
				break;
			case "api.refusal": {
				const attributes: Attributes = { "request.id": it.requestId, model: it.model };
				const body = "The model declined to answer.";
				emit({ ...own, name: it.kind, body, severity: SeverityNumber.WARN, attributes });
				break;
			}
			case "permission.mode_changed": {
				const attributes: Attributes = {
					"permission_mode.from": it.from,
					"permission_mode.to": it.to,
					"permission_mode.reason": it.reason,
				};
				emit({ ...own, name: it.kind, body: "The permission mode changed.", attributes });
				break;
			}
			case "mcp.connection": {
				const attributes: Attributes = {
					"mcp.status": it.status,
					"mcp.server.name": it.server,
					"mcp.transport": it.transport,
					duration_ms: it.durationMs,
				};
				const severity = it.status === "failed" ? SeverityNumber.WARN : SeverityNumber.INFO;
				emit({ ...own, name: it.kind, body: "A connection to an MCP server changed.", severity, attributes });
				break;
			}
			case "context.threshold": {
				const attributes: Attributes = {
					model: it.model,
					"context.used_ratio": it.usedRatio,
					"context.threshold": it.threshold,
				};
				const body = "The context window filled up to a threshold.";
				emit({ ...own, name: it.kind, body, severity: SeverityNumber.WARN, attributes });
				break;
			}
			case "cost.drift": {
				if (!it.notable) break;
				const attributes: Attributes = {
					model: it.model,
					"cost.own_usd": usd(it.ownPicoUsd),
					"cost.client_usd": usd(it.clientPicoUsd),
					"cost.drift_usd": usd(it.ownPicoUsd - it.clientPicoUsd),
				};
				const body = "Our count of the session's cost and the client's differ.";
				emit({ ...own, name: it.kind, body, severity: SeverityNumber.WARN, attributes });
				break;
			}
			default:
				it satisfies never;
		}
	}

	return { episode, moment };
}

/** What was decided on a call that was refused, or that a person was asked about; nothing where the answer never came. */
function decisionOn({ status, asked, decision }: Extract<Episode, { kind: "tool" }>): string | undefined {
	if (status === "denied") return "reject";
	if (!asked) return undefined;
	return decision ?? (status === "ok" || status === "error" ? "accept" : undefined);
}
