// Requests that fail: tried again until they succeed, cut in the middle of the answer, or failed for good.

import { afterEach, expect, test } from "vitest";
import { assertCost, clientTotals } from "../support/client-ledger.ts";
import { assertTold, outline, spanOfRequest, tree } from "../support/oracle.ts";
import { agent, bash, step, text } from "../support/scripting.ts";
import { openStage, type Stage } from "../support/stage.ts";
import { tokensOf, usageTokens } from "../support/tokens.ts";

let stage: Stage;
afterEach(() => stage.close());

const recordsNamed = (name: string) => stage.receiver.logs.filter((log) => log.attributes["event.name"] === name);

test("after a 529, a 500 and a cut stream the answer has one chat span that counts its attempts", async () => {
	stage = await openStage({
		main: [
			step(bash("echo 1")),
			{ fault: { status: 529 } },
			{ fault: { status: 500 } },
			{ ...step(text("this one is cut")), fault: { cut: "mid-block" } },
			step(text("ok")),
		],
	});
	const run = await stage.print("go");
	expect(run).toMatchObject({ code: 0, stdout: "ok\n" });
	const { spans } = stage.receiver;
	const { requests } = stage.model;
	expect(requests.map((request) => request.outcome)).toEqual(["answered", "fault", "fault", "cut", "answered"]);
	assertTold(spans, requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code turn.status=ok
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 query_source=main
		`),
	);
	const last = spanOfRequest(spans, requests.at(-1));
	expect(last.attributes["request.attempts"]).toBe(4);
	const waited = (requests.at(-1)?.startedAt ?? 0) - (requests[1]?.endedAt ?? 0);
	expect(last.attributes["request.retry_ms"]).toBeGreaterThan(0);
	expect(last.attributes["request.retry_ms"]).toBeLessThanOrEqual(waited + 100);
	expect(spanOfRequest(spans, requests[0]).attributes["request.attempts"]).toBe(1);

	const cut = stage.model.billedCut()["claude-opus-5-5"];
	const lost = last.attributes;
	expect([lost["tokens.lost.input"], lost["tokens.lost.cache_read"]]).toEqual([cut?.input, cut?.cacheRead]);
	expect(lost["tokens.lost.cache_creation"]).toBe((cut?.cacheWrite5m ?? 0) + (cut?.cacheWrite1h ?? 0));
	expect(lost["tokens.lost.output"]).toBeGreaterThan(0);

	const retries = recordsNamed("api.retry");
	expect(retries.map((log) => log.attributes["http.response.status_code"])).toEqual([529, 500, undefined]);
	expect(retries.map((log) => log.severityText)).toEqual(["WARN", "WARN", "WARN"]);
});

test("a stream that is cut after a whole block counts nothing of the cut answer, and one that is no stream counts whole", async () => {
	const broken = { ...step(text("cut")), fault: { cut: "mid-block" as const } };
	stage = await openStage({
		main: [
			step(bash("echo 1")),
			{ ...step(text("this one is cut"), bash("echo never")), fault: { cut: "after-block" } },
			step(text("answered after the cut"), bash("echo 2")),
			// After these claude asks for an answer that is no stream.
			broken,
			broken,
			step(text("answered at once"), bash("echo 3")),
			step(text("ok")),
		],
	});
	await stage.print("go", [], { env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
	const { spans } = stage.receiver;
	const { requests } = stage.model;
	const cut = requests.find((request) => request.outcome === "cut");
	assertTold(spans, requests);
	expect(requests[5]?.body.stream).not.toBe(true);
	expect(spanOfRequest(spans, requests[5]).attributes["gen_ai.response.finish_reasons"]).toEqual(["tool_use"]);
	expect(spans.map((span) => span.attributes["gen_ai.response.id"])).not.toContain(cut?.messageId);
	const lost = spanOfRequest(spans, requests[2]).attributes;
	expect(lost["tokens.lost.input"]).toBe(cut?.usage.input);
	expect(lost["tokens.lost.cache_read"]).toBe(cut?.usage.cacheRead);
});

test("a 401 that stays ends the turn with an error, and its chat span has the class and the status", async () => {
	stage = await openStage({ main: [step(bash("echo 1"))], whenDone: { fault: { status: 401 } } });
	const run = await stage.print("go", [], { env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
	expect(run.code).toBe(1);
	const { spans, metrics } = stage.receiver;
	assertTold(spans, stage.model.requests);
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code [ERROR authentication_failed] turn.status=error error.type=authentication_failed
					chat claude-opus-5-5 query_source=main
					execute_tool Bash tool.status=ok
					chat claude-opus-5-5 [ERROR authentication_failed] error.type=authentication_failed query_source=main
		`),
	);
	const failed = spanOfRequest(spans, stage.model.requests.at(-1));
	expect(failed.attributes).toMatchObject({ "http.response.status_code": 401, "request.attempts": 2 });
	expect(failed.attributes).not.toHaveProperty("gen_ai.response.id");
	expect(spans.find((span) => span.name === "claude.session")?.attributes).toMatchObject({ exit_code: 1 });
	expect(recordsNamed("api.error")[0]).toMatchObject({ severityText: "ERROR", spanId: failed.spanId });
	const requests = metrics.filter((point) => point.name === "claude.model_requests_total");
	expect(requests.map((point) => [point.attributes.status, point.value]).toSorted()).toEqual([
		["error", 1],
		["ok", 1],
	]);
});

