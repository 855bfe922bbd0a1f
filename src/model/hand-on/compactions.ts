// Compactions → episodes, each with its own model request, which no message tells: what the client's ledger has
// beyond the messages. Without a compaction that rest is what was lost in attempts that were cut.
import type { FactOf, Usage } from "../fact.ts";
import { addAnswered, ledgerOf, residualOf } from "../ledger.ts";
import type { Located } from "../places.ts";
import type { LaneTold, RequestState, TurnState } from "../state.ts";
import { areMessagesTold } from "../stores.ts";
import { addUsage, NO_USAGE } from "../usage.ts";
import type { ChatSteps } from "./chats.ts";
import { dropRefused } from "./failures.ts";
import { type Handover, placeOnly } from "./handover.ts";
import { laneOf } from "./lanes.ts";
import { createLostSteps } from "./lost.ts";
import type { RefusalSteps } from "./refusals.ts";
import { costOf } from "./request-cost.ts";
import { assignCutRequests } from "./stumps.ts";

/** A compaction and what native telemetry tells of it lie within this (milliseconds). */
const NEAR_MS = 10_000;
/** The boundary is written after its request has ended; both are stamped by claude (milliseconds). */
const SKEW_MS = 500;

type Residuals = Map<string, Map<string, Usage> | undefined>;

export interface CompactionSteps {
	compaction(compaction: FactOf<"compacted">): void;
	/** Before the last answers go: reads the ledgers of all sessions. */
	readLedgers(): Residuals;
	/** The requests of all compactions, when everything else is handed on. */
	chats(residuals: Residuals): void;
	/** The same of a session that was ended while the run goes on. */
	closeSession(sessionId: string): void;
}

