// How a turn ended that its hooks do not tell to its end, because nobody listened to them any more.
import { expect, test } from "vitest";
import type { Fact } from "../../src/model/fact.ts";
import { settle } from "./run-model.ts";

const START = 1_790_000_000_000;
const SEEN = { sessionId: "s", promptId: "p" };
const hooked: Fact = { ...SEEN, source: "hook", kind: "prompt.submitted", at: START, synthetic: false };
const stopped: Fact = { ...SEEN, source: "transcript", kind: "turn.stopped", at: START + 20 };
const active: Fact = { ...SEEN, source: "transcript", kind: "turn.active", at: START + 30 };

test.each([
	["ended as its transcript shows", [hooked, stopped], "ok"],
	["was at work again when the transcript broke off", [hooked, stopped, active], "lost"],
	["shows no end anywhere", [hooked], "lost"],
])("a turn that %s", (_what, facts: Fact[], status) => {
	const turn = settle(facts).episodes.find((episode) => episode.kind === "turn");
	expect(turn).toMatchObject({ status });
});
