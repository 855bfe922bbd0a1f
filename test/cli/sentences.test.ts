// What the diagnostics say a trace is made from, where one of its witnesses is silent.
import { expect, test } from "vitest";
import { missingHooks } from "../../src/cli/sentences.ts";

test("names who is left, and does not call one of two alone", () => {
	const { hookEvents } = missingHooks;
	expect(hookEvents(["the transcript", "claude's own telemetry"])).toContain(
		"made from the transcript and claude's own telemetry.",
	);
	expect(hookEvents(["the transcript"])).toContain("made from the transcript alone.");
	expect(hookEvents([])).toContain("nothing but claude's start and end.");
	expect(missingHooks.noTranscript(["hooks", "claude's own telemetry"])).toContain(
		"made from hooks and claude's own telemetry.",
	);
});
