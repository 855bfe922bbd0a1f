// claude-otel is killed in the middle of a session: the next start, or `claude-otel recover`, tells it to its end.
import { afterEach, expect, test } from "vitest";
import { assertTold, outline, tree } from "../support/oracle.ts";
import { until } from "../support/run.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

let stage: Stage;
afterEach(() => stage.close());

test("a run whose claude-otel was killed is told to its end by `claude-otel recover`", async () => {
	stage = await openStage({
		main: [step(bash("echo 1")), step(bash("sleep 1; echo 2")), step(bash("echo 3")), step(text("done"))],
	});
	const killed = await stage.print("go", [], {
		onStart: async (running) => {
			await until("the second request", () => stage.model.requests.length >= 2);
			running.signal("SIGKILL");
		},
	});
	expect(killed.signal).toBe("SIGKILL");
	await until("claude's last request", () => stage.model.requests.length === 4);
	await new Promise((resolve) => setTimeout(resolve, 1500));
	const recovered = await stage.run(["recover"]);
	expect(recovered).toMatchObject({ code: 0, stderr: "" });
	expect(recovered.stdout).toMatch(/^Recovered the run [0-9a-f-]{36}, begun .*\.\n$/);
	assertTold(stage.receiver.spans, stage.model.requests);
	expect(outline(stage.receiver.spans)).toBe(
		tree(`
			claude.session
		`),
	);
});
