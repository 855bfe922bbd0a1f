// What a transcript tells since the start of a run that was killed → what of it is that run's. Other runs may have gone on with
// its session, or have been in it before, and several claudes can write to one transcript at a time: a prompt that was asked
// before the next run began stays the killed one's until its claude has ended, and what others told is theirs.
import type { Fact, RawFact } from "../model/fact.ts";
import type { Journal } from "../store/journal.ts";
import type { OtherRun } from "../store/store.ts";
import { createToldElsewhere, nameOf } from "./told-elsewhere.ts";

/** @param others runs in the same session, oldest first */
export function ownFacts(
	facts: readonly RawFact[],
	startedAt: number,
	journal: Journal,
	others: readonly OtherRun[],
): RawFact[] {
	const earlier = others.filter((run) => run.startedAt <= startedAt);
	const later = others.filter((run) => run.startedAt > startedAt);
	return withoutLater(withoutEarlier(facts, startedAt, earlier), journal, later);
}

/** What the session's earlier runs have told of the time since is theirs. */
function withoutEarlier(
	facts: readonly RawFact[],
	startedAt: number,
	earlier: readonly OtherRun[],
): readonly RawFact[] {
	const theirs = earlier.flatMap((run) => [...run.facts(startedAt)]).filter(({ sessionId }) => sessionId !== "");
	const prompts = new Set(theirs.flatMap(({ promptId }) => promptId ?? []));
	const agents = new Set(theirs.flatMap(({ agentId }) => agentId ?? []));
	if (prompts.size === 0) return facts;
	const isTold = createToldElsewhere(theirs);
	return facts.filter((fact) => {
		// The ledger is that of both.
		if (fact.kind === "cost.state") return fact.baseline;
		if (prompts.has(fact.promptId ?? "") || agents.has(fact.agentId ?? "")) return false;
		return nameOf(fact) === undefined || !isTold(fact);
	});
}

/** What the session's later runs have told, or will tell, is theirs. */
function withoutLater(facts: readonly RawFact[], journal: Journal, later: readonly OtherRun[]): RawFact[] {
	const [first] = later;
	if (first === undefined) return [...facts];
	const open = later.find(({ ended }) => !ended)?.startedAt ?? Number.POSITIVE_INFINITY;
	const isTold = createToldElsewhere(later.flatMap((run) => [...run.facts()]));
	const own = promptsOf(facts, first.startedAt, journal);
	const isOwn = (fact: RawFact) => timeOf(fact) < open || own.has(fact.promptId ?? "");
	return facts.filter((fact) => timeOf(fact) < first.startedAt || (isOwn(fact) && !isTold(fact)));
}

/** Those that were asked before the next run began, and those that its claude itself has named. */
function promptsOf(facts: readonly RawFact[], before: number, journal: Journal): Set<string> {
	const prompts = new Set<string>();
	const note = ({ promptId }: Fact | RawFact) => promptId !== undefined && prompts.add(promptId);
	for (const fact of facts) if (fact.kind === "prompt.submitted" && fact.at < before) note(fact);
	for (const entry of journal.entries()) {
		if (entry.kind === "fact" && entry.fact.source !== "transcript") note(entry.fact);
	}
	return prompts;
}

function timeOf(fact: RawFact): number {
	return fact.kind === "cost.state" ? (fact.after ?? fact.at) : fact.at;
}
