// Making episodes of what is known and handing them on, each once, with its own to the sums above it.
import { endOfLife, lifeAt, livesOf, readOfLife } from "./agents.ts";
import { matchAsks } from "./asks.ts";
import type { ChatEpisode, ModelOutput, Moment, Status } from "./episode.ts";
import type { Fact, FactOf, Usage } from "./fact.ts";
import { addAnswered, residualOf } from "./ledger.ts";
import { REMEMBERED_IDS_MAX, TOOL_NAMES_MAX } from "./limits.ts";
import { linkOfTool, type ModelOptions } from "./model.ts";
import { isTurn, type Life, type Link, type Located, type Places } from "./places.ts";
import type { Segment } from "./segments.ts";
import type { ChatState, FailureState, LaneTold, ToolState, TurnState } from "./state.ts";
import type { Stores } from "./stores.ts";
import { outcomeOf } from "./tool-outcome.ts";
import { addRequest, createSum, type Sum, totalsOf } from "./totals.ts";
import { addUsage, NO_USAGE } from "./usage.ts";

export interface HandOn {
	isDone(id: string): boolean;
	openSessions(): void;
	life(life: Life): void;
	turn(turn: TurnState, now: number): void;
	/** Whether agents that this one started are not handed on yet. */
	hasOpenChildren(life: Life): boolean;
	/** Whether another prompt came after it. */
	isFollowed(turn: TurnState): boolean;
	/** Whether agents of this turn are still at work. */
	hasOpenAgents(turn: TurnState): boolean;
	/** Whether an attempt of this turn was cut, so that the client's ledger has more to tell. */
	waitsForLedger(turn: TurnState): boolean;
	/** What belongs to turns and agents that were handed on already, or to none, and has not changed since. */
	stragglers(untouchedSince: number): void;
	/** Hands on complete calls and answers, oldest first, until so many calls are left. */
	relieve(target: number): void;
	closedSessions(endedBefore: number): void;
	everything(): void;
	momentOf(fact: Fact, lane: LaneTold, uid: string): Moment;
}

interface SessionSum extends Sum {
	turns: number;
	syntheticTurns: number;
	toolNames: Set<string>;
}

