// What the client's own ledger counts beyond the answered messages: compactions and attempts that were cut.
import type { FactOf, Usage } from "./fact.ts";
import type { ChatState } from "./state.ts";
import type { Stores } from "./stores.ts";
import { addUsage, cacheCreation, isZeroUsage, NO_USAGE, subtractUsage } from "./usage.ts";

export interface Ledger {
	models: FactOf<"cost.state">["models"];
	/** What was in it before this run. */
	before: FactOf<"cost.state">["models"];
	/** Native telemetry told it, and not for how long caches were written. */
	native: boolean;
}

/**
 * The one that was written into the transcript, else native telemetry's. The first cannot be read where none was written, or
 * where the session was taken up without the ledger of its earlier runs (a fork copies no ledger but goes on counting in it).
 */
export function ledgerOf(stores: Stores, sessionId: string): Ledger | undefined {
	const session = stores.sessions.get(sessionId);
	const fresh = (stores.run?.sessionSource ?? "startup") === "startup";
	if (session?.ledger && (fresh || session.baseline))
		return { models: session.ledger.models, before: session.baseline?.models ?? {}, native: false };
	return session?.nativeLedger && { models: session.nativeLedger.models, before: {}, native: true };
}

/** Per model: ledger at the end, minus ledger before this run, minus the answered messages of this run. */
export function residualOf(
	{ models, before, native }: Ledger,
	answered: ReadonlyMap<string, Usage>,
): Map<string, Usage> {
	const residual = new Map<string, Usage>();
	for (const [model, total] of Object.entries(models)) {
		const told = answered.get(model) ?? NO_USAGE;
		const rest = subtractUsage(subtractUsage(total, before[model] ?? NO_USAGE), native ? withoutTerms(told) : told);
		if (!isZeroUsage(rest)) residual.set(model, rest);
	}
	return residual;
}

/** As native telemetry tells it. */
export function withoutTerms(usage: Usage): Usage {
	return { ...usage, cacheCreation5m: cacheCreation(usage), cacheCreation1h: 0 };
}

/** Adds a message to the answered ones of its session, under the name that the ledger uses for its model. */
export function addAnswered(answered: Map<string, Usage>, chat: ChatState, stores: Stores): void {
	const models = ledgerOf(stores, chat.sessionId)?.models;
	const asked = chat.requestedModel.value;
	const model = models !== undefined && !(asked in models) ? chat.responseModel.value : asked;
	answered.set(model, addUsage(answered.get(model) ?? NO_USAGE, chat.usage));
}
