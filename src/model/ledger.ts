// What the client's own ledger counts beyond the answered messages: compactions and attempts that were cut.
import type { Usage } from "./fact.ts";
import type { ChatState } from "./state.ts";
import type { Stores } from "./stores.ts";
import { addUsage, isZeroUsage, NO_USAGE, subtractUsage } from "./usage.ts";

/**
 * Per model: ledger at the end, minus ledger before this run, minus the answered messages of this run.
 * Undefined where the ledger cannot be read that way: none was written, or the session was taken up
 * without the ledger of its earlier runs (a fork copies no ledger but goes on counting in it).
 */
export function residualOf(
	stores: Stores,
	sessionId: string,
	answered: ReadonlyMap<string, Usage>,
): Map<string, Usage> | undefined {
	const session = stores.sessions.get(sessionId);
	const source = stores.run?.sessionSource ?? "startup";
	if (!session?.ledger || (source !== "startup" && !session.baseline)) return undefined;
	const residual = new Map<string, Usage>();
	for (const [model, total] of Object.entries(session.ledger.models)) {
		const before = session.baseline?.models[model] ?? NO_USAGE;
		const rest = subtractUsage(subtractUsage(total, before), answered.get(model) ?? NO_USAGE);
		if (!isZeroUsage(rest)) residual.set(model, rest);
	}
	return residual;
}

/** Adds a message to the answered ones of its session, under the name that the ledger uses for its model. */
export function addAnswered(answered: Map<string, Usage>, chat: ChatState, stores: Stores): void {
	const models = stores.sessions.get(chat.sessionId)?.ledger?.models;
	const asked = chat.requestedModel.value;
	const model = models !== undefined && !(asked in models) ? chat.responseModel.value : asked;
	answered.set(model, addUsage(answered.get(model) ?? NO_USAGE, chat.usage));
}
