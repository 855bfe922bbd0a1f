// What a request costs beside its tokens, where the client does not tell its cost.
import { expect, test } from "vitest";
import type { ChatEpisode, Episode } from "../../src/model/episode.ts";
import type { Fact, FactOf } from "../../src/model/fact.ts";
import { NO_USAGE } from "../../src/model/usage.ts";
import { startModel } from "./run-model.ts";

const AT = 1_790_000_000_000;
/** By the prices of the model under test. */
const TOKENS_PICO_USD = 100 + 5 * 10;

function chatOf(more: Partial<FactOf<"message.seen">>): ChatEpisode | undefined {
	const { model, told } = startModel();
	const seen = { sessionId: "s", promptId: "p" };
	const facts: Fact[] = [
		{ ...seen, source: "transcript", kind: "prompt.submitted", at: AT, synthetic: false },
		{
			...seen,
			source: "transcript",
			kind: "message.seen",
			at: AT + 10,
			messageId: "m",
			requestedModel: "claude-opus-5-5",
			responseModel: "claude-opus-5-5",
			usage: { ...NO_USAGE, input: 100, output: 10 },
			failedAttempts: 0,
			retryMs: 0,
			textBytes: 0,
			blockIndex: 0,
			...more,
		},
	];
	for (const fact of facts) model.apply(fact);
	model.settle();
	return told.episodes.find((episode: Episode): episode is ChatEpisode => episode.kind === "chat");
}

test("searches of the server cost ten dollars a thousand beside the tokens", () => {
	expect(chatOf({})).toMatchObject({ costBasis: "list", picoUsd: TOKENS_PICO_USD });
	expect(chatOf({ webSearches: 3 })).toMatchObject({ costBasis: "list", picoUsd: TOKENS_PICO_USD + 3 * 10e9 });
});

test("in fast mode no list price is told: unknown, and never the price of the common mode", () => {
	const chat = chatOf({ fast: true, webSearches: 1 });
	expect(chat?.costBasis).toBe("unknown");
	expect(chat?.picoUsd).toBeUndefined();
});
