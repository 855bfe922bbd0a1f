// Subagents and background work of the real claude: foreground, nested, background, and one that is woken again.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { assertTold, flat, millis, outline, spanOfCall, tree } from "../support/oracle.ts";
import { agent, bash, step, text, tool } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { buildTree } from "../support/tree.ts";

let stage: Stage;
afterEach(() => stage.close());

test("three foreground subagents, one nested two deep, each stand under the call that started them", async () => {
	stage = await openStage({
		main: [
			step(text("three agents"), agent("ALPHA task"), agent("BETA task"), agent("GAMMA task")),
			step(text("all back")),
		],
		agents: {
			"ALPHA task": [step(bash("echo alpha")), step(text("alpha result"))],
			"BETA task": [step(agent("DELTA task")), step(text("beta result"))],
			"GAMMA task": [step(text("gamma result"))],
			"DELTA task": [step(bash("exit 2")), step(agent("EPSILON task")), step(text("delta result"))],
			"EPSILON task": [step(bash("echo epsilon")), step(text("epsilon result"))],
		},
	});
	await stage.print("go");
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans, { sorted: true, attributes: ["tool.status", "agent.status", "agent.depth"] })).toBe(
		tree(`
			claude.session
				invoke_agent claude-code
					chat claude-opus-5-5
					chat claude-opus-5-5
					execute_tool Agent tool.status=ok
						invoke_agent general-purpose agent.status=ok agent.depth=1
							chat claude-opus-5-5
					execute_tool Agent tool.status=ok
						invoke_agent general-purpose agent.status=ok agent.depth=1
							chat claude-opus-5-5
							chat claude-opus-5-5
							execute_tool Agent tool.status=ok
								invoke_agent general-purpose agent.status=ok agent.depth=2
									chat claude-opus-5-5
									chat claude-opus-5-5
									chat claude-opus-5-5
									execute_tool Agent tool.status=ok
										invoke_agent general-purpose agent.status=ok agent.depth=3
											chat claude-opus-5-5
											chat claude-opus-5-5
											execute_tool Bash tool.status=ok
									execute_tool Bash [ERROR command_failed] tool.status=error
					execute_tool Agent tool.status=ok
						invoke_agent general-purpose agent.status=ok agent.depth=1
							chat claude-opus-5-5
							chat claude-opus-5-5
							execute_tool Bash tool.status=ok
		`),
	);
	const early = flat(buildTree(spans)).flatMap(({ span, children }) =>
		children
			.filter((child) => child.span.startTime < span.startTime)
			.map((child) => `${child.span.name} in ${span.name}`),
	);
	expect(early).toEqual([]);
});

test("two background subagents and a background Bash outlive their calls, and their notifications are synthetic turns", async () => {
	const one = agent("ALPHA task", { run_in_background: true });
	const two = agent("BETA task", { run_in_background: true });
	const shell = bash("sleep 1.5; touch shell-ended", { run_in_background: true });
	stage = await openStage({
		main: [step(one, two, shell), step(text("launched")), step(text("back")), step(text("back")), step(text("back"))],
		agents: {
			"ALPHA task": [step(bash("sleep 0.5; echo alpha")), step(text("alpha result"))],
			"BETA task": [step(bash("sleep 1; echo beta")), step(text("beta result"))],
		},
	});
	await stage.print("go");
	expect(existsSync(join(stage.home.work, "shell-ended"))).toBe(true);

	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const [session] = buildTree(spans);
	const turns = session?.children ?? [];
	// What ends at the same time may come in one notification: the model knows how many there were.
	const mainRequests = stage.model.requests.filter((request) => request.lane === "main");
	const notifications = mainRequests.length - 2;
	expect(turns.map(({ span }) => [span.attributes["turn.index"], span.attributes["turn.synthetic"]])).toEqual(
		Array.from({ length: notifications + 1 }, (_, index) => [index + 1, index > 0]),
	);
	expect(session?.span.attributes).toMatchObject({ turns: 1, "turns.synthetic": notifications });

	for (const call of [one, two]) {
		const span = spanOfCall(spans, call);
		const [launched] = spans.filter((candidate) => candidate.parentSpanId === span.spanId);
		expect(launched?.attributes).toMatchObject({ "agent.background": true, "agent.depth": 1, "agent.status": "ok" });
		expect(span.attributes["tool.status"]).toBe("ok");
		expect(millis(span.endTime)).toBeLessThan(millis(launched?.endTime ?? 0n));
	}
	expect(spanOfCall(spans, shell).attributes).toMatchObject({ "tool.status": "ok" });
	expect(spanOfCall(spans, shell).attributes).not.toHaveProperty("exit_code");
});

test("an ended agent that a message wakes is a second span, under the call that woke it", async () => {
	const start = agent("ALPHA task", { run_in_background: true, name: "worker" });
	const laneSteps = [
		step(bash("echo alpha")),
		step(text("first result")),
		step(bash("echo again")),
		step(text("second")),
	];
	const wake = tool("SendMessage", { to: "worker", message: "once more please", summary: "once more" });
	const mainSteps = [step(start), step(text("launched")), step(wake), step(text("sent")), step(text("came back"))];
	stage = await openStage((request) => {
		const steps = request.lane === "main" ? mainSteps : laneSteps;
		if (request.agentId !== undefined) Object.assign(wake.input as object, { to: request.agentId });
		return steps.shift() ?? step(text("done"));
	});
	await stage.print("go");
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const agents = spans.filter((span) => span.attributes["gen_ai.agent.id"] !== undefined);
	expect(agents).toHaveLength(2);
	expect(new Set(agents.map((span) => span.attributes["gen_ai.agent.id"])).size).toBe(1);
	const byStart = agents.toSorted((a, b) => Number(a.startTime - b.startTime));
	expect(byStart.map((span) => span.parentSpanId)).toEqual([
		spanOfCall(spans, start).spanId,
		spanOfCall(spans, wake).spanId,
	]);
	for (const span of agents) {
		expect(spans.filter((child) => child.parentSpanId === span.spanId && child.name.startsWith("chat"))).toHaveLength(
			2,
		);
	}
});
