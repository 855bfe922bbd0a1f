// Questions for permission, which name a tool and its input but never the call.
import { expect, test } from "vitest";
import type { Fact } from "../../src/model/fact.ts";
import { runEnded, runStarted, SEEN, START } from "./facts.ts";
import { startModel } from "./run-model.ts";

test("of two that are alike and of the same moment each is told of the call in its own lane", () => {
	const { model, told } = startModel();
	const hook = { ...SEEN, source: "hook" as const };
	const call = (toolUseId: string, agentId?: string): Fact[] => {
		const seen = { ...hook, ...(agentId === undefined ? {} : { agentId }) };
		return [
			{ ...seen, kind: "tool.started", at: START + 100, toolUseId, toolName: "Bash", inputDigest: "same" },
			{ ...seen, kind: "permission.asked", at: START + 110, toolName: "Bash", inputDigest: "same" },
			{ ...seen, kind: "tool.ended", at: START + 500, toolUseId, toolName: "Bash", outcome: "ok", durationMs: 10 },
		];
	};
	const agent: Fact = { ...hook, kind: "agent.started", at: START + 90, agentId: "a", agentType: "reviewer" };
	for (const fact of [runStarted(), agent, ...call("toolu_main"), ...call("toolu_agent", "a"), runEnded()])
		model.apply(fact);
	model.settle();
	const waits = told.episodes.flatMap((episode) => (episode.ref.kind === "wait" ? [episode.ref.toolUseId] : []));
	expect(waits.toSorted()).toEqual(["toolu_agent", "toolu_main"]);
});