export function createHandOn(
	stores: Stores,
	places: Places,
	links: Map<string, Link>,
	options: ModelOptions,
	output: ModelOutput,
): HandOn {
	const done = new Set<string>();
	const sums = {
		turns: new Map<string, { own: Sum; all: Sum }>(),
		lives: new Map<string, Sum>(),
		sessions: new Map<number, SessionSum>(),
	};
	const answered = new Map<string, Map<string, Usage>>();
	/** Usage of cut attempts, by the message that was answered in their place. */
	const lostOf = new Map<string, Usage>();
	const turnTimes = new Map<number, { start: number; end: number; promptId: string }[]>();
	const opened = new Set<number>();
	const closed = new Set<number>();

	function finish(id: string): void {
		done.add(id);
		if (done.size > REMEMBERED_IDS_MAX) done.delete(done.values().next().value as string);
	}

	// --- Sums -----------------------------------------------------------------------------------

	function sessionSum(n: number): SessionSum {
		let sum = sums.sessions.get(n);
		if (!sum) {
			sum = { ...createSum(), turns: 0, syntheticTurns: 0, toolNames: new Set() };
			sums.sessions.set(n, sum);
		}
		return sum;
	}

	function turnSum(promptId: string): { own: Sum; all: Sum } {
		let sum = sums.turns.get(promptId);
		if (!sum) {
			sum = { own: createSum(), all: createSum() };
			sums.turns.set(promptId, sum);
		}
		return sum;
	}

	function lifeSum(life: Life): Sum {
		const key = lifeKey(life);
		let sum = sums.lives.get(key);
		if (!sum) {
			sum = createSum();
			sums.lives.set(key, sum);
		}
		return sum;
	}

	/** Every sum above a place; those of what was handed on already are of no use any more. */
	function sumsAbove(place: Located): Sum[] {
		const above: Sum[] = [sessionSum(place.session)];
		for (const life of place.lives) if (!life.agent.handedOn.has(life.n)) above.push(lifeSum(life));
		if (place.turn && !place.turn.handedOn) {
			const { own, all } = turnSum(place.turn.promptId);
			above.push(all);
			if (place.lives.length === 0) above.push(own);
		}
		return above;
	}

	// --- Model requests ---------------------------------------------------------------------------

	function handOnChat(chat: ChatState): void {
		stores.chats.delete(chat.messageId);
		finish(`chat:${chat.messageId}`);
		if (chat.partial) return;
		const place = places.locate(chat, chat.firstAt);
		const lost = lostOf.get(chat.messageId) ?? NO_USAGE;
		lostOf.delete(chat.messageId);
		noteAnswered(chat);
		const start = Math.min(Math.max(chat.after ?? chat.firstAt, startAbove(place)), chat.firstAt);
		const text = [...chat.answers].toSorted(([a], [b]) => a - b).map(([, content]) => content);
		emitChat(
			{
				...placeOnly(place),
				kind: "chat",
				ref: { kind: "chat", sessionId: chat.sessionId, key: chat.messageId },
				start,
				end: Math.max(start, chat.lastAt),
				messageId: chat.messageId,
				requestId: chat.requestId,
				requestedModel: chat.requestedModel.value,
				responseModel: chat.responseModel.value,
				usage: chat.usage,
				lost,
				tokensSource: "transcript",
				...cost(addUsage(chat.usage, lost), chat.requestedModel.value, start),
				attempts: chat.failedAttempts + 1,
				retryMs: chat.retryMs,
				querySource: place.lives.length > 0 ? "subagent" : "main",
				stopReason: chat.stopReason?.value,
				answer: joinAnswers(text),
			},
			place,
		);
	}

	function emitChat(episode: ChatEpisode, place: Located): void {
		for (const sum of sumsAbove(place)) addRequest(sum, episode.usage, episode.lost, episode.picoUsd);
		output.episode(episode);
	}

	function cost(usage: Usage, model: string, at: number): Pick<ChatEpisode, "picoUsd" | "costBasis" | "costEstimated"> {
		const { picoUsd, estimated } = options.price(usage, model, at);
		if (picoUsd === undefined) return { costBasis: "unknown" };
		return { picoUsd, costBasis: "list", ...(estimated ? { costEstimated: true } : {}) };
	}

	function noteAnswered(chat: ChatState): void {
		const models = answered.get(chat.sessionId) ?? new Map<string, Usage>();
		addAnswered(models, chat, stores);
		answered.set(chat.sessionId, models);
	}

	function handOnFailure(failure: FailureState): void {
		const { fact } = failure;
		stores.failures.delete(fact.id);
		finish(`failure:${fact.id}`);
		const place = places.locate(failure, fact.at);
		const start = Math.min(Math.max(fact.after ?? fact.at, startAbove(place)), fact.at);
		emitChat(
			{
				...placeOnly(place),
				kind: "chat",
				ref: { kind: "chat", sessionId: fact.sessionId, key: fact.id },
				start,
				end: fact.at,
				requestId: fact.requestId,
				requestedModel: fact.requestedModel,
				usage: NO_USAGE,
				lost: NO_USAGE,
				tokensSource: "transcript",
				costBasis: "unknown",
				attempts: fact.failedAttempts + 1,
				retryMs: fact.retryMs,
				querySource: place.lives.length > 0 ? "subagent" : "main",
				errorType: fact.errorType,
				httpStatus: fact.status,
				error: fact.content?.error,
			},
			place,
		);
	}

	/** Attempts that left a stump in the transcript count as lost on the next answer of their lane. */
	function assignStumps(chats: readonly ChatState[]): void {
		const inOrder = [...chats].toSorted((a, b) => a.firstAt - b.firstAt || (a.messageId < b.messageId ? -1 : 1));
		for (const [index, stump] of inOrder.entries()) {
			if (!stump.partial || lostOf.has(`stump:${stump.messageId}`)) continue;
			const next = inOrder.slice(index + 1).find((chat) => !chat.partial && chat.agentId === stump.agentId);
			if (!next) continue;
			lostOf.set(next.messageId, addUsage(lostOf.get(next.messageId) ?? NO_USAGE, stump.usage));
			lostOf.set(`stump:${stump.messageId}`, stump.usage);
		}
	}

	// --- Tools ------------------------------------------------------------------------------------

	function handOnTools(tools: readonly ToolState[], over?: number): void {
		const asks = matchAsks(tools, [...stores.asks.values()]);
		for (const tool of tools) handOnTool(tool, asks.get(tool.toolUseId) ?? [], over);
	}

	function handOnTool(tool: ToolState, asks: FactOf<"permission.asked">[], over: number | undefined): void {
		stores.tools.delete(tool.toolUseId);
		finish(`tool:${tool.toolUseId}`);
		const link = linkOfTool(tool, options);
		if (mayStartAgents(tool)) links.set(tool.toolUseId, link);
		const place = places.locate(tool, link.at);
		const runOver = stores.runEnd?.at ?? over ?? place.turn?.lastAt ?? link.at;
		const interruptedAt = tool.agentId === undefined ? place.turn?.interruptedAt : interruptOf(tool.agentId);
		const outcome = outcomeOf(tool, { interruptedAt, stopped: wasStopped(), over: runOver });
		const { hookEnd, transcriptEnd } = tool;
		const toolName = tool.toolName?.value || "unknown";
		const start = tool.startedAt ?? tool.requestedAt ?? tool.firstAt;
		const end = Math.max(start, outcome.end);
		const excluded = link.excluded;
		const known = hookEnd ?? transcriptEnd;
		const ran = outcome.status === "ok" || outcome.status === "error";
		const background = hookEnd?.background ?? transcriptEnd?.background ?? false;
		const exitCode = known?.exitCode ?? (toolName === "Bash" && outcome.status === "ok" && !background ? 0 : undefined);
		const ref = { kind: "tool" as const, sessionId: tool.sessionId, toolUseId: tool.toolUseId };
		for (const sum of sumsAbove(place)) sum.toolsUsed++;
		const names = sessionSum(place.session).toolNames;
		if (names.size < TOOL_NAMES_MAX) names.add(toolName);
		output.episode({
			...placeOnly(place),
			kind: "tool",
			ref,
			start,
			end,
			toolUseId: tool.toolUseId,
			toolName,
			mcpServer: tool.mcpServer?.value ?? mcpServerOf(toolName),
			status: outcome.status,
			errorType: outcome.status === "error" ? mcpError(outcome.errorType ?? "tool_error", toolName) : undefined,
			durationMs: hookEnd?.durationMs ?? (ran && !hookEnd ? end - start : undefined),
			exitCode: ran ? exitCode : undefined,
			timeout: (hookEnd?.timeout ?? transcriptEnd?.timeout) === true,
			stdoutBytes: known?.stdoutBytes ?? transcriptEnd?.stdoutBytes,
			stderrBytes: known?.stderrBytes ?? transcriptEnd?.stderrBytes,
			decision: transcriptEnd?.decision ?? (outcome.status === "denied" ? "reject" : undefined),
			decisionSource: transcriptEnd?.decisionSource,
			asked: asks.length > 0,
			contents: {
				input: tool.contents.input?.value,
				response: tool.contents.response?.value,
				error: tool.contents.error?.value,
			},
			excluded,
		});
		for (const [n, ask] of asks.entries()) {
			stores.asks.delete(`${ask.at}:${ask.inputDigest}`);
			if (excluded) continue;
			const answeredAt = hookEnd ? hookEnd.at - (hookEnd.durationMs ?? 0) : end;
			output.episode({
				...placeOnly(place),
				kind: "wait",
				ref: { kind: "wait", sessionId: tool.sessionId, toolUseId: tool.toolUseId, n },
				parent: ref,
				start: ask.at,
				end: Math.max(ask.at, answeredAt),
				toolName,
			});
		}
	}

	function mayStartAgents(tool: ToolState): boolean {
		const name = tool.toolName?.value;
		return name === "Agent" || name === "Task" || name === "SendMessage" || name === "Skill" || name === "Workflow";
	}

	function interruptOf(agentId: string): number | undefined {
		return stores.agents.get(agentId)?.interruptedAt;
	}

	/** The run ended by a signal that claude could still answer. */
	function wasStopped(): boolean {
		const end = stores.runEnd;
		if (!end) return false;
		return stopSignalOf(end) !== undefined && end.signal !== "SIGKILL";
	}

	// --- Lanes ------------------------------------------------------------------------------------

	function chatsIn(isHere: (lane: LaneTold, at: number) => boolean): ChatState[] {
		const chats = [...stores.chats.values()].filter((chat) => isHere(chat, chat.firstAt));
		return chats.toSorted((a, b) => a.firstAt - b.firstAt || (a.messageId < b.messageId ? -1 : 1));
	}

	function handOnLane(isHere: (lane: LaneTold, at: number) => boolean, over: number | undefined): void {
		const chats = chatsIn(isHere);
		assignStumps(chats);
		for (const chat of chats) handOnChat(chat);
		for (const failure of [...stores.failures.values()]) if (isHere(failure, failure.fact.at)) handOnFailure(failure);
		const tools = [...stores.tools.values()].filter((tool) => isHere(tool, startOf(tool)));
		handOnTools(tools, over);
		for (const compaction of [...stores.compactions.values()]) {
			if (isHere(laneOf(compaction), compaction.at)) handOnCompaction(compaction);
		}
	}

	function handOnTurn(turn: TurnState): void {
		const isHere = (lane: LaneTold) => lane.agentId === undefined && lane.promptId?.value === turn.promptId;
		const end = endOfTurn(turn);
		handOnLane(isHere, end);
		const start = startOfTurn(turn);
		const place = places.locate({ sessionId: turn.sessionId }, start);
		const session = sessionSum(place.session);
		const synthetic = turn.synthetic?.value ?? false;
		if (synthetic) session.syntheticTurns++;
		else session.turns++;
		const times = turnTimes.get(place.session) ?? [];
		const before = times.filter(
			(other) => other.start < start || (other.start === start && other.promptId < turn.promptId),
		);
		const lastEnd = Math.max(...before.map((other) => other.end));
		times.push({ start, end, promptId: turn.promptId });
		turnTimes.set(place.session, times);
		const { own, all } = turnSum(turn.promptId);
		sums.turns.delete(turn.promptId);
		turn.handedOn = true;
		const { status, errorType } = statusOfTurn(turn);
		if (turn.hookPrompts.size === 0) {
			output.moment({
				...placeOnly(place),
				parent: { kind: "turn", sessionId: turn.sessionId, promptId: turn.promptId },
				promptId: turn.promptId,
				kind: "user.prompt",
				at: start,
				uid: `prompt:${turn.promptId}`,
				synthetic,
				prompt: turn.prompt?.value,
			});
		}
		output.episode({
			...placeOnly(place),
			kind: "turn",
			ref: { kind: "turn", sessionId: turn.sessionId, promptId: turn.promptId },
			promptId: turn.promptId,
			start,
			end: Math.max(start, end),
			index: before.length + 1,
			synthetic,
			prompts: Math.max(1, turn.hookPrompts.size),
			status,
			errorType,
			prompt: turn.prompt?.value,
			permissionMode: turn.permissionMode?.value,
			...turn.where?.value,
			totals: totalsOf(all),
			own: totalsOf(own),
			latencyMs: synthetic || before.length === 0 ? undefined : Math.max(0, start - lastEnd),
		});
		turn.prompt = undefined;
	}

	function endOfTurn(turn: TurnState): number {
		const hooks = stores.sessions.get(turn.sessionId)?.hookSeen === true;
		const stop = turn.lastStop?.at ?? (hooks ? undefined : turn.transcriptStop);
		const went = turn.activeAt !== undefined && stop !== undefined && turn.activeAt > stop;
		if (stop !== undefined && !went && stop >= (turn.interruptedAt ?? stop)) return stop;
		if (turn.interruptedAt !== undefined) return turn.interruptedAt;
		return isFollowed(turn) ? turn.lastAt : Math.max(turn.lastAt, stores.runEnd?.at ?? turn.lastAt);
	}

	function statusOfTurn(turn: TurnState): { status: Status; errorType?: string } {
		const hooks = stores.sessions.get(turn.sessionId)?.hookSeen === true;
		const stop = turn.lastStop?.at ?? (hooks ? undefined : turn.transcriptStop);
		if (turn.interruptedAt !== undefined && (stop === undefined || stop < turn.interruptedAt))
			return { status: "interrupted" };
		if (turn.lastStop?.value !== undefined) {
			return { status: "error", errorType: turn.failure?.value ?? turn.lastStop.value };
		}
		if (turn.failure !== undefined && turn.failure.at >= (turn.activeAt ?? 0) && turn.lastStop === undefined) {
			return { status: "error", errorType: turn.failure.value };
		}
		if (stop !== undefined) return { status: "ok" };
		// Esc before the first byte leaves no trace but the prompt that comes after it.
		if (isFollowed(turn)) return { status: "interrupted" };
		// claude left by itself, or by a signal that it could answer.
		const left = stores.runEnd?.exitCode !== undefined;
		return { status: left || wasStopped() ? "interrupted" : "lost" };
	}

	function isFollowed(turn: TurnState): boolean {
		const start = startOfTurn(turn);
		return [...stores.turns.values()].some(
			(other) => other.sessionId === turn.sessionId && isTurn(other) && startOfTurn(other) > start,
		);
	}

	function handOnLife(life: Life): void {
		const { agent, n } = life;
		const isHere = (lane: LaneTold, at: number) => lane.agentId === agent.agentId && lifeAt(agent, at) === n;
		const start = livesOf(agent)[n] ?? agent.firstAt;
		const nextStart = livesOf(agent)[n + 1];
		const lastAt = nextStart === undefined ? agent.lastAt : Math.min(agent.lastAt, nextStart);
		const stop = endOfLife(agent, n);
		const interrupted = stop === undefined && agent.interruptedAt !== undefined;
		const end = stop ?? (interrupted ? agent.interruptedAt : undefined) ?? readOfLife(agent, n) ?? lastAt;
		handOnLane(isHere, end);
		const place = places.locateLife(life);
		const sum = lifeSum(life);
		sums.lives.delete(lifeKey(life));
		agent.handedOn.add(n);
		if (livesOf(agent).every((_start, life) => agent.handedOn.has(life))) stores.openAgents.delete(agent);
		const finished = stop !== undefined || readOfLife(agent, n) !== undefined;
		const type = agent.type?.value ?? "unknown";
		const status: Status = interrupted ? "interrupted" : finished ? "ok" : wasStopped() ? "interrupted" : "lost";
		const ref = { kind: "agent" as const, sessionId: agent.sessionId, agentId: agent.agentId, n };
		const parented = { ...placeOnly(place), agentType: type };
		output.moment({
			...parented,
			parent: ref,
			kind: "agent.start",
			at: start,
			uid: `agent.start:${agent.agentId}:${n}`,
			agentId: agent.agentId,
			type,
		});
		output.episode({
			...parented,
			kind: "agent",
			ref,
			start,
			end: Math.max(start, end),
			agentId: agent.agentId,
			type,
			background: n > 0 || (agent.meta?.background ?? stores.background.has(agent.agentId)),
			depth: Math.max(place.lives.length + 1, n === 0 ? (agent.meta?.depth ?? 0) : 0),
			status,
			totals: totalsOf(sum),
		});
	}

	function handOnCompaction(compaction: FactOf<"compacted">): void {
		stores.compactions.delete(compaction.id);
		finish(`compaction:${compaction.id}`);
		const place = places.locate(laneOf(compaction), compaction.at);
		output.episode({
			...placeOnly(place),
			kind: "compaction",
			ref: { kind: "compaction", sessionId: compaction.sessionId, id: compaction.id },
			start: compaction.at - (compaction.durationMs ?? 0),
			end: compaction.at,
			trigger: compaction.trigger,
			preTokens: compaction.preTokens,
			postTokens: compaction.postTokens,
			durationMs: compaction.durationMs,
		});
		compactionChats.push(compaction);
	}

	// --- The client's ledger ------------------------------------------------------------------------

	/** Compactions whose own request is told at the end of the run, when the ledger is known. */
	const compactionChats: FactOf<"compacted">[] = [];

	function handOnCompactionChat(compaction: FactOf<"compacted">, residual: Map<string, Usage> | undefined): void {
		const place = places.locate(laneOf(compaction), compaction.at);
		const parent = { kind: "compaction" as const, sessionId: compaction.sessionId, id: compaction.id };
		const parts = residual && residual.size > 0 ? [...residual].toSorted(([a], [b]) => (a < b ? -1 : 1)) : [undefined];
		for (const [index, part] of parts.entries()) {
			const [model, usage] = part ?? [undefined, NO_USAGE];
			const start = compaction.at - (compaction.durationMs ?? 0);
			emitChat(
				{
					...placeOnly(place),
					kind: "chat",
					ref: {
						kind: "chat",
						sessionId: compaction.sessionId,
						key: index === 0 ? compaction.id : `${compaction.id}:${index}`,
					},
					parent,
					start,
					end: compaction.at,
					requestedModel: model,
					usage,
					lost: NO_USAGE,
					tokensSource: part ? "cost-state" : "unknown",
					...(model === undefined ? { costBasis: "unknown" as const } : cost(usage, model, start)),
					attempts: 1,
					retryMs: 0,
					querySource: "compact",
				},
				place,
			);
		}
	}

	/** Before the last chats go: what the ledger has beyond them is a compaction's, or else that of attempts that were cut. */
	function readLedgers(): Map<string, Map<string, Usage> | undefined> {
		const residuals = new Map<string, Map<string, Usage> | undefined>();
		for (const sessionId of stores.sessions.keys()) {
			const models = new Map(answered.get(sessionId));
			const open = [...stores.chats.values()].filter((chat) => chat.sessionId === sessionId);
			for (const chat of open) if (!chat.partial) addAnswered(models, chat, stores);
			const compacts =
				compactionChats.some((fact) => fact.sessionId === sessionId) ||
				[...stores.compactions.values()].some((fact) => fact.sessionId === sessionId);
			const residual = residualOf(stores, sessionId, models);
			if (compacts) residuals.set(sessionId, residual);
			else if (residual) assignLost(open, residual);
		}
		return residuals;
	}

	/** What the ledger counts for attempts that were cut replaces what their stumps say, where one answer took their place. */
	function assignLost(open: readonly ChatState[], residual: ReadonlyMap<string, Usage>): void {
		const inOrder = open.toSorted((a, b) => a.firstAt - b.firstAt || (a.messageId < b.messageId ? -1 : 1));
		const stumps = inOrder.filter((chat) => chat.partial);
		const heirs = new Set(
			stumps.map((stump) =>
				inOrder.find((chat) => !chat.partial && chat.agentId === stump.agentId && chat.firstAt >= stump.firstAt),
			),
		);
		for (const [model, usage] of residual) {
			const candidates = inOrder.filter(
				(chat) => !chat.partial && chat.requestedModel.value === model && (chat.failedAttempts > 0 || heirs.has(chat)),
			);
			const heir = candidates[0];
			if (!heir) continue;
			for (const stump of stumps)
				if (stump.requestedModel.value === model) lostOf.set(`stump:${stump.messageId}`, stump.usage);
			lostOf.set(heir.messageId, usage);
		}
	}

	// --- Sessions -----------------------------------------------------------------------------------

	function openSession(segment: Segment): void {
		if (opened.has(segment.n)) return;
		opened.add(segment.n);
		const { n, sessionId, start, source } = segment;
		output.sessionOpened({ n, sessionId, start, source });
		output.moment({
			kind: "session.start",
			parent: { kind: "session", n },
			sessionId,
			session: n,
			at: start,
			uid: `session.start:${n}`,
			source,
		});
	}

	function runWhere() {
		const { cwd, branch, revision } = stores.run ?? {};
		return { cwd, branch, revision };
	}

	function closeSession(segment: Segment): void {
		if (closed.has(segment.n)) return;
		closed.add(segment.n);
		const { n, sessionId, start, source } = segment;
		const session = stores.sessions.get(sessionId);
		const sum = sessionSum(n);
		const end = segment.end ?? stores.runEnd?.at ?? session?.lastAt ?? start;
		output.episode({
			kind: "session",
			ref: { kind: "session", n },
			parent: { kind: "session", n },
			sessionId,
			session: n,
			start,
			end: Math.max(start, end),
			source,
			endReason: segment.endReason ?? (segment.end === undefined ? endReasonOf(stores.runEnd) : "other"),
			exitCode: segment.end === undefined ? stores.runEnd?.exitCode : undefined,
			claudeVersion: session?.claudeVersion?.value,
			argsCount: stores.run?.argsCount ?? 0,
			argsPreview: stores.run?.argsPreview ?? "",
			...(session?.where?.value ?? runWhere()),
			permissionMode: session?.permissionMode?.value,
			turns: sum.turns,
			syntheticTurns: sum.syntheticTurns,
			toolNames: [...sum.toolNames].toSorted(),
			totals: totalsOf(sum),
		});
	}

	// --- The rest -------------------------------------------------------------------------------------

	function startAbove(place: Located): number {
		const life = place.lives[0];
		if (life) return livesOf(life.agent)[life.n] ?? Number.NEGATIVE_INFINITY;
		return place.turn ? startOfTurn(place.turn) : Number.NEGATIVE_INFINITY;
	}

	function openLives(): Life[] {
		return [...stores.openAgents].flatMap((agent) =>
			agent.firstAt === Number.POSITIVE_INFINITY
				? []
				: livesOf(agent).flatMap((_start, n) => (agent.handedOn.has(n) ? [] : [{ agent, n }])),
		);
	}

	function isHomeless(lane: LaneTold, at: number): boolean {
		const place = places.locate(lane, at);
		const life = place.lives[0];
		if (life) return life.agent.handedOn.has(life.n);
		return place.turn === undefined || place.turn.handedOn;
	}

	function everything(): void {
		const residuals = readLedgers();
		// Chats of all lanes first need their stumps; agents, then turns take the sums of what they hold.
		for (const agent of stores.agents.values()) {
			if (agent.firstAt === Number.POSITIVE_INFINITY) continue;
			for (const n of livesOf(agent).keys()) {
				const isHere = (lane: LaneTold, at: number) => lane.agentId === agent.agentId && lifeAt(agent, at) === n;
				if (!agent.handedOn.has(n)) handOnLane(isHere, undefined);
			}
		}
		const turns = [...stores.turns.values()].filter((turn) => isTurn(turn) && !turn.handedOn);
		for (const turn of turns)
			handOnLane((lane) => lane.agentId === undefined && lane.promptId?.value === turn.promptId, endOfTurn(turn));
		handOnLane(() => true, undefined);
		const told = new Set<string>();
		for (const compaction of compactionChats.splice(0).toSorted((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))) {
			// One ledger for several compactions: the first takes what it tells, and the sum is right.
			handOnCompactionChat(
				compaction,
				told.has(compaction.sessionId) ? undefined : residuals.get(compaction.sessionId),
			);
			told.add(compaction.sessionId);
		}
		for (const agent of stores.agents.values()) {
			if (agent.firstAt === Number.POSITIVE_INFINITY) continue;
			for (const n of livesOf(agent).keys()) if (!agent.handedOn.has(n)) handOnLife({ agent, n });
		}
		for (const turn of turns.toSorted((a, b) => startOfTurn(a) - startOfTurn(b) || (a.promptId < b.promptId ? -1 : 1)))
			handOnTurn(turn);
		const segments = places.segments();
		for (const segment of segments.length > 0 ? segments : runOnly()) {
			openSession(segment);
			closeSession(segment);
		}
	}

	/** claude never told a session: the run itself is all there is. */
	function runOnly(): Segment[] {
		const { run } = stores;
		return run ? [{ n: 0, sessionId: run.runId, start: run.at, source: run.sessionSource }] : [];
	}

	function momentOf(fact: Fact, lane: LaneTold, uid: string): Moment {
		const at = { ...placeOnly(places.locate(lane, fact.at)), at: fact.at, uid };
		switch (fact.kind) {
			case "prompt.submitted":
				return { ...at, kind: "user.prompt", synthetic: fact.synthetic, prompt: fact.content?.prompt };
			case "request.retried": {
				const { errorType, requestId, attempt, maxAttempts, waitMs } = fact;
				return {
					...at,
					kind: "api.retry",
					errorType,
					httpStatus: fact.status,
					requestId,
					attempt,
					maxAttempts,
					waitMs,
					error: fact.content?.error,
				};
			}
			case "model.switched":
				return { ...at, kind: "model.switch", from: fact.from, to: fact.to, reason: fact.reason };
			case "notified":
				return { ...at, kind: "notification", notificationType: fact.notificationType };
			default:
				throw new Error(`${fact.kind} is no moment`);
		}
	}

	return {
		isDone: (id) => done.has(id),
		openSessions: () => {
			for (const segment of places.segments()) openSession(segment);
		},
		life: handOnLife,
		turn: handOnTurn,
		hasOpenChildren: ({ agent, n }) =>
			openLives().some((life) => places.locateLife(life).lives.some((above) => above.agent === agent && above.n === n)),
		isFollowed,
		hasOpenAgents: (turn) => openLives().some((life) => places.locateLife(life).turn === turn),
		waitsForLedger: (turn) =>
			[...stores.chats.values()].some(
				(chat) => chat.promptId?.value === turn.promptId && (chat.partial || chat.failedAttempts > 0),
			),
		stragglers: (untouchedSince) => {
			for (const chat of chatsIn(isHomeless)) if (chat.lastAt < untouchedSince) handOnChat(chat);
			for (const failure of [...stores.failures.values()]) {
				if (failure.fact.at < untouchedSince && isHomeless(failure, failure.fact.at)) handOnFailure(failure);
			}
			const tools = [...stores.tools.values()].filter(
				(tool) => isComplete(tool, untouchedSince) && isHomeless(tool, startOf(tool)),
			);
			handOnTools(tools);
			for (const compaction of [...stores.compactions.values()]) {
				if (compaction.at < untouchedSince && isHomeless(laneOf(compaction), compaction.at))
					handOnCompaction(compaction);
			}
		},
		relieve: (target) => {
			const complete = [...stores.tools.values()].filter(
				(tool) => tool.hookEnd !== undefined && tool.transcriptEnd !== undefined,
			);
			complete.sort((a, b) => startOf(a) - startOf(b));
			const gone = complete.slice(0, Math.max(0, stores.tools.size - target));
			const until = gone.at(-1);
			handOnTools(gone);
			if (!until) return;
			const chats = chatsIn((lane, at) => at < startOf(until) && !laneWaits(lane));
			assignStumps(chats);
			for (const chat of chats) if (!chat.partial) handOnChat(chat);
		},
		closedSessions: (endedBefore) => {
			for (const segment of places.segments()) {
				const busy = [...stores.turns.values()].some(
					(turn) => isTurn(turn) && !turn.handedOn && turn.sessionId === segment.sessionId,
				);
				if (segment.end !== undefined && segment.end < endedBefore && !busy) closeSession(segment);
			}
		},
		everything,
		momentOf,
	};

	/** A lane whose cut attempts are still to be assigned keeps its answers. */
	function laneWaits(lane: LaneTold): boolean {
		return [...stores.chats.values()].some(
			(chat) => chat.partial && chat.agentId === lane.agentId && chat.promptId?.value === lane.promptId?.value,
		);
	}
}

