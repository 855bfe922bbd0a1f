// What the client itself counts: the ledgers that it writes into its transcripts. In: a home. Out: sums per session, and an
// error where our spans cost something else.

import type { ScriptUsage } from "../../src/testing/scripted-model.ts";
import type { ClaudeHome } from "./claude-home.ts";
import type { Span } from "./otlp-plain.ts";
import { addUp, type Tokens, usageTokens } from "./tokens.ts";

export type ClientTotal = { usd: number; tokens: Tokens };
export const NOTHING: ClientTotal = { usd: 0, tokens: addUp([]) };

/** The last total of each session; a fork's goes on from that of the session it comes from. */
export function clientTotals(home: ClaudeHome): Map<string, ClientTotal> {
	const totals = new Map<string, ClientTotal>();
	for (const { type, sessionId, totalCostUSD, modelUsage } of home.records()) {
		if (type !== "cost-state") continue;
		const tokens = addUp(Object.values(modelUsage as Record<string, LedgerEntry>).map(tokensOf));
		totals.set(String(sessionId), { usd: Number(totalCostUSD), tokens });
	}
	return totals;
}

type LedgerEntry = Record<string, number>;

function tokensOf(entry: LedgerEntry): Tokens {
	const usage: ScriptUsage = {
		input: entry.inputTokens ?? 0,
		output: entry.outputTokens ?? 0,
		cacheRead: entry.cacheReadInputTokens ?? 0,
		cacheWrite5m: entry.cacheCreationEphemeral5mInputTokens ?? 0,
		cacheWrite1h: entry.cacheCreationEphemeral1hInputTokens ?? 0,
	};
	return usageTokens(usage);
}

const TOLERANCE_USD = 1e-9;

/**
 * Our requests and our sessions cost what the client counts. On a busy machine it may tell of a request after the seconds
 * that are waited for it; its tokens at list price come to the same.
 */
export function assertCost(spans: readonly Span[], clientUsd: number): void {
	const chats = spans.filter((span) => span.attributes["gen_ai.operation.name"] === "chat");
	const answered = chats.filter(({ attributes }) => attributes["error.type"] === undefined);
	const unknown = answered.filter(({ attributes }) => attributes["claude.cost_usd"] === undefined);
	if (unknown.length > 0) throw new Error(`There is no cost of ${unknown.map(({ name }) => name)}`);
	for (const [what, some] of [
		["requests", chats],
		["sessions", spans.filter(({ name }) => name === "claude.session")],
	] as const) {
		const ours = some.reduce((sum, { attributes }) => sum + Number(attributes["claude.cost_usd"] ?? 0), 0);
		if (Math.abs(ours - clientUsd) > TOLERANCE_USD)
			throw new Error(`The ${what} cost ${ours}, the client counts ${clientUsd}`);
	}
}
