// An interactive claude that outlives its claude-otel: it shows nothing of it, and all is told when both have gone.
import { afterEach, expect, test } from "vitest";
import { assertTold, outline, spanOfCall, tree } from "../support/oracle.ts";
import { openOutlived } from "../support/outlived.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

test("a claude that outlives its claude-otel shows nothing of it, and its turns and /clear are told when it has gone", async () => {
	const call = bash("sleep 0.5");
	stage = await openStage({ main: [step(text("ONE")), step(call), step(text("TWO")), step(text("THREE"))] });
	const { terminal, kill, leave } = await openOutlived(stage, ["--allowedTools", "Bash"]);
	await terminal.submit("first");
	await terminal.waitForText("ONE");
	await kill();
	await terminal.submit("second");
	await terminal.waitForText("TWO");
	await terminal.waitForText(/done|for \d+s/);
	expect(terminal.raw()).not.toMatch(/hook (?:failed|problem|error)|ECONNREFUSED/);
	await terminal.submit("/clear");
	await terminal.waitForNoText("TWO");
	await terminal.submit("third");
	await terminal.waitForText("THREE");
	await leave();
	expect(terminal.raw()).not.toMatch(/hook (?:failed|problem|error)|ECONNREFUSED/);
	const attachments = stage.home.records().map(({ attachment }) => (attachment as { type?: string } | undefined)?.type);
	expect(attachments.filter((type) => type?.startsWith("hook"))).toEqual([]);

	expect((await stage.run(["recover"])).stdout).toMatch(/^Recovered the run /);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans, { attributes: ["turn.status", "tool.status", "session.source", "session.end_reason"] })).toBe(
		tree(`
			claude.session session.source=startup session.end_reason=clear
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5
				execute_tool Bash tool.status=ok
				chat claude-opus-5-5
			claude.session session.source=clear session.end_reason=prompt_input_exit
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5
		`),
	);
	// What only hooks and claude's own telemetry know.
	expect(spanOfCall(spans, call).attributes.duration_ms).toBeGreaterThanOrEqual(500);
	const chats = spans.filter(({ attributes }) => attributes["gen_ai.operation.name"] === "chat");
	expect(chats.map(({ attributes }) => attributes["claude.cost_basis"])).toEqual(chats.map(() => "native"));
});
