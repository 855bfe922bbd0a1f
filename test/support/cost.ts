// What a run cost, by our spans and by the client's own ledger. In: spans and the ledgers. Out: an error, or nothing.

import type { ClaudeHome } from "./claude-home.ts";
import type { Span } from "./otlp-plain.ts";

const TOLERANCE_USD = 1e-9;

/** The client's last total of each session, in USD. */
export function clientTotals(home: ClaudeHome): Map<string, number> {
	const totals = new Map<string, number>();
	for (const { type, sessionId, totalCostUSD } of home.records())
		if (type === "cost-state") totals.set(String(sessionId), Number(totalCostUSD));
	return totals;
}

/** Our requests and our sessions cost what the client counts; of each request that was answered it told so itself. */
export function assertCost(spans: readonly Span[], clientUsd: number): void {
	const chats = spans.filter((span) => span.attributes["gen_ai.operation.name"] === "chat");
	const answered = chats.filter(({ attributes }) => attributes["error.type"] === undefined);
	const guessed = answered.filter(({ attributes }) => attributes["claude.cost_basis"] !== "native");
	if (guessed.length > 0) throw new Error(`The client did not tell the cost of ${guessed.map(({ name }) => name)}`);
	for (const [what, some] of [
		["requests", chats],
		["sessions", spans.filter(({ name }) => name === "claude.session")],
	] as const) {
		const ours = some.reduce((sum, { attributes }) => sum + Number(attributes["claude.cost_usd"] ?? 0), 0);
		if (Math.abs(ours - clientUsd) > TOLERANCE_USD)
			throw new Error(`The ${what} cost ${ours}, the client counts ${clientUsd}`);
	}
}
