// The real claude in a pseudo-terminal: prompts, questions for permission, Esc, /clear and Ctrl-C, key by key.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { assertTold, millis, outline, spanNamed, spanOfCall, tree } from "../support/oracle.ts";
import type { Span } from "../support/otlp-plain.ts";
import { until } from "../support/run.ts";
import { agent, bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";
import type { Terminal } from "../support/terminal.ts";

let stage: Stage;
afterEach(() => stage.close());

const ASK = "Do you want to proceed?";

async function leave(terminal: Terminal): Promise<void> {
	await terminal.pressWhenCalm("ctrl-c");
	await terminal.waitForText("again to exit");
	terminal.press("ctrl-c");
	expect(await terminal.exit).toEqual({ code: 0, signal: 0 });
}

const inWork = (name: string) => existsSync(join(stage.home.work, name));
const turnsOf = (spans: Span[]) =>
	spans
		.filter((span) => span.name === "invoke_agent claude-code")
		.toSorted((a, b) => Number(a.startTime - b.startTime));
const childrenOf = (parent: Span, spans: Span[]) => spans.filter((span) => span.parentSpanId === parent.spanId);

/**
 * Beside the whole suite, and never alone, one of these sessions now and then has an attempt more than the model was asked for.
 * Whether claude tells it so is not known; until it is, a session that is not told exactly is played once anew.
 */
const PLAYED_LIVE = { retry: 1 };

test.each(["http", "socket"])(
	"two prompts, a permission answered yes and one answered no (hooks over %s) are two traces, each linked to its session",
	PLAYED_LIVE,
	async (transport) => {
		const yes = bash("touch yes.txt");
		const no = bash("touch no.txt");
		stage = await openStage({ main: [step(yes), step(text("ANSWER-1")), step(no), step(text("never asked for"))] });
		const env = { CLAUDE_OTEL_HOOK_TRANSPORT: transport };
		const terminal = await stage.terminal([], { env });
		await terminal.submit("first prompt");
		await terminal.waitForText(ASK);
		await terminal.pressWhenCalm("enter");
		await terminal.waitForText("ANSWER-1");
		await terminal.submit("second prompt");
		await terminal.waitForText(ASK);
		await terminal.pressWhenCalm("escape");
		await terminal.waitForNoText(ASK);
		await leave(terminal);
		expect([inWork("yes.txt"), inWork("no.txt")]).toEqual([true, false]);

		const { spans, logs } = stage.receiver;
		assertTold(spans, stage.model.requests);
		expect(outline(spans)).toBe(
			tree(`
			claude.session
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=ok
					claude.permission_wait
				chat claude-opus-5-5 query_source=main
			invoke_agent claude-code turn.status=interrupted
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=denied
					claude.permission_wait
		`),
		);
		const session = spanNamed(spans, "claude.session");
		expect(new Set(spans.map((span) => span.traceId)).size).toBe(3);
		for (const turn of turnsOf(spans)) {
			expect(turn.links).toMatchObject([{ traceId: session.traceId, spanId: session.spanId }]);
		}
		expect(session.attributes).toMatchObject({ turns: 2, "session.end_reason": "prompt_input_exit", exit_code: 0 });

		const [wait] = childrenOf(spanOfCall(spans, yes), spans);
		const call = spanOfCall(spans, yes);
		expect(millis(wait?.endTime ?? 0n)).toBeLessThanOrEqual(millis(call.endTime));
		// A person waits until the screen is calm before answering.
		expect(millis(wait?.endTime ?? 0n) - millis(wait?.startTime ?? 0n)).toBeGreaterThan(250);
		const decisions = logs.filter((log) => log.attributes["event.name"] === "permission.decision");
		expect(decisions.map((log) => [log.attributes["tool.use_id"], log.attributes["tool.decision"]]).toSorted()).toEqual(
			[
				[yes.id, "accept"],
				[no.id, "reject"],
			].toSorted(),
		);
	},
);

test("a no with an explanation is a denial after which the turn goes on", PLAYED_LIVE, async () => {
	const no = bash("touch no.txt");
	stage = await openStage({ main: [step(no), step(text("ANSWER-2"))] });
	const terminal = await stage.terminal();
	await terminal.submit("first prompt");
	await terminal.waitForText(ASK);
	await terminal.waitForText("No");
	await terminal.pressWhenCalm("down");
	for (const choice of [2, 3, 4]) {
		await terminal.waitForText(new RegExp(`❯ ${choice}\\.`));
		terminal.press(choice === 4 ? "tab" : "down");
	}
	await terminal.waitForText("Esc to cancel");
	await terminal.type("do it otherwise");
	await terminal.waitForText("do it otherwise");
	await terminal.pressWhenCalm("enter");
	await terminal.waitForText("ANSWER-2");
	await leave(terminal);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(spanOfCall(spans, no).attributes["tool.status"]).toBe("denied");
	expect(turnsOf(spans).map((turn) => turn.attributes["turn.status"])).toEqual(["ok"]);
});

test(
	"Esc in a tool interrupts tool and turn, and /clear begins another session linked to the one before",
	PLAYED_LIVE,
	async () => {
		const asleep = bash("touch asleep; sleep 30");
		stage = await openStage({ main: [step(asleep), step(text("ANSWER-2")), step(text("ANSWER-3"))] });
		const terminal = await stage.terminal(["--allowedTools", "Bash"]);
		await terminal.submit("first prompt");
		await until("the command is at work", () => inWork("asleep"));
		await terminal.pressWhenCalm("escape");
		await terminal.waitForText("Interrupted");
		await terminal.submit("second prompt");
		await terminal.waitForText("ANSWER-2");
		await terminal.submit("/clear");
		await terminal.waitForNoText("ANSWER-2");
		await terminal.submit("third prompt");
		await terminal.waitForText("ANSWER-3");
		await leave(terminal);

		const { spans } = stage.receiver;
		assertTold(spans, stage.model.requests);
		expect(outline(spans)).toBe(
			tree(`
			claude.session
			invoke_agent claude-code turn.status=interrupted
				chat claude-opus-5-5 query_source=main
				execute_tool Bash tool.status=interrupted
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
			claude.session
			invoke_agent claude-code turn.status=ok
				chat claude-opus-5-5 query_source=main
		`),
		);
		const [first, second] = spans
			.filter((span) => span.name === "claude.session")
			.toSorted((a, b) => Number(a.startTime - b.startTime));
		expect(first?.attributes).toMatchObject({ "session.source": "startup", "session.end_reason": "clear", turns: 2 });
		expect(second?.attributes).toMatchObject({ "session.source": "clear", turns: 1 });
		expect(second?.links).toMatchObject([{ traceId: first?.traceId, spanId: first?.spanId }]);
		expect(turnsOf(spans).map((turn) => turn.attributes["turn.index"])).toEqual([1, 2, 1]);
		const ids = stage.model.requests.map((request) => request.sessionId);
		expect(turnsOf(spans).map((turn) => turn.attributes["session.id"])).toEqual(ids);
		expect(new Set(ids).size).toBe(2);
	},
);

test("a prompt typed while a tool runs belongs to the turn at work", PLAYED_LIVE, async () => {
	stage = await openStage({
		main: [step(bash("touch asleep; sleep 4")), step(text("ANSWER-1")), step(text("ANSWER-2"))],
	});
	const terminal = await stage.terminal(["--allowedTools", "Bash"]);
	await terminal.submit("first prompt");
	await until("the command is at work", () => inWork("asleep"));
	await terminal.submit("typed meanwhile");
	await terminal.waitForText("ANSWER-1");
	await leave(terminal);
	const { spans, logs } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(turnsOf(spans).map((turn) => turn.attributes["turn.prompts"])).toEqual([2]);
	expect(spanNamed(spans, "claude.session").attributes.turns).toBe(1);
	const prompts = logs.filter((log) => log.attributes["event.name"] === "user.prompt");
	expect(prompts.map((log) => log.spanId)).toEqual(turnsOf(spans).flatMap((turn) => [turn.spanId, turn.spanId]));
});

test("an inbound TRACEPARENT makes one trace of an interactive run, below the inbound span", PLAYED_LIVE, async () => {
	stage = await openStage({ main: [step(text("ANSWER-1")), step(text("ANSWER-2"))] });
	const terminal = await stage.terminal([], {
		env: { TRACEPARENT: "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01" },
	});
	await terminal.submit("first prompt");
	await terminal.waitForText("ANSWER-1");
	await terminal.submit("second prompt");
	await terminal.waitForText("ANSWER-2");
	await leave(terminal);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests, { knownParents: ["0123456789abcdef"] });
	expect([...new Set(spans.map((span) => span.traceId))]).toEqual(["0123456789abcdef0123456789abcdef"]);
	const session = spanNamed(spans, "claude.session");
	expect(session.parentSpanId).toBe("0123456789abcdef");
	expect(turnsOf(spans).map((turn) => turn.parentSpanId)).toEqual([session.spanId, session.spanId]);
});

