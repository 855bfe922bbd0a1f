// Hook bodies → whether there have been too many of their session of late. Whoever has the token can send as fast as the
// machine allows, a command of claude's among them; what is over the limit costs neither memory nor a trace of noise.
import type { HookBody } from "./hook-body.ts";
import { asString } from "./json.ts";

/** Of one session; claude itself sends some tens at most. */
export const HOOK_BODIES_PER_SECOND = 2_000;
/** Sessions that are counted apart; further ones at the same time share one allowance. */
const SESSIONS_MAX = 100;
const SHARED = "";

interface Allowance {
	left: number;
	at: number;
}

/** Counts by the time of arrival, however late the body is looked at. */
export function createHookRate(): (body: Pick<HookBody, "at" | "json">) => boolean {
	const sessions = new Map<string, Allowance>();

	function allowanceOf(sessionId: string, at: number): Allowance {
		const known = sessions.get(sessionId);
		if (known !== undefined) return known;
		if (sessions.size >= SESSIONS_MAX) forgetIdle(at);
		const key = sessions.size < SESSIONS_MAX ? sessionId : SHARED;
		const begun = sessions.get(key) ?? { left: HOOK_BODIES_PER_SECOND, at };
		sessions.set(key, begun);
		return begun;
	}

	/** A second later their allowance is whole again, as that of one that was never seen. */
	function forgetIdle(at: number): void {
		for (const [sessionId, allowance] of sessions) if (at - allowance.at >= 1000) sessions.delete(sessionId);
	}

	return ({ at, json }) => {
		const allowance = allowanceOf(asString(json.session_id) ?? SHARED, at);
		const grown = (Math.max(0, at - allowance.at) / 1000) * HOOK_BODIES_PER_SECOND;
		allowance.left = Math.min(HOOK_BODIES_PER_SECOND, allowance.left + grown);
		// A clock that was set back begins anew.
		allowance.at = at;
		if (allowance.left < 1) return false;
		allowance.left--;
		return true;
	};
}
