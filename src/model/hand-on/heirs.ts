// What came in the place of attempts that were cut: answers, final errors and summaries, in order of time, and which of
// them a cut attempt has before it.
import type { ChatState, FailureState, RequestState } from "../state.ts";

/** A request that may have been made in the place of another. */
export interface Heir {
	key: string;
	model?: string;
	agentId?: string;
	promptId?: string;
	at: number;
	/** How many attempts before it failed, where that is told. */
	tries?: number;
	/** It has no answer. */
	failed: boolean;
	/** Native telemetry told of it, and tells of no attempts. */
	vague: boolean;
}

/** What came in the place of cut attempts: answers, final errors and summaries, in order of time. */
export function heirsAmong(
	chats: readonly ChatState[],
	failures: readonly FailureState[],
	requests: readonly RequestState[] = [],
): Heir[] {
	const answered = chats.flatMap((chat): Heir[] =>
		chat.partial
			? []
			: [
					{
						key: chat.messageId,
						model: chat.requestedModel.value,
						agentId: chat.agentId,
						promptId: chat.promptId?.value,
						at: chat.firstAt,
						tries: chat.failedAttempts,
						failed: false,
						vague: false,
					},
				],
	);
	const failed = failures.map(
		({ fact, agentId, promptId }): Heir => ({
			key: fact.id,
			model: fact.requestedModel,
			agentId,
			promptId: promptId?.value,
			at: fact.at,
			tries: fact.failedAttempts,
			failed: true,
			vague: fact.source === "native",
		}),
	);
	const told = requests.map(({ fact }): Heir => {
		const { requestId: key, model, agentId, promptId, at, querySource } = fact;
		return { key, model, agentId, promptId, at, failed: false, vague: querySource === "compact" };
	});
	return [...answered, ...failed, ...told].toSorted((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}

/** The next of its lane, unless it was given up. */
export function heirOf(stump: ChatState, heirs: readonly Heir[]): Heir | undefined {
	if (stump.givenUp) return undefined;
	return heirs.find(({ agentId, at }) => agentId === stump.agentId && at >= stump.firstAt);
}

/** The next of its lane, for a request of which no message tells. */
export function heirAfter({ fact, agentId, promptId }: RequestState, heirs: readonly Heir[]): Heir | undefined {
	const isNext = (heir: Heir) => heir.agentId === agentId && heir.at >= fact.at && heir.key !== fact.requestId;
	return heirs.find((heir) => isNext(heir) && (agentId !== undefined || heir.promptId === promptId?.value));
}

export function inOrder(chats: readonly ChatState[]): ChatState[] {
	return chats.toSorted((a, b) => a.firstAt - b.firstAt || (a.messageId < b.messageId ? -1 : 1));
}
