// Hooks of instrumented queries → the trace of the query to whose session they belong. A hook may come before the first
// message of its session: it waits, and so many of them and no more.
import type { Json } from "../model/fact.ts";

type Take = (payload: Record<string, Json>, at: number) => void;

export interface HookRouter {
	take: Take;
	connect(sessionId: string, take: Take): void;
}

/** Sessions that wait for their first message, and hooks of each. */
const SESSIONS_MAX = 100;
const HOOKS_MAX = 100;

export function createHookRouter(): HookRouter {
	const connected = new Map<string, Take>();
	const waiting = new Map<string, { payload: Record<string, Json>; at: number }[]>();
	return {
		take(payload, at) {
			const sessionId = String(payload.session_id);
			const take = connected.get(sessionId);
			if (take !== undefined) return take(payload, at);
			const hooks = waiting.get(sessionId) ?? [];
			if (hooks.length < HOOKS_MAX) hooks.push({ payload, at });
			waiting.set(sessionId, hooks);
			if (waiting.size > SESSIONS_MAX) waiting.delete(waiting.keys().next().value as string);
		},
		connect(sessionId, take) {
			connected.set(sessionId, take);
			if (connected.size > SESSIONS_MAX) connected.delete(connected.keys().next().value as string);
			for (const { payload, at } of waiting.get(sessionId) ?? []) take(payload, at);
			waiting.delete(sessionId);
		},
	};
}