test("what a cut attempt cost is told although the request then failed for good", async () => {
	stage = await openStage({
		main: [step(bash("echo 1")), { ...step(text("this one is cut")), fault: { cut: "mid-block" } }],
		whenDone: { fault: { status: 401 } },
	});
	const run = await stage.print("go", [], { env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
	expect(run.code).toBe(1);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const [total] = clientTotals(stage.home).values();
	assertCost(spans, total?.usd ?? Number.NaN);
	const cut = stage.model.billedCut()["claude-opus-5-5"];
	const failed = spanOfRequest(spans, stage.model.requests.at(-1)).attributes;
	expect([failed["tokens.lost.input"], failed["tokens.lost.cache_read"]]).toEqual([cut?.input, cut?.cacheRead]);
	expect(failed).toMatchObject({ "claude.cost_basis": "native", "claude.cost_source": "cost-state" });
	expect(failed).not.toHaveProperty("gen_ai.usage.input_tokens");
});

test("an answer that is cut after its first block however often it is asked for is one request that failed", async () => {
	stage = await openStage({
		main: [],
		whenDone: { ...step(text("cut here"), text("more")), fault: { cut: "after-block" } },
	});
	expect((await stage.print("go")).code).toBe(1);
	const { spans } = stage.receiver;
	expect(outline(spans)).toBe(
		tree(`
			claude.session
				invoke_agent claude-code [ERROR server_error] turn.status=error error.type=server_error
					chat claude-opus-5-5 [ERROR server_error] error.type=server_error query_source=main
		`),
	);
	const [total] = clientTotals(stage.home).values();
	const session = spans.find((span) => span.name === "claude.session")?.attributes;
	expect(session?.["claude.cost_usd"]).toBeCloseTo(total?.usd ?? Number.NaN, 9);
	expect(session?.["tokens.lost.input"]).toBe(stage.model.billedCut()["claude-opus-5-5"]?.input);
	expect(recordsNamed("cost.drift")).toEqual([]);
});

test("an agent's fatal error ends its call and not the turn", async () => {
	const call = agent("ALPHA task");
	stage = await openStage({
		main: [step(call), step(text("went on"))],
		agents: { "ALPHA task": [step(bash("echo 1"))] },
		whenDone: { fault: { status: 401 } },
	});
	const run = await stage.print("go", [], { env: { CLAUDE_CODE_MAX_RETRIES: "1" } });
	expect(run).toMatchObject({ code: 0, stdout: "went on\n" });
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const turn = spans.find((span) => span.name === "invoke_agent claude-code");
	expect(turn?.attributes["turn.status"]).toBe("ok");
	const failed = spans.find((span) => span.attributes["error.type"] === "authentication_failed");
	expect(failed?.attributes).toMatchObject({ query_source: "subagent" });
});

test("a fallback model's answer has its own chat span under the model that gave it", async () => {
	const overloaded = Array.from({ length: 3 }, () => ({ fault: { status: 529 } }));
	stage = await openStage({
		main: [step(agent("TASK")), ...overloaded, step(text("ok"))],
		agents: { TASK: [...overloaded, step(bash("echo 1")), step(text("done"))] },
	});
	await stage.print("go", ["--fallback-model", "sonnet"]);
	const { spans } = stage.receiver;
	assertTold(spans, stage.model.requests);
	const models = stage.model.requests.filter((request) => request.outcome === "answered").map(({ model }) => model);
	expect(models).toEqual(["claude-opus-5-5", ...Array.from({ length: 3 }, () => "claude-sonnet-5-5")]);
	expect(outline(spans, { attributes: ["error.type", "request.attempts", "query_source"] })).toBe(
		tree(`
			claude.session
				invoke_agent claude-code
					chat claude-opus-5-5 request.attempts=1 query_source=main
					execute_tool Agent
						invoke_agent general-purpose
							chat claude-opus-5-5 [ERROR unknown] error.type=unknown request.attempts=3 query_source=subagent
							chat claude-sonnet-5-5 request.attempts=1 query_source=subagent
							execute_tool Bash
							chat claude-sonnet-5-5 request.attempts=1 query_source=subagent
					chat claude-opus-5-5 [ERROR overloaded] error.type=overloaded request.attempts=3 query_source=main
					chat claude-sonnet-5-5 request.attempts=1 query_source=main
		`),
	);
	expect(recordsNamed("model.switch")).toHaveLength(1);
});

test("a refused request is one chat, though it has no content and another model answers in its place", async () => {
	const refused = (input: number) => ({
		blocks: [],
		stopReason: "refusal",
		stopDetails: { type: "refusal", category: "cyber", explanation: "no" },
		usage: { input, output: 3, cacheWrite5m: 5 },
	});
	stage = await openStage({ main: [refused(5000), refused(5001), step(bash("echo 1")), step(text("ok"))] });
	expect(await stage.print("go")).toMatchObject({ code: 0, stdout: "ok\n" });
	const { spans, metrics } = stage.receiver;
	const { requests } = stage.model;
	const told = requests.map((request) => ({ ...spanOfRequest(spans, request).attributes }));
	expect(told).toMatchObject([
		{ "gen_ai.response.finish_reasons": ["refusal"], "tokens.source": "native", "claude.cost_basis": "native" },
		{ "gen_ai.response.finish_reasons": ["refusal"], "tokens.source": "cost-state", "request.attempts": 1 },
		{ "gen_ai.response.finish_reasons": ["tool_use"], "request.attempts": 1 },
		{ "gen_ai.response.finish_reasons": ["end_turn"], "request.attempts": 1 },
	]);
	expect(told.map(tokensOf)).toEqual(requests.map((request) => usageTokens(request.usage)));
	expect(spans.filter((span) => span.name.startsWith("chat"))).toHaveLength(requests.length);
	expect(recordsNamed("api.refusal").map((log) => log.attributes["request.id"])).toEqual(
		requests.slice(0, 2).map(({ requestId }) => requestId),
	);
	const [...totals] = clientTotals(stage.home).values();
	assertCost(
		spans,
		totals.reduce((sum, { usd }) => sum + usd, 0),
	);
	expect(recordsNamed("cost.drift")).toEqual([]);
	const answered = metrics.filter(({ name }) => name === "claude.model_requests_total");
	expect(answered.reduce((sum, { value }) => sum + Number(value), 0)).toBe(requests.length);
});
