// Answered and failed model requests → chat episodes, with what was lost in attempts that were cut.
import type { ChatEpisode } from "../episode.ts";
import type { Usage } from "../fact.ts";
import { addAnswered } from "../ledger.ts";
import type { Located } from "../places.ts";
import type { ChatState, FailureState } from "../state.ts";
import { addRequest } from "../sums.ts";
import { addUsage, NO_USAGE } from "../usage.ts";
import { type Handover, placeOnly, startAbove } from "./handover.ts";

export interface ChatSteps {
	chat(chat: ChatState): void;
	failure(failure: FailureState): void;
	/** Counts a request in the sums above it and hands it on. */
	emit(episode: ChatEpisode, place: Located): void;
	cost(usage: Usage, model: string, at: number): Pick<ChatEpisode, "picoUsd" | "costBasis" | "costEstimated">;
	assignStumps(chats: readonly ChatState[]): void;
}

export function createChatSteps(handover: Handover): ChatSteps {
	const { stores, places, options, output, sums, lost, settledStumps, answered, finish } = handover;

	function handOnChat(chat: ChatState): void {
		stores.chats.delete(chat.messageId);
		finish(`chat:${chat.messageId}`);
		if (chat.partial) return;
		const place = places.locate(chat, chat.firstAt);
		const lostHere = lost.get(chat.messageId) ?? NO_USAGE;
		lost.delete(chat.messageId);
		noteCounted(chat, lostHere);
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
				lost: lostHere,
				tokensSource: "transcript",
				...cost(addUsage(chat.usage, lostHere), chat.requestedModel.value, start),
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
		for (const sum of sums.above(place)) addRequest(sum, episode.usage, episode.lost, episode.picoUsd);
		output.episode(episode);
	}

	function cost(usage: Usage, model: string, at: number): Pick<ChatEpisode, "picoUsd" | "costBasis" | "costEstimated"> {
		const { picoUsd, estimated } = options.price(usage, model, at);
		if (picoUsd === undefined) return { costBasis: "unknown" };
		return { picoUsd, costBasis: "list", ...(estimated ? { costEstimated: true } : {}) };
	}

	/** The ledger counts the answer and what was lost before it. */
	function noteCounted(chat: ChatState, lostHere: Usage): void {
		const models = answered.get(chat.sessionId) ?? new Map<string, Usage>();
		addAnswered(models, { ...chat, usage: addUsage(chat.usage, lostHere) }, stores);
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
			if (!stump.partial || settledStumps.has(stump.messageId)) continue;
			const next = inOrder.slice(index + 1).find((chat) => !chat.partial && chat.agentId === stump.agentId);
			if (!next) continue;
			lost.set(next.messageId, addUsage(lost.get(next.messageId) ?? NO_USAGE, stump.usage));
			settledStumps.add(stump.messageId);
		}
	}

	return { chat: handOnChat, failure: handOnFailure, emit: emitChat, cost, assignStumps };
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