export function createCompactionSteps(handover: Handover, chats: ChatSteps, refusals: RefusalSteps): CompactionSteps {
	const { stores, places, output, answered, finish, settledStumps } = handover;
	const lost = createLostSteps(handover, refusals);
	/** Compactions whose own request is told at the end of the run, when the ledger is known. */
	const waiting: FactOf<"compacted">[] = [];
	/** Those that the transcript told and native telemetry not yet. */
	const unmatched = new Set<FactOf<"compacted">>();

	function handOnCompaction(compaction: FactOf<"compacted">): void {
		stores.compactions.delete(compaction.id);
		finish(`compaction:${compaction.id}`);
		if (compaction.source === "native" && isToldAlready(compaction)) return;
		const native = takeNative(compaction);
		if (compaction.source !== "native" && native === undefined) unmatched.add(compaction);
		const { preTokens, postTokens, durationMs } = native ?? compaction;
		const requests = requestsOf(compaction);
		const place = placeOf(compaction);
		const start = compaction.at - (durationMs ?? 0);
		const ref = { kind: "compaction" as const, sessionId: compaction.sessionId, id: compaction.id };
		output.episode({
			...placeOnly(place),
			kind: "compaction",
			ref,
			start: Math.min(start, ...requests.map(({ fact }) => fact.at - (fact.durationMs ?? 0))),
			end: compaction.at,
			trigger: compaction.trigger,
			preTokens,
			postTokens,
			durationMs,
		});
		for (const request of requests) chats.request(request, { ref, place });
		if (requests.length === 0) waiting.push(compaction);
	}

	/** A summary from here or up to here (Rewind) has the id of the prompt before it, whose turn is over: it is of no turn, like /compact. */
	function placeOf(compaction: FactOf<"compacted">): Located {
		const { sessionId, at, durationMs = 0 } = compaction;
		const place = places.locate(laneOf(compaction), at);
		const isOver = place.lives.length === 0 && place.turn !== undefined && wasOver(place.turn, at - durationMs);
		return isOver ? places.locate({ sessionId }, at) : place;
	}

	/** Native telemetry comes late: its compaction was handed on as the transcript told it. */
	function isToldAlready(native: FactOf<"compacted">): boolean {
		const told = [...unmatched].find((compaction) => isNear(native, compaction));
		return told !== undefined && unmatched.delete(told);
	}

	/** What native telemetry tells of the same compaction: the nearest in time. */
	function takeNative(compaction: FactOf<"compacted">): FactOf<"compacted"> | undefined {
		if (compaction.source === "native") return undefined;
		const near = [...stores.compactions.values()]
			.filter((fact) => fact.source === "native" && isNear(fact, compaction))
			.toSorted((a, b) => Math.abs(a.at - compaction.at) - Math.abs(b.at - compaction.at))[0];
		if (near === undefined) return undefined;
		stores.compactions.delete(near.id);
		finish(`compaction:${near.id}`);
		return near;
	}

	/** The requests that made its summary, as native telemetry tells them. */
	function requestsOf(compaction: FactOf<"compacted">): RequestState[] {
		return [...stores.requests.values()]
			.filter(
				({ fact }) => fact.querySource === "compact" && isNear(fact, compaction) && fact.at <= compaction.at + SKEW_MS,
			)
			.toSorted((a, b) => a.fact.at - b.fact.at);
	}

	/** Before the last chats go: what the ledger has beyond them is a compaction's, or else that of attempts that were cut. */
	function readLedgers(): Residuals {
		takeLateRequests();
		dropRefused(stores);
		const residuals: Residuals = new Map();
		for (const sessionId of stores.sessions.keys()) readLedger(sessionId, residuals);
		return residuals;
	}

	/** Requests of compactions that were handed on before native telemetry told of them. */
	function takeLateRequests(): void {
		for (const compaction of waiting.filter((fact) => requestsOf(fact).length > 0)) {
			const requests = requestsOf(compaction);
			waiting.splice(waiting.indexOf(compaction), 1);
			const ref = { kind: "compaction" as const, sessionId: compaction.sessionId, id: compaction.id };
			for (const request of requests) chats.request(request, { ref, place: placeOf(compaction) });
		}
	}

	function readLedger(sessionId: string, residuals: Residuals): void {
		for (const stump of lost.heirless(sessionId)) chats.chat(stump);
		if (!areMessagesTold(stores, sessionId)) assignCutRequests(handover, ofIt(stores.requests), ofIt(stores.failures));
		const models = new Map(answered.get(sessionId));
		for (const [model, usage] of lost.assigned(sessionId)) {
			models.set(model, addUsage(models.get(model) ?? NO_USAGE, usage));
		}
		const open = [...stores.chats.values()].filter((chat) => chat.sessionId === sessionId);
		const compactions = untold(sessionId);
		const compacts = (model: string) => compactions.some((fact) => (fact.model ?? model) === model);
		const asked = new Set(open.map(({ requestId }) => requestId));
		for (const { fact } of stores.requests.values()) {
			if (fact.sessionId !== sessionId || asked.has(fact.requestId)) continue;
			models.set(fact.model, addUsage(models.get(fact.model) ?? NO_USAGE, fact.usage));
		}
		// Beside a compaction, what was lost is what the stumps say.
		for (const chat of open)
			if (!chat.partial || (compacts(chat.requestedModel.value) && !settledStumps.has(chat.messageId)))
				addAnswered(models, chat, stores);
		const ledger = ledgerOf(stores, sessionId);
		const residual = ledger && residualOf(ledger, models);
		const isOf = (summaries: boolean) =>
			new Map([...(residual ?? [])].filter(([model]) => compacts(model) === summaries));
		if (compactions.length > 0) residuals.set(sessionId, residual && isOf(true));
		if (residual) lost.assign(sessionId, isOf(false));

		function ofIt<T extends LaneTold>(all: ReadonlyMap<string, T>): T[] {
			return [...all.values()].filter((one) => one.sessionId === sessionId);
		}
	}

	/** Compactions whose own request nobody has told. */
	function untold(sessionId: string): FactOf<"compacted">[] {
		const open = [...stores.compactions.values()].filter(
			(fact) => fact.source !== "native" && requestsOf(fact).length === 0,
		);
		return [...waiting, ...open].filter((fact) => fact.sessionId === sessionId);
	}

	/** Claude Code writes the ledger when a session ends; taken up again, the session goes on counting in it. */
	function closeSession(sessionId: string): void {
		takeLateRequests();
		const isOfIt = (one: { sessionId: string }) => one.sessionId === sessionId;
		if (!waiting.some(isOfIt) && ![...stores.refusals.values()].some(isOfIt)) return;
		const residuals: Residuals = new Map();
		readLedger(sessionId, residuals);
		handOnChats(residuals);
	}

	function handOnChats(residuals: Residuals): void {
		const due = waiting.filter(({ sessionId }) => residuals.has(sessionId));
		waiting.splice(0, waiting.length, ...waiting.filter((compaction) => !due.includes(compaction)));
		const inOrder = due.toSorted((a, b) => rankOf(a) - rankOf(b) || a.at - b.at || (a.id < b.id ? -1 : 1));
		for (const compaction of inOrder) handOnCompactionChat(compaction, takeShare(compaction, residuals));
	}

	/** One ledger for several compactions: the first of a model takes what it tells of that one, and the sum is right. */
	function takeShare({ sessionId, model }: FactOf<"compacted">, residuals: Residuals): Map<string, Usage> {
		const residual = residuals.get(sessionId) ?? new Map<string, Usage>();
		const share = new Map([...residual].filter(([name]) => (model ?? name) === name));
		for (const name of share.keys()) residual.delete(name);
		return share;
	}

	function handOnCompactionChat(compaction: FactOf<"compacted">, residual: Map<string, Usage>): void {
		const place = placeOf(compaction);
		const parent = { kind: "compaction" as const, sessionId: compaction.sessionId, id: compaction.id };
		const parts = residual.size > 0 ? [...residual].toSorted(([a], [b]) => (a < b ? -1 : 1)) : [undefined];
		for (const [index, part] of parts.entries()) {
			const [model, usage] = part ?? [compaction.model, NO_USAGE];
			const start = compaction.at - (compaction.durationMs ?? 0);
			if (model !== undefined) chats.noteUsage(compaction.sessionId, model, usage);
			chats.emit(
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
					timesSource: compaction.source,
					requestedModel: model,
					usage,
					lost: NO_USAGE,
					tokensSource: part ? "cost-state" : "unknown",
					...(model === undefined || !part
						? { costBasis: "unknown" as const }
						: costOf(handover, usage, NO_USAGE, model, start)),
					querySource: "compact",
				},
				place,
			);
		}
	}

	return { compaction: handOnCompaction, readLedgers, chats: handOnChats, closeSession };
}

/** It was stopped before, and did not go on. */
function wasOver({ lastStop, transcriptStop, interruptedAt, activeAt }: TurnState, at: number): boolean {
	const ends = [lastStop?.at, transcriptStop?.at, interruptedAt].filter((end) => end !== undefined);
	return ends.length > 0 && Math.max(...ends) < at && (activeAt === undefined || activeAt < at);
}

/** Those whose model is known choose first. */
function rankOf({ model }: FactOf<"compacted">): number {
	return model === undefined ? 1 : 0;
}

function isNear(fact: FactOf<"compacted" | "request.answered">, compaction: FactOf<"compacted">): boolean {
	if (fact.sessionId !== compaction.sessionId || fact.agentId !== compaction.agentId) return false;
	const from = compaction.at - (compaction.durationMs ?? 0) - NEAR_MS;
	return fact.at >= from && fact.at <= compaction.at + NEAR_MS;
}
