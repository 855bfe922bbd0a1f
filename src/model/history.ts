// Facts in, the conversation out: prompts, answers and calls of one session, each with as much of its words as the level
// let past privacy. Pure; facts may come in any order and more than once.
import type { CleanContent, Fact } from "./fact.ts";

export interface HistoryEntry {
	/** When it happened: milliseconds since the epoch. */
	at: number;
	role: "prompt" | "answer" | "call";
	sessionId: string;
	promptId?: string;
	/** The subagent in which it happened; absent in the main loop. */
	agentId?: string;
	/** Of a call. */
	toolUseId?: string;
	toolName?: string;
	outcome?: "ok" | "error" | "denied" | "interrupted";
	/** What was asked, answered, or put in: its size, and by level a summary or its text. */
	content?: CleanContent;
	/** What a call brought back, or why it failed. */
	result?: CleanContent;
}

export interface History {
	note(fact: Fact): void;
	/** In the order in which it happened. */
	entries(): HistoryEntry[];
	/** Older ones that were dropped. */
	dropped(): number;
}

/** Of a session that goes on for days the latest are kept. */
export const HISTORY_MAX = 2_000;

export function createHistory(max = HISTORY_MAX): History {
	const entries = new Map<string, HistoryEntry>();
	let dropped = 0;

	function put(key: string, fact: Fact, more: Partial<HistoryEntry> & Pick<HistoryEntry, "role">): void {
		const { at, sessionId, promptId, agentId } = fact;
		const known = entries.get(key);
		const told = withoutAbsent({ sessionId, promptId, agentId, ...more });
		entries.set(key, { ...known, ...told, at: Math.min(known?.at ?? at, at) } as HistoryEntry);
		if (entries.size <= max) return;
		const [oldest] = entries.keys();
		entries.delete(oldest as string);
		dropped++;
	}

	function note(fact: Fact): void {
		switch (fact.kind) {
			case "prompt.submitted":
				// Claude Code's own telemetry tells of a prompt without its words.
				if (fact.source === "native") return;
				return put(`prompt:${fact.promptId}${fact.joined === true ? `:${fact.at}` : ""}`, fact, {
					role: "prompt",
					content: fact.content?.prompt,
				});
			case "message.seen": {
				const content = fact.content?.answer;
				if (content === undefined) return;
				return put(`answer:${fact.messageId}:${fact.blockIndex}`, fact, { role: "answer", content });
			}
			case "tool.requested":
			case "tool.started":
			case "tool.ended": {
				const { toolUseId, toolName } = fact;
				const { input: content, response, error } = fact.content ?? {};
				const outcome = fact.kind === "tool.ended" ? fact.outcome : undefined;
				const call = { role: "call", toolUseId, toolName, outcome, content, result: response ?? error } as const;
				return put(`call:${toolUseId}`, fact, call);
			}
			default:
		}
	}

	return {
		note,
		entries: () => [...entries.values()].toSorted((a, b) => a.at - b.at),
		dropped: () => dropped,
	};
}

function withoutAbsent<T extends object>(value: T): Partial<T> {
	return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Partial<T>;
}
