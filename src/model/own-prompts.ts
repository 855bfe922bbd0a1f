// Facts in, those of this run's own claude out: another claude can go on with the same session beside it, and then writes
// into the same transcript. Of this claude's prompts and agents the hooks tell too, or Claude Code's own telemetry; what
// the transcript alone has named waits, and is another's where nobody else ever names it.
import type { Fact, FactOf } from "./fact.ts";
import { FOREIGN_AFTER_MS, NAME_SKEW_MS, REMEMBERED_IDS_MAX, UNNAMED_FACTS_MAX } from "./limits.ts";

export interface OwnPrompts {
	/** What is known to be this run's by this fact: itself, what has waited for it, or nothing yet. */
	admit(fact: Fact): Fact[];
	/** No fact comes any more: what has waited and counts as this run's. */
	rest(): Fact[];
}

/** What one prompt, or one agent, waits with. */
interface Waiting {
	at: number;
	isForeign: boolean;
}

/** @param onForeign a fact is another claude's, and is left out */
export function createOwnPrompts(onForeign: () => void): OwnPrompts {
	/** Ids of prompts and agents that somebody beside the transcript names. */
	const named = new Set<string>();
	const unnamed = new Map<string, Waiting>();
	let waiting: Fact[] = [];
	/** Sessions in which another claude was at work: whose their ledgers are, nobody says. */
	const shared = new Set<string>();
	/** Who names all prompts of this claude, and the last that was heard of him. */
	const hooks = { isHeard: false, until: Number.NEGATIVE_INFINITY };
	const native = { isHeard: false, until: Number.NEGATIVE_INFINITY };
	let isNativeDue = false;
	/** When each prompt was submitted, by hooks. One that is queued is told so under the id of the prompt that is answered meanwhile. */
	const submitted = new Map<string, Set<number>>();
	let queuedTaken = 0;
	let end: FactOf<"run.ended"> | undefined;

	function admit(fact: Fact): Fact[] {
		if (fact.kind === "run.started") isNativeDue = fact.native === true;
		if (fact.kind === "run.ended") end = fact;
		if (fact.source !== "transcript") return [fact, ...name(fact)];
		if (fact.kind === "cost.state" && !fact.baseline) return admitLedger(fact);
		if (isOwn(fact)) return [fact, ...nameWith(fact)];
		return hold(fact);
	}

	function isOwn(fact: Fact): boolean {
		const { promptId, agentId, kind } = fact;
		if (promptId === undefined && agentId === undefined) return true;
		if (isNamed(promptId) || isNamed(agentId)) return true;
		if (isNativeDue || native.isHeard) return false;
		// Of commands of Claude Code's own (/compact) no hook tells.
		return !hooks.isHeard || (kind !== "prompt.submitted" && !unnamed.has(keyOf(fact)));
	}

	function isNamed(id: string | undefined): boolean {
		return id !== undefined && named.has(id);
	}

	function name(fact: Fact): Fact[] {
		listen(fact);
		const ids = [fact.promptId, fact.agentId].filter((id) => id !== undefined && !named.has(id));
		if (fact.kind === "session.ended" && unnamed.has(fact.promptId ?? "")) nameAll();
		for (const id of ids) remember(id as string);
		return ids.length === 0 ? [] : release();
	}

	function nameWith(fact: Fact): Fact[] {
		const ids = namedBy(fact).filter((id) => !named.has(id));
		for (const id of ids) remember(id);
		return ids.length === 0 ? [] : release();
	}

	/** Its last prompt is named at its end alone: the doors were shut meanwhile, and what waits is its own. */
	function nameAll(): void {
		for (const [key, { isForeign }] of unnamed) if (!isForeign) remember(key);
	}

	function remember(id: string): void {
		unnamed.delete(id);
		named.add(id);
		if (named.size > REMEMBERED_IDS_MAX) named.delete(named.values().next().value as string);
	}

	/** With -p no hook tells of prompts. */
	function listen({ source, kind, promptId, at }: Fact): void {
		if (promptId === undefined) return;
		if (source === "native") native.isHeard = true;
		if (source === "hook" && kind === "prompt.submitted") {
			hooks.isHeard = true;
			submitted.set(promptId, (submitted.get(promptId) ?? new Set()).add(at));
			if (submitted.size > REMEMBERED_IDS_MAX) submitted.delete(submitted.keys().next().value as string);
		}
		const witness = source === "native" ? native : hooks;
		witness.until = Math.max(witness.until, at);
	}

	function hold(fact: Fact): Fact[] {
		const key = keyOf(fact);
		const { at, isForeign } = unnamed.get(key) ?? { at: fact.at, isForeign: false };
		unnamed.set(key, { at: Math.min(at, fact.at), isForeign });
		waiting.push(fact);
		if (isForeign || isPassedOver(key, FOREIGN_AFTER_MS)) {
			if (!takeQueued(key)) leaveOut(key);
			else return release();
		}
		if (waiting.length <= UNNAMED_FACTS_MAX) return [];
		if (hooks.isHeard || native.isHeard) leaveOut(keyOf(waiting[0] as Fact));
		// Nobody ever named a prompt: the transcript tells alone.
		else isNativeDue = false;
		return release();
	}

	/** Who names all prompts went on telling when it had begun, and did not name it. */
	function isPassedOver(key: string, withinMs: number): boolean {
		const at = unnamed.get(key)?.at ?? Number.POSITIVE_INFINITY;
		return [hooks, native].some(({ isHeard, until }) => isHeard && until > at + withinMs);
	}

	/** One that was queued may be answered under an id that no hook names: as many as were queued are this claude's. */
	function takeQueued(key: string): boolean {
		if (native.isHeard || unnamed.get(key)?.isForeign === true || isAgent(key)) return false;
		const queued = [...submitted.values()].reduce((sum, times) => sum + times.size - 1, 0);
		if (queued <= queuedTaken) return false;
		queuedTaken++;
		remember(key);
		return true;
	}

	function isAgent(key: string): boolean {
		return waiting.some(({ agentId }) => agentId === key);
	}

	function leaveOut(key: string): void {
		const known = unnamed.get(key);
		if (known) known.isForeign = true;
		const [others, rest] = partition(waiting, (fact) => !isLedger(fact) && keyOf(fact) === key);
		waiting = rest;
		for (const { sessionId } of others) {
			shared.add(sessionId);
			onForeign();
		}
	}

	/** Behind prompts that are nobody's yet it can be another's. */
	function admitLedger(fact: FactOf<"cost.state">): Fact[] {
		if (shared.has(fact.sessionId)) onForeign();
		else if (isInDoubt(fact.sessionId)) waiting.push(fact);
		else return [fact];
		return [];
	}

	function isInDoubt(sessionId: string): boolean {
		return waiting.some((fact) => fact.sessionId === sessionId && !isLedger(fact));
	}

	/** In the order in which they came, ledgers last. */
	function release(): Fact[] {
		const released: Fact[] = [];
		for (;;) {
			const [ours, rest] = partition(waiting, (fact) => !isLedger(fact) && isOwn(fact));
			if (ours.length === 0) return [...released, ...releaseLedgers()];
			waiting = rest;
			released.push(...ours);
			for (const id of ours.flatMap(namedBy)) remember(id);
		}
	}

	function releaseLedgers(): Fact[] {
		const [due, rest] = partition(waiting, (fact) => isLedger(fact) && !isInDoubt(fact.sessionId));
		waiting = rest;
		const [others, ours] = partition(due, ({ sessionId }) => shared.has(sessionId));
		for (const _ of others) onForeign();
		return ours;
	}

	function rest(): Fact[] {
		// What a claude tells that was killed may be lost on its way to us.
		const isWhole = end?.exitCode !== undefined && end.signal === undefined;
		const isAllNamed = isWhole && (hooks.isHeard || native.isHeard);
		for (const [key, { isForeign }] of [...unnamed].toSorted(([, a], [, b]) => a.at - b.at)) {
			const isOthers = isForeign || isAllNamed || isPassedOver(key, NAME_SKEW_MS);
			if (!isOthers) remember(key);
			else if (!takeQueued(key)) leaveOut(key);
		}
		return release();
	}

	return { admit, rest };
}

/** The prompt in an agent's file can be known before the agent is; of prompts that are answered together, the last alone is. */
function namedBy(fact: Fact): string[] {
	const together = fact.kind === "prompt.submitted" ? fact.together : undefined;
	return [fact.agentId, together].filter((id) => id !== undefined);
}

/** The agent in whose file it stands, else its prompt. */
function keyOf({ agentId, promptId }: Fact): string {
	return agentId ?? promptId ?? "";
}

function isLedger({ kind }: Fact): boolean {
	return kind === "cost.state";
}

function partition(facts: readonly Fact[], belongs: (fact: Fact) => boolean): [Fact[], Fact[]] {
	const taken: Fact[] = [];
	const left: Fact[] = [];
	for (const fact of facts) (belongs(fact) ? taken : left).push(fact);
	return [taken, left];
}
