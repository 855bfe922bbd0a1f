// A random run of claude as facts, told by hooks and transcripts as the real one tells them: turns, parallel tools of
// every outcome, nested, background and revived agents, retries, cut streams, compactions, /clear. Comes in: a source
// of chance. Goes out: the facts in order of time, and what the model behind the API would have billed.
import type { Fact, FactOf, SessionSource, Usage } from "../../src/model/fact.ts";
import { addUsage, NO_USAGE } from "../../src/model/usage.ts";
import type { Random } from "../support/seed.ts";

export interface RandomSession {
	facts: Fact[];
	/** Tokens of requests answered to the end. */
	billed: Usage;
	calls: number;
	humanTurns: number;
	syntheticTurns: number;
	agents: number;
}

export interface SessionSize {
	turns: number;
	/** Tool calls in all, at most. */
	calls: number;
	agents: number;
	/** Doors that tell. `few`: what a run registers that has a transcript, without hooks of batches, prompts and stops. */
	hooks: "all" | "few" | "none";
	transcript: boolean;
}

const MODELS = ["claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5"] as const;
const TOOLS = ["Bash", "Read", "Write", "Grep", "mcp__files__list"] as const;
const AGENT_DEPTH_MAX = 3;

type Lane = { promptId: string; agentId?: string; depth: number };
/** A fact without what all facts of a lane have in common. */
type Told<F> = F extends Fact ? Omit<F, "at" | "sessionId" | "source" | "promptId" | "agentId"> : never;
type Ended = { outcome: "ok" | "error" | "denied" | "interrupted"; errorType?: string };

