// Token numbers as the Messages API and Claude Code's own ledger write them → ours.
import type { Json, Usage } from "../model/fact.ts";
import { asCount, asObject, asUsd, type JsonObject } from "./json.ts";

/** `usage` of a message. */
export function readUsage(usage: JsonObject): Usage {
	const creation = asObject(usage.cache_creation);
	const total = asCount(usage.cache_creation_input_tokens) ?? 0;
	const oneHour = asCount(creation?.ephemeral_1h_input_tokens) ?? 0;
	return {
		input: asCount(usage.input_tokens) ?? 0,
		output: asCount(usage.output_tokens) ?? 0,
		cacheRead: asCount(usage.cache_read_input_tokens) ?? 0,
		cacheCreation5m: asCount(creation?.ephemeral_5m_input_tokens) ?? Math.max(0, total - oneHour),
		cacheCreation1h: oneHour,
	};
}

/** What a message costs beside its tokens, or makes their price another. */
export function readExtras(usage: JsonObject): { webSearches?: number; fast?: boolean } {
	const webSearches = asCount(asObject(usage.server_tool_use)?.web_search_requests) ?? 0;
	return { ...(webSearches > 0 ? { webSearches } : {}), ...(usage.speed === "fast" ? { fast: true } : {}) };
}

/** `modelUsage` of a cost-state or a result. */
export function readModelUsage(modelUsage: Json | undefined): Record<string, Usage & { costUsd: number }> {
	const models = Object.entries(asObject(modelUsage) ?? {}).map(([model, entry]) => {
		const usage = asObject(entry);
		const creation = asCount(usage?.cacheCreationInputTokens) ?? 0;
		const oneHour = asCount(usage?.cacheCreationEphemeral1hInputTokens) ?? 0;
		const told: Usage & { costUsd: number } = {
			input: asCount(usage?.inputTokens) ?? 0,
			output: asCount(usage?.outputTokens) ?? 0,
			cacheRead: asCount(usage?.cacheReadInputTokens) ?? 0,
			cacheCreation5m: asCount(usage?.cacheCreationEphemeral5mInputTokens) ?? Math.max(0, creation - oneHour),
			cacheCreation1h: oneHour,
			costUsd: asUsd(usage?.costUSD) ?? 0,
		};
		return [model, told] as const;
	});
	// A model may have any name, `__proto__` too.
	return Object.fromEntries(models);
}