function placeOnly({ parent, sessionId, session, promptId, agentType }: Located) {
	return { parent, sessionId, session, promptId, agentType };
}

function lifeKey({ agent, n }: Life): string {
	return `${agent.agentId}:${n}`;
}

function startOf(tool: ToolState): number {
	return tool.startedAt ?? tool.requestedAt ?? tool.firstAt;
}

function startOfTurn(turn: TurnState): number {
	return turn.hookPrompts.size > 0 ? Math.min(...turn.hookPrompts) : (turn.transcriptPrompt ?? turn.lastAt);
}

function isComplete(tool: ToolState, untouchedSince: number): boolean {
	const end = tool.hookEnd?.at ?? tool.transcriptEnd?.at ?? tool.batchAt ?? tool.deniedAt;
	return end !== undefined && end < untouchedSince;
}

function laneOf(fact: FactOf<"compacted">): LaneTold {
	const { sessionId, agentId, promptId, source, at } = fact;
	return { sessionId, agentId, promptId: promptId === undefined ? undefined : { value: promptId, source, at } };
}

function joinAnswers(parts: NonNullable<ChatEpisode["answer"]>[]): ChatEpisode["answer"] {
	const [first, ...rest] = parts;
	if (!first || rest.length === 0) return first;
	const texts = parts.map((part) => part.text).filter((text) => text !== undefined);
	return {
		bytes: parts.reduce((sum, part) => sum + part.bytes, 0),
		...(texts.length > 0 ? { text: texts.join("\n") } : {}),
		...(parts.some((part) => part.truncated) ? { truncated: true } : {}),
	};
}

function mcpServerOf(toolName: string): string | undefined {
	return /^mcp__(.+?)__/.exec(toolName)?.[1];
}

function mcpError(errorType: string, toolName: string): string {
	return errorType === "tool_error" && toolName.startsWith("mcp__") ? "mcp_error" : errorType;
}

const STOP_SIGNALS: Record<number, string> = { 129: "SIGHUP", 130: "SIGINT", 143: "SIGTERM" };

/** The signal that ended claude: it died by one, or left with the exit code that stands for it. */
function stopSignalOf(end: FactOf<"run.ended">): string | undefined {
	return end.signal ?? (end.exitCode === undefined ? undefined : STOP_SIGNALS[end.exitCode]);
}

function endReasonOf(end: FactOf<"run.ended"> | undefined): string {
	if (!end) return "lost";
	const signal = stopSignalOf(end);
	return signal === undefined ? "exit" : `signal:${signal}`;
}
