// What later runs of a session were told → whether a fact of its transcript, read again, is theirs to tell. Several
// claudes can write to one transcript at a time, so the time alone does not say whose a record is.
import type { Fact, RawFact } from "../model/fact.ts";

/** A fact that has no name of its own, or only says how something went on, is theirs. */
export function createToldElsewhere(theirs: Iterable<Fact>): (fact: RawFact) => boolean {
	const told = new Set<string>();
	for (const fact of theirs) {
		const name = nameOf(fact);
		if (name !== undefined && !fact.kind.startsWith("turn.")) told.add(name);
	}
	return (fact) => {
		const name = nameOf(fact);
		return name === undefined || told.has(name);
	};
}

/** Undefined where it has none of its own. */
export function nameOf(fact: Fact | RawFact): string | undefined {
	switch (fact.kind) {
		case "message.seen":
			return `message ${fact.messageId}`;
		case "tool.requested":
		case "tool.started":
		case "tool.ended":
			return `tool ${fact.toolUseId}`;
		case "prompt.submitted":
		case "turn.stopped":
		case "turn.interrupted":
		case "turn.read":
		case "turn.active":
			return fact.promptId === undefined ? undefined : `prompt ${fact.promptId}`;
		case "request.failed":
		case "request.retried":
		case "compacted":
			return `${fact.kind} ${fact.id}`;
		case "agent.started":
		case "agent.stopped":
		case "agent.read":
			return `agent ${fact.agentId}`;
		default:
			return undefined;
	}
}
