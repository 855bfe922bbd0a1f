// When a turn or an agent's life is complete, so that it can be handed on: it has ended, what its witnesses still owe is
// there, or they have had their time.
import { brokenOffAt, endOfLife, readOfLife } from "./agents.ts";
import type { HandOn } from "./hand-on/hand-on.ts";
import { STAMP_SKEW_MS, TURN_QUIET_MS } from "./limits.ts";
import { isFollowed, isTurn, type Life, type Places } from "./places.ts";
import type { TurnState } from "./state.ts";
import { hasTurnHooks, type Stores } from "./stores.ts";

export interface Readiness {
	/** `now`: milliseconds since the epoch. */
	isLifeReady(life: Life, now: number): boolean;
	/** Ended, read past its end, and none of its agents at work; or two seconds after its end. */
	isTurnReady(turn: TurnState, now: number): boolean;
	/** All that it asked the model is known: not where its hooks say that it ended, and its transcript is still to be read. */
	isTold(turn: TurnState): boolean;
}

export function createReadiness(stores: Stores, places: Places, handOn: HandOn): Readiness {
	function isLifeReady(life: Life, now: number): boolean {
		const stopped = endOfLife(life.agent, life.n);
		const read = readOfLife(life.agent, life.n);
		const isLate = now >= (stopped ?? read ?? Number.POSITIVE_INFINITY) + TURN_QUIET_MS;
		if (!places.isParentKnown(life, isLate) || life.agent.firstAt === Number.POSITIVE_INFINITY) return false;
		const hooks = stores.sessions.get(life.agent.sessionId)?.hookSeen === true;
		if (stopped !== undefined && now >= stopped + TURN_QUIET_MS) return true;
		// With -p no hook tells that a request of it failed for good, which was its end if nothing came after.
		const failed = brokenOffAt(life.agent, life.n);
		if (failed !== undefined && now >= Math.max(failed, life.agent.lastAt) + TURN_QUIET_MS) return true;
		if (handOn.lifeWaitsForNative(life)) return false;
		if (hooks) {
			return (
				stopped !== undefined &&
				read !== undefined &&
				places.locateLife(life).turn !== undefined &&
				handOn.openChildren(life).length === 0 &&
				!handOn.lifeWaitsForLedger(life)
			);
		}
		return read !== undefined && now >= read + TURN_QUIET_MS;
	}

	function isTurnReady(turn: TurnState, now: number): boolean {
		if (!isTurn(turn)) return false;
		const hooks = hasTurnHooks(stores, turn.sessionId);
		const stop = Math.max(
			turn.lastStop?.at ?? Number.NEGATIVE_INFINITY,
			turn.interruptedAt ?? Number.NEGATIVE_INFINITY,
			hooks ? Number.NEGATIVE_INFINITY : (turn.transcriptStop?.at ?? Number.NEGATIVE_INFINITY),
		);
		if (stop === Number.NEGATIVE_INFINITY) return now >= turn.lastAt + TURN_QUIET_MS && isFollowed(stores, turn);
		if (turn.activeAt !== undefined && turn.activeAt > stop) return false;
		if (now >= stop + TURN_QUIET_MS) return true;
		return (
			hooks &&
			isRead(turn, stop) &&
			!handOn.hasOpenAgents(turn) &&
			!handOn.waitsForLedger(turn) &&
			!handOn.waitsForNative(turn)
		);
	}

	/** The record of a stop is written after the hook was answered; after a fatal error there is only the error's. */
	function isRead(turn: TurnState, stop: number): boolean {
		const failed = turn.lastStop?.value !== undefined && turn.failure !== undefined;
		const readTo = failed ? turn.failure?.at : stop - STAMP_SKEW_MS;
		return turn.readAt !== undefined && readTo !== undefined && turn.readAt >= readTo;
	}

	function isTold(turn: TurnState): boolean {
		const { lastStop, transcriptStop, activeAt, sessionId } = turn;
		const isWritten = stores.sessions.get(sessionId)?.transcriptSeen === true;
		if (lastStop === undefined || !isWritten || isRead(turn, lastStop.at)) return true;
		return transcriptStop !== undefined && transcriptStop.at >= (activeAt ?? transcriptStop.at);
	}

	return { isLifeReady, isTurnReady, isTold };
}
