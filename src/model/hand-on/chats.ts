// Answered model requests → chat episodes, with what was lost in attempts that were cut.
import { usedRatioOf } from "../context-window.ts";
import type { ChatEpisode, Ref } from "../episode.ts";
import type { FactOf, Usage } from "../fact.ts";
import { addAnswered } from "../ledger.ts";
import type { Located } from "../places.ts";
import type { ChatState, RequestState } from "../state.ts";
import { areMessagesTold } from "../stores.ts";
import { addRequest } from "../sums.ts";
import { addUsage, maxUsage, NO_USAGE } from "../usage.ts";
import { attemptsOf } from "./attempts.ts";
import { cutOutputOf, webSearchesOf } from "./cut-requests.ts";
import { type Handover, placeOnly, startAbove } from "./handover.ts";
import { takeLost } from "./lost.ts";
import { costOf, type ListCost, noteCost, withExtras } from "./request-cost.ts";
import { noteTriedGone, surplusBefore } from "./surplus.ts";
import { takeRequest } from "./take-request.ts";

export interface ChatSteps {
	chat(chat: ChatState): void;
	/** A request that no transcript shows, and the compaction that made it. */
	request(request: RequestState, compaction?: { ref: Ref; place: Located }): void;
	/** Counts what no message tells among what was answered, for the ledger. */
	noteUsage(sessionId: string, model: string, usage: Usage): void;
	/** Counts a request in the sums above it and hands it on. */
	emit(episode: ChatEpisode, place: Located): void;
}

/** The stop reason of an answer that the model's safeguards stopped, which may have no content and so no record. */
export const REFUSAL = "refusal";