export function createRandomSession(random: Random, size: SessionSize): RandomSession {
	const facts: Fact[] = [];
	const startedAt = 1_790_000_000_000;
	const session: RandomSession = { facts, billed: NO_USAGE, calls: 0, humanTurns: 0, syntheticTurns: 0, agents: 0 };
	const ledger = new Map<string, Usage>();
	const endedAgents: { agentId: string; agentType: string; endedAt: number }[] = [];
	/** Prompts that the end of background agents will submit, with their time. */
	const notifications: number[] = [];
	let ids = 0;
	let sessionId = newId("session");
	let now = startedAt;

	function newId(kind: string): string {
		ids++;
		return `${kind}-${random.seed}-${ids}`;
	}

	function pass(most = 400): number {
		now += random.int(1, most);
		return now;
	}

	function told(source: "hook" | "transcript", lane: Lane, at: number, fact: Told<Fact>): void {
		if (source === "hook" ? !isHooked(fact.kind) : !size.transcript) return;
		const { promptId, agentId } = lane;
		const place = agentId === undefined ? { promptId } : { promptId, agentId };
		facts.push({ source, sessionId, at, ...place, ...fact } as Fact);
	}

	function isHooked(kind: Fact["kind"]): boolean {
		if (size.hooks !== "few") return size.hooks === "all";
		return kind !== "tool.batch" && kind !== "prompt.submitted" && kind !== "turn.stopped";
	}

	function usage(): Usage {
		const some = () => (random.chance(0.5) ? random.int(0, 5000) : 0);
		return {
			input: random.int(1, 3000),
			output: random.int(1, 900),
			cacheRead: some(),
			cacheCreation5m: some(),
			cacheCreation1h: some(),
		};
	}

	/** A request and its answer; returns the message that asks for so many tools. */
	function request(lane: Lane, stopReason: string): string {
		const requestedModel = random.pick(MODELS);
		const after = now;
		let failedAttempts = 0;
		let retryMs = 0;
		if (random.chance(0.1)) stump(lane, requestedModel);
		while (random.chance(0.15)) {
			failedAttempts++;
			const waitMs = random.int(1, 500);
			retryMs += waitMs;
			const retried: Told<FactOf<"request.retried">> = {
				kind: "request.retried",
				id: newId("retry"),
				errorType: "overloaded",
				status: 529,
				attempt: failedAttempts,
				maxAttempts: 10,
				waitMs,
			};
			told("transcript", lane, pass(), retried);
		}
		const messageId = newId("msg");
		const own = usage();
		const answer = {
			messageId,
			requestedModel,
			responseModel: requestedModel,
			usage: own,
			after,
			failedAttempts,
			retryMs,
		};
		for (let blockIndex = 0; blockIndex < random.int(1, 3); blockIndex++) {
			const text = random.chance(0.5)
				? { content: { answer: { bytes: 5, text: "hello" } }, textBytes: 5 }
				: { textBytes: 0 };
			told("transcript", lane, pass(50), { kind: "message.seen", ...answer, stopReason, blockIndex, ...text });
		}
		if (size.transcript) session.billed = addUsage(session.billed, own);
		ledger.set(requestedModel, addUsage(ledger.get(requestedModel) ?? NO_USAGE, own));
		return messageId;
	}

	/** A stream that was cut after it began. */
	function stump(lane: Lane, requestedModel: string): void {
		const cut = { input: 10, output: 1, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 };
		told("transcript", lane, pass(), {
			kind: "message.seen",
			messageId: newId("stump"),
			requestedModel,
			responseModel: requestedModel,
			usage: cut,
			failedAttempts: 0,
			retryMs: 0,
			textBytes: 0,
			blockIndex: 0,
			partial: true,
		});
		ledger.set(requestedModel, addUsage(ledger.get(requestedModel) ?? NO_USAGE, cut));
	}

	function tools(lane: Lane, messageId: string): void {
		const calls: { toolUseId: string; toolName: string }[] = [];
		const ends: number[] = [];
		const from = now;
		for (let count = random.int(1, 4); count > 0 && session.calls < size.calls; count--) {
			now = from + random.int(1, 40);
			calls.push(tool(lane, messageId));
			ends.push(now);
		}
		now = Math.max(from, ...ends);
		if (calls.length > 0) told("hook", lane, pass(20), { kind: "tool.batch", calls });
	}

	function tool(lane: Lane, messageId: string): { toolUseId: string; toolName: string } {
		session.calls++;
		const toolUseId = newId("toolu");
		const mayStart = lane.depth < AGENT_DEPTH_MAX && session.agents < size.agents;
		if (mayStart && random.chance(0.3)) {
			const toolName = agentCall(lane, messageId, toolUseId);
			return { toolUseId, toolName };
		}
		const kind = random.pick(["ok", "ok", "ok", "error", "denied", "unknown", "asked", "refused", "silent"] as const);
		const toolName = kind === "unknown" ? "NoSuchTool" : random.pick(TOOLS);
		told("transcript", lane, now, { kind: "tool.requested", toolUseId, toolName, messageId });
		const inputDigest = random.pick(["same", toolUseId]);
		if (kind !== "unknown") told("hook", lane, pass(20), { kind: "tool.started", toolUseId, toolName, inputDigest });
		if (kind === "asked" || kind === "refused") {
			told("hook", lane, pass(20), { kind: "permission.asked", toolName, inputDigest });
			pass(2000);
		}
		if (kind === "silent") return { toolUseId, toolName };
		const ended: Ended =
			kind === "error"
				? { outcome: "error", errorType: "command_failed" }
				: kind === "unknown"
					? { outcome: "error", errorType: "unknown_tool" }
					: kind === "denied" || kind === "refused"
						? { outcome: "denied" }
						: { outcome: "ok" };
		const durationMs = random.int(0, 300);
		now += durationMs;
		if (ended.outcome !== "denied" && kind !== "unknown") {
			told("hook", lane, pass(5), { kind: "tool.ended", toolUseId, toolName, durationMs, ...ended });
		}
		told("transcript", lane, pass(30), { kind: "tool.ended", toolUseId, ...ended });
		return { toolUseId, toolName };
	}

	/** Agent or SendMessage, and the life that it begins: to its end, or into the background. */
	function agentCall(lane: Lane, messageId: string, toolUseId: string): string {
		session.agents++;
		const ended = endedAgents.findIndex(({ endedAt }) => endedAt < now);
		const revived = ended !== -1 && random.chance(0.5) ? endedAgents.splice(ended, 1)[0] : undefined;
		const toolName = revived ? "SendMessage" : "Agent";
		const agent = revived ?? {
			agentId: newId("agent"),
			agentType: random.pick(["general-purpose", "reviewer"]),
		};
		const background = revived !== undefined || random.chance(0.5);
		told("transcript", lane, now, { kind: "tool.requested", toolUseId, toolName, messageId });
		told("hook", lane, pass(20), { kind: "tool.started", toolUseId, toolName, inputDigest: toolUseId });
		const begins = pass(20);
		const answer = revived ? { revivedAgentId: agent.agentId } : { startedAgentId: agent.agentId };
		const over = { kind: "tool.ended" as const, toolUseId, toolName, outcome: "ok" as const, background, ...answer };
		if (background) {
			// The order of the answer and of the agent's beginning is a race.
			told("hook", lane, begins + random.int(-5, 5), { ...over, durationMs: 5 });
			told("transcript", lane, begins + random.int(6, 30), over);
			life({ ...lane, agentId: agent.agentId, depth: lane.depth + 1 }, agent, toolUseId, revived !== undefined);
			notifications.push(now + random.int(10, 100));
			now = begins + 40;
		} else {
			life({ ...lane, agentId: agent.agentId, depth: lane.depth + 1 }, agent, toolUseId, false);
			told("hook", lane, pass(5), { ...over, durationMs: now - begins });
			told("transcript", lane, pass(30), over);
		}
		return toolName;
	}

	function life(lane: Lane, agent: { agentId: string; agentType: string }, toolUseId: string, revived: boolean): void {
		if (!revived) {
			told("transcript", lane, startedAt, {
				kind: "agent.described",
				agentId: agent.agentId,
				agentType: agent.agentType,
				...(random.chance(0.8) ? { toolUseId } : {}),
				depth: lane.depth,
			} as Told<FactOf<"agent.described">>);
		}
		told("hook", lane, now, {
			kind: "agent.started",
			agentId: agent.agentId,
			agentType: agent.agentType,
		} as Told<Fact>);
		told("transcript", lane, now + 1, { kind: "agent.started", agentId: agent.agentId, agentType: "" } as Told<Fact>);
		pass(20);
		loop(lane);
		told("transcript", lane, pass(5), { kind: "agent.read", agentId: agent.agentId } as Told<Fact>);
		told("hook", lane, pass(20), {
			kind: "agent.stopped",
			agentId: agent.agentId,
			agentType: agent.agentType,
		} as Told<Fact>);
		endedAgents.push({ ...agent, endedAt: now });
	}

	/** Requests and tools until an answer wants no more. */
	function loop(lane: Lane): void {
		for (let rounds = random.int(0, 3); rounds > 0 && session.calls < size.calls; rounds--) {
			tools(lane, request(lane, "tool_use"));
			if (lane.agentId === undefined && random.chance(0.05)) compact(lane);
		}
		request(lane, "end_turn");
	}

	function compact(lane: Lane): void {
		told("transcript", lane, pass(), { kind: "compacted", id: newId("compact"), trigger: "auto", durationMs: 50 });
	}

	function turn(synthetic: boolean): void {
		if (synthetic) session.syntheticTurns++;
		else session.humanTurns++;
		const lane: Lane = { promptId: newId("prompt"), depth: 0 };
		const { promptId } = lane;
		const content = { prompt: { bytes: 7 } };
		told("hook", lane, pass(3000), { kind: "prompt.submitted", promptId, synthetic, content } as Told<Fact>);
		told("transcript", lane, pass(10), { kind: "prompt.submitted", promptId, synthetic, content } as Told<Fact>);
		loop(lane);
		const end = random.pick(["stop", "stop", "stop", "blocked", "interrupted", "failed", "silent"] as const);
		// Without a transcript nobody could tell that the turn goes on after a stop.
		if (end === "blocked" && size.transcript) {
			told("hook", lane, pass(10), { kind: "turn.stopped" });
			told("transcript", lane, pass(10), { kind: "turn.active", promptId } as Told<Fact>);
			loop(lane);
		}
		if (end === "interrupted") told("transcript", lane, pass(), { kind: "turn.interrupted" });
		else if (end === "failed") {
			const failed = { kind: "request.failed" as const, id: newId("failure"), errorType: "server_error", status: 500 };
			told("transcript", lane, pass(), { ...failed, failedAttempts: 1, retryMs: 5 });
			told("hook", lane, pass(20), { kind: "turn.stopped", errorType: "server_error" });
		} else if (end !== "silent") {
			told("transcript", lane, now, { kind: "turn.stopped" });
			told("hook", lane, pass(20), { kind: "turn.stopped" });
		}
		told("transcript", lane, pass(20), { kind: "turn.read", promptId } as Told<Fact>);
	}

	function closeSession(reason: string): void {
		const at = pass();
		if (size.hooks !== "none") facts.push({ source: "hook", sessionId, at, kind: "session.ended", reason });
		if (!size.transcript) return;
		const models = Object.fromEntries([...ledger].map(([model, own]) => [model, { ...own, costUsd: 0 }]));
		facts.push({
			source: "transcript",
			sessionId,
			at,
			kind: "cost.state",
			totalCostUsd: 0,
			models,
			baseline: false,
			index: 1,
		});
		ledger.clear();
	}

	const sessionSource: SessionSource = "startup";
	const launch = { source: "launch" as const, sessionId: "" };
	facts.push({
		...launch,
		kind: "run.started",
		at: startedAt,
		runId: `run-${random.seed}`,
		sessionSource,
		interactive: true,
		argsCount: 0,
		argsPreview: "",
	});
	for (let turns = 0; turns < size.turns; turns++) {
		turn(false);
		for (const at of notifications.splice(0)) {
			now = Math.max(now, at);
			turn(true);
		}
		if (random.chance(0.1) && turns + 1 < size.turns) {
			closeSession("clear");
			sessionId = newId("session");
			endedAgents.length = 0;
		}
	}
	closeSession("prompt_input_exit");
	const last = Math.max(...facts.map(({ at }) => at));
	facts.push({ ...launch, kind: "run.ended", at: last + 10, exitCode: 0 });
	facts.sort((a, b) => a.at - b.at);
	return session;
}