test("leaving while a background agent works interrupts the agent", PLAYED_LIVE, async () => {
	const call = agent("ALPHA task");
	stage = await openStage({
		main: [step(call), step(text("ANSWER-1")), step(text("ANSWER-2"))],
		agents: { "ALPHA task": [step(bash("touch asleep; sleep 30")), step(text("alpha"))] },
	});
	const terminal = await stage.terminal(["--allowedTools", "Bash"]);
	await terminal.submit("first prompt");
	await until("the agent's command is at work", () => inWork("asleep"));
	await terminal.waitForText("ANSWER-1");
	await leave(terminal);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const [launched] = childrenOf(spanOfCall(spans, call), spans);
	expect(launched?.attributes).toMatchObject({ "agent.background": true, "agent.status": "interrupted" });
});

test("closing the terminal in a tool closes the tree", PLAYED_LIVE, async () => {
	const asleep = bash("touch asleep; sleep 30");
	stage = await openStage({ main: [step(asleep)] });
	const terminal = await stage.terminal(["--allowedTools", "Bash"]);
	await terminal.submit("first prompt");
	await until("the command is at work", () => inWork("asleep"));
	terminal.hangUp();
	await stage.receiver.waitForSpans(4);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(spanOfCall(spans, asleep).attributes["tool.status"]).toBe("interrupted");
});
