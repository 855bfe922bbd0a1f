// Facts that are told as they are → moments at their place.
import type { Moment } from "../episode.ts";
import type { Fact } from "../fact.ts";
import type { Places } from "../places.ts";
import type { LaneTold } from "../state.ts";
import { placeOnly } from "./handover.ts";

export function momentOf(places: Places, fact: Fact, lane: LaneTold, uid: string): Moment {
	const at = { ...placeOnly(places.locate(lane, fact.at)), at: fact.at, uid };
	switch (fact.kind) {
		case "request.retried": {
			const { errorType, requestId, attempt, maxAttempts, waitMs } = fact;
			return {
				...at,
				kind: "api.retry",
				errorType,
				httpStatus: fact.status,
				requestId,
				attempt,
				maxAttempts,
				waitMs,
				model: fact.model,
				error: fact.content?.error,
			};
		}
		case "model.switched":
			return { ...at, kind: "model.switch", from: fact.from, to: fact.to, reason: fact.reason };
		case "notified":
			return { ...at, kind: "notification", notificationType: fact.notificationType };
		case "request.refused":
			return { ...at, kind: "api.refusal", requestId: fact.requestId, model: fact.model };
		case "mode.changed":
			return { ...at, kind: "permission.mode_changed", from: fact.from, to: fact.to, reason: fact.reason };
		case "mcp.connection": {
			const { status, mcpServer: server, transport, durationMs } = fact;
			return { ...at, kind: "mcp.connection", status, server, transport, durationMs };
		}
		default:
			throw new Error(`${fact.kind} is no moment`);
	}
}
