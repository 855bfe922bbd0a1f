// claude-otel in the Bash tool of claude-otel: a run of its own, in the trace of the outer one.

import { afterEach, beforeAll, expect, test } from "vitest";
import { buildDist } from "../../tools/build.ts";
import { CLAUDE_OTEL } from "../support/claude-home.ts";
import { bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";

beforeAll(() => buildDist());

let stage: Stage;
afterEach(() => stage.close());

test("each session is told once, by its own run, and the inner one hangs under the outer", async () => {
	const outer = bash(`'${process.execPath}' '${CLAUDE_OTEL}' -p inner --dangerously-skip-permissions`);
	stage = await openStage((request) => {
		const first = JSON.stringify(request.body.messages[0]);
		const isInner = first.includes("inner") && !first.includes("outer");
		const answered = request.body.messages.some((message) => JSON.stringify(message.content).includes("tool_result"));
		if (answered) return step(text(isInner ? "Inner done." : "Outer done."));
		return step(isInner ? bash("echo $CLAUDE_OTEL_RUN") : outer);
	});
	const variables = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL"]
		.map((name) => `${name}='${stage.env[name]}'`)
		.join(" ");
	// Claude Code keeps OTEL_* from its commands.
	outer.input = {
		command: `${variables} '${process.execPath}' '${CLAUDE_OTEL}' -p inner --dangerously-skip-permissions`,
		description: "inner",
	};
	expect(await stage.print("outer")).toMatchObject({ code: 0, stdout: "Outer done.\n", stderr: "" });

	const sessions = stage.receiver.spans.filter((span) => span.name === "claude.session");
	expect(sessions).toHaveLength(2);
	expect(new Set(sessions.map((span) => span.traceId)).size).toBe(1);
	const [root, inner] = sessions.toSorted((a, b) => (a.parentSpanId ?? "").length - (b.parentSpanId ?? "").length);
	expect(inner?.parentSpanId).toBe(root?.spanId);
	expect(new Set(sessions.map((span) => span.attributes["session.id"])).size).toBe(2);
	expect(stage.receiver.spans.filter((span) => span.name === "execute_tool Bash")).toHaveLength(2);
});
