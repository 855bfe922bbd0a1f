// Facts of what was handed on already: they change nothing any more, and are counted.
import type { Fact } from "./fact.ts";
import type { HandOn } from "./hand-on/hand-on.ts";
import type { Stores } from "./stores.ts";

/** What native telemetry tells of calls comes seconds later, and hooks or transcript have told it before. */
export function isRepetition(fact: Fact): boolean {
	return fact.source === "native" && (fact.kind === "tool.ended" || fact.kind === "tool.decided");
}

/** Markers that change nothing of what was handed on are not late. */
export function isLate(fact: Fact, handOn: HandOn, stores: Stores): boolean {
	switch (fact.kind) {
		case "message.seen":
			if (handOn.isDone(`chat:${fact.messageId}`)) return true;
			return fact.partial !== true && fact.requestId !== undefined && handOn.isDone(`request:${fact.requestId}`);
		case "request.answered":
			return handOn.isDone(`request:${fact.requestId}`);
		case "request.failed":
			return handOn.isDone(`failure:${fact.id}`);
		case "tool.requested":
		case "tool.started":
		case "tool.ended":
		case "tool.decided":
		case "permission.denied":
			return handOn.isDone(`tool:${fact.toolUseId}`);
		case "compacted":
			return handOn.isDone(`compaction:${fact.id}`);
		case "turn.stopped":
		case "turn.interrupted":
			return (
				fact.source === "hook" && fact.promptId !== undefined && stores.turns.get(fact.promptId)?.handedOn === true
			);
		default:
			return false;
	}
}
