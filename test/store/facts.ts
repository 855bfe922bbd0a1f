// Facts to be kept, as privacy hands them on.
import type { Fact } from "../../src/model/fact.ts";

export function factOf(number: number, sessionId = "session-1"): Fact {
	return {
		kind: "tool.ended",
		source: "hook",
		at: 1_790_000_000_000 + number,
		sessionId,
		promptId: "prompt-1",
		toolUseId: `toolu_${number}`,
		toolName: "Bash",
		outcome: "ok",
		durationMs: number,
		content: { input: { bytes: 20, summary: "echo 1" }, response: { bytes: 400 } },
	};
}
