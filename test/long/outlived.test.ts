// An interactive claude that outlives both claude-otel and the guardian beside it: its transcripts tell it to its end.
import { expect, test } from "vitest";
import { assertTold, outline, tree } from "../support/oracle.ts";
import { openOutlived } from "../support/outlived.ts";
import { runClaude } from "../support/run.ts";
import { step, text } from "../support/scripting.ts";
import { openStage } from "../support/stage.ts";

test("turns and /clear of a claude that nobody listens to are told as its transcripts show, and no fork of them", async () => {
	const stage = await openStage({ main: ["ONE", "TWO", "THREE"].map((answer) => step(text(answer))) });
	try {
		const { terminal, guardian, kill, leave } = await openOutlived(stage);
		await terminal.submit("first");
		await terminal.waitForText("ONE");
		process.kill(guardian, "SIGKILL");
		await kill();
		await terminal.submit("second");
		await terminal.waitForText("TWO");
		await terminal.submit("/clear");
		await terminal.waitForNoText("TWO");
		await terminal.submit("third");
		await terminal.waitForText("THREE");
		await leave();
		const ours = [...stage.model.requests];
		stage.model.setScript({ main: [step(text("FOUR"))] });
		await runClaude(stage.home, ["-p", "fork", "--fork-session", "--resume", String(ours.at(-1)?.sessionId)]);
		await stage.run(["recover"]);
		const { spans } = stage.receiver;
		assertTold(spans, ours);
		expect(outline(spans, { attributes: ["turn.status", "session.source"] })).toBe(
			tree(`
				claude.session session.source=startup
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5
				claude.session session.source=clear
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5
			`),
		);
	} finally {
		await stage.close();
	}
});