export function createChatSteps(handover: Handover): ChatSteps {
	const { stores, places, options, output, sums, answered, finish, settledStumps, brokenOff } = handover;

	function handOnChat(chat: ChatState): void {
		const surplus = surplusBefore(handover, chat.messageId);
		stores.chats.delete(chat.messageId);
		finish(`chat:${chat.messageId}`);
		const cut = chat.partial && !chat.givenUp;
		const model = chat.requestedModel.value;
		const tried = cut || (chat.failedAttempts ?? 0) > 0 || surplus;
		if (tried) noteTriedGone(handover, chat.sessionId, model, cut ? 0 : surplus);
		if (chat.givenUp) brokenOff.add(`${chat.sessionId} ${model}`);
		if (chat.partial && settledStumps.has(chat.messageId)) return void takeRequest(handover, chat.requestId);
		const place = places.locate(chat, chat.firstAt);
		const { lostHere, picoUsd: lostCost } = takeLost(handover, chat.messageId);
		noteCounted(chat, lostHere);
		const isRefused = stores.refusals.has(chat.requestId ?? "");
		const request = takeRequest(handover, chat.requestId);
		const start = Math.min(Math.max(chat.after ?? chat.firstAt, startAbove(place)), chat.firstAt);
		const source = chat.requestedModel.source === "agent" ? "agent" : "transcript";
		const times = timesOf(request) ?? { start, end: Math.max(start, chat.lastAt), timesSource: source };
		// The stream tells of an agent's answer before it is known how long it became.
		const usage = source === "agent" && request !== undefined ? maxUsage(chat.usage, request.usage) : chat.usage;
		const own = withExtras(costOf(handover, usage, lostHere, chat.requestedModel.value, start), chat);
		const text = [...chat.answers].toSorted(([a], [b]) => a - b).map(([, content]) => content);
		const episode: ChatEpisode = {
			...placeOnly(place),
			kind: "chat",
			ref: { kind: "chat", sessionId: chat.sessionId, key: chat.messageId },
			...times,
			messageId: chat.messageId,
			requestId: chat.requestId,
			requestedModel: chat.requestedModel.value,
			responseModel: chat.responseModel.value,
			usage,
			lost: lostHere,
			tokensSource: source,
			...(nativeCost(request, lostCost ?? 0) ?? own),
			firstChunkMs: request?.firstChunkMs,
			...attemptsOf(stores, chat.sessionId, chat, chat.anew?.value),
			querySource: request?.querySource ?? (place.lives.length > 0 ? "subagent" : "main"),
			stopReason: chat.stopReason?.value ?? (isRefused ? REFUSAL : undefined),
			answer: joinAnswers(text),
			contextUsedRatio:
				place.lives.length > 0 ? undefined : usedRatioOf(usage, options.context.windowOf(chat.requestedModel.value)),
		};
		// After an interrupt the transcript counts.
		emitChat(cut ? allLost(episode) : episode, place, own);
	}

	function handOnRequest(request: RequestState, compaction?: { ref: Ref; place: Located }): void {
		const { fact } = request;
		const cut = areMessagesTold(stores, fact.sessionId) ? undefined : cutOutputOf(fact, stores, options.price);
		const surplus = surplusBefore(handover, fact.requestId) ?? 0;
		if (cut !== undefined || surplus > 0 || fact.querySource === "compact") {
			noteTriedGone(handover, fact.sessionId, fact.model, cut === undefined ? surplus : 0);
		}
		const refusal = stores.refusals.get(fact.requestId);
		takeRequest(handover, fact.requestId);
		const place = compaction?.place ?? places.locate(request, fact.at);
		const { lostHere, picoUsd: lostCost } = takeLost(handover, fact.requestId);
		const usage = addUsage(fact.usage, { ...NO_USAGE, output: cut ?? 0 });
		const webSearches = webSearchesOf(fact, options.price);
		const own = withExtras(costOf(handover, usage, lostHere, fact.model, fact.at), { webSearches, fast: false });
		noteUsage(fact.sessionId, fact.model, addUsage(usage, lostHere));
		const episode: ChatEpisode = {
			...placeOnly(place),
			...(compaction ? { parent: compaction.ref } : {}),
			kind: "chat",
			ref: { kind: "chat", sessionId: fact.sessionId, key: fact.requestId },
			...(timesOf(fact) ?? { start: fact.at, end: fact.at, timesSource: "native" }),
			requestId: fact.requestId,
			requestedModel: fact.model,
			usage,
			lost: lostHere,
			tokensSource: "native",
			...(nativeCost(fact, lostCost) ?? own),
			firstChunkMs: fact.firstChunkMs,
			querySource: fact.querySource,
			...(refusal && attemptsOf(stores, fact.sessionId, refusal, refusal.anew?.value)),
			stopReason: refusal ? REFUSAL : undefined,
			contextUsedRatio:
				fact.querySource === "main" ? usedRatioOf(usage, options.context.windowOf(fact.model)) : undefined,
		};
		emitChat(cut === undefined ? episode : allLost(episode), place, own);
	}

	/** @param own its list price, where its tokens alone do not say it */
	function emitChat(episode: ChatEpisode, place: Located, own?: ListCost): void {
		for (const sum of sums.above(place)) addRequest(sum, episode.usage, episode.lost, episode.picoUsd);
		noteCost(handover, episode, own);
		output.episode(episode);
	}

	/** The ledger counts the answer and what was lost before it. */
	function noteCounted(chat: ChatState, lostHere: Usage): void {
		const models = answered.get(chat.sessionId) ?? new Map<string, Usage>();
		addAnswered(models, { ...chat, usage: addUsage(chat.usage, lostHere) }, stores);
		answered.set(chat.sessionId, models);
	}

	function noteUsage(sessionId: string, model: string, usage: Usage): void {
		const models = answered.get(sessionId) ?? new Map<string, Usage>();
		models.set(model, addUsage(models.get(model) ?? NO_USAGE, usage));
		answered.set(sessionId, models);
	}

	return {
		chat: handOnChat,
		request: handOnRequest,
		noteUsage,
		emit: emitChat,
	};
}

/** Nothing came in the place of a cut answer: it stands for itself, and all of it is lost. */
function allLost(episode: ChatEpisode): ChatEpisode {
	const lost = addUsage(episode.lost, episode.usage);
	return { ...episode, messageId: undefined, stopReason: undefined, usage: NO_USAGE, lost, broken: true };
}

function timesOf(request: FactOf<"request.answered"> | undefined) {
	if (request?.durationMs === undefined) return undefined;
	return { start: request.at - request.durationMs, end: request.at, timesSource: "native" as const };
}

/** @param lostCost of attempts that were cut before it, where the client told of them as of answered ones */
function nativeCost(request: FactOf<"request.answered"> | undefined, lostCost = 0) {
	if (request?.picoUsd === undefined) return undefined;
	return { picoUsd: request.picoUsd + lostCost, costBasis: "native" as const };
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
