// A prompt and what it led to → a turn episode.
import type { Status } from "../episode.ts";
import type { FactOf, Source } from "../fact.ts";
import { REFUSAL_SKEW_MS } from "../limits.ts";
import { isFollowed, isTurn, startOfTurn } from "../places.ts";
import { hasLeft, wasStopped } from "../run-end.ts";
import type { TurnState } from "../state.ts";
import { areRequestsTold, hasTurnHooks, isToldByNativeAlone } from "../stores.ts";
import { totalsOf } from "../sums.ts";
import { createTimeline, type Timeline } from "../timeline.ts";
import type { Told } from "../told.ts";
import { type Handover, placeOnly } from "./handover.ts";
import { inTurn, type Lanes } from "./lanes.ts";

export interface TurnSteps {
	/** @param isTold all that it asked the model is known */
	turn(turn: TurnState, isTold: boolean): void;
	end(turn: TurnState): number;
}

export function createTurnSteps(handover: Handover, lanes: Lanes): TurnSteps {
	const { stores, places, output, sums } = handover;
	const timelines = new Map<number, Timeline>();

	function timeline(session: number): Timeline {
		const found = timelines.get(session) ?? createTimeline();
		timelines.set(session, found);
		return found;
	}

	function handOnTurn(turn: TurnState, isTold: boolean): void {
		const end = endOfTurn(turn);
		lanes.handOn(inTurn(turn), end);
		const start = startOfTurn(turn);
		const place = places.locate({ sessionId: turn.sessionId }, start);
		const session = sums.ofSession(place.session);
		const prompts = promptsOf(turn);
		const synthetic = isSynthetic(turn);
		if (synthetic) session.syntheticTurns++;
		else session.turns++;
		const inOrder = timeline(place.session).insert(start, end, turn.promptId);
		const waiting = openBefore(turn, start, place.session);
		const ends = [inOrder.lastEnd ?? Number.NEGATIVE_INFINITY, ...waiting.map(endOfTurn)];
		const latencyMs = Math.max(0, start - Math.max(...ends));
		const { own, all } = sums.takeTurn(turn.promptId);
		turn.handedOn = true;
		const { status, errorType } = statusOfTurn(turn);
		for (const prompt of prompts) {
			output.moment({
				...placeOnly(place),
				parent: { kind: "turn", sessionId: turn.sessionId, promptId: turn.promptId },
				promptId: turn.promptId,
				kind: "user.prompt",
				at: prompt.at,
				uid: `prompt:${prompt.promptId}:${prompt.at}`,
				synthetic: prompt.synthetic,
				prompt: prompt.content?.prompt,
			});
		}
		output.episode({
			...placeOnly(place),
			kind: "turn",
			ref: { kind: "turn", sessionId: turn.sessionId, promptId: turn.promptId },
			promptId: turn.promptId,
			start,
			end: Math.max(start, end),
			index: inOrder.index + waiting.length,
			synthetic,
			prompts: prompts.length,
			status,
			errorType,
			prompt: prompts[0]?.content?.prompt,
			permissionMode: turn.permissionMode?.value,
			...turn.where?.value,
			totals: totalsOf(all, isTold && areRequestsTold(stores, turn.sessionId)),
			own: totalsOf(own, isTold && areRequestsTold(stores, turn.sessionId)),
			latencyMs: synthetic || latencyMs === Number.POSITIVE_INFINITY ? undefined : latencyMs,
		});
		turn.prompts.clear();
	}

	/** A turn that waits for its background agents is handed on after those that follow it. */
	function openBefore(turn: TurnState, start: number, session: number): TurnState[] {
		const before = (other: TurnState) =>
			startOfTurn(other) < start || (startOfTurn(other) === start && other.promptId < turn.promptId);
		return [...stores.turns.values()].filter(
			(other) =>
				!other.handedOn &&
				other.sessionId === turn.sessionId &&
				isTurn(other) &&
				before(other) &&
				places.locate({ sessionId: other.sessionId }, startOfTurn(other)).session === session,
		);
	}

	function endOfTurn(turn: TurnState): number {
		const stop = stopOf(turn)?.at;
		const went = turn.activeAt !== undefined && stop !== undefined && turn.activeAt > stop;
		if (stop !== undefined && !went && stop >= (turn.interruptedAt ?? stop)) return stop;
		if (turn.interruptedAt !== undefined) return turn.interruptedAt;
		if (turn.failure && turn.failure.at >= (turn.activeAt ?? turn.failure.at)) return turn.failure.at;
		return isFollowed(stores, turn) ? turn.lastAt : Math.max(turn.lastAt, stores.runEnd?.at ?? turn.lastAt);
	}

	function statusOfTurn(turn: TurnState): { status: Status; errorType?: string } {
		if (wasRefused(turn)) return { status: "denied" };
		const stop = stopOf(turn);
		if (turn.interruptedAt !== undefined && (stop === undefined || stop.at < turn.interruptedAt))
			return { status: "interrupted" };
		if (turn.lastStop?.value !== undefined) {
			return { status: "error", errorType: turn.failure?.value ?? turn.lastStop.value };
		}
		if (turn.failure !== undefined && turn.failure.at >= (turn.activeAt ?? 0) && turn.lastStop === undefined) {
			return { status: "error", errorType: turn.failure.value };
		}
		if (stop !== undefined)
			return stop.value === undefined ? { status: "ok" } : { status: "error", errorType: stop.value };
		// Native telemetry tells of no stop: what did not fail and was not cut off by claude's end was answered.
		if (isToldByNativeAlone(stores, turn.sessionId) && !wasStopped(stores.runEnd)) return { status: "ok" };
		// Esc before the first byte leaves no trace but the prompt that comes after it.
		if (isFollowed(stores, turn)) return { status: "interrupted" };
		if (wasBudgetSpent(turn)) return { status: "error", errorType: "max_budget_usd" };
		return { status: hasLeft(stores.runEnd) || wasStopped(stores.runEnd) ? "interrupted" : "lost" };
	}

	/** By a hook of the user's: the transcript tells that one was, and no prompt. */
	function wasRefused({ sessionId, hookPrompts, transcriptPrompt, lastStop }: TurnState): boolean {
		if (transcriptPrompt !== undefined || lastStop !== undefined) return false;
		const refusals = [...(stores.sessions.get(sessionId)?.refusals ?? [])];
		return [...hookPrompts].some((at) => refusals.some((refusal) => Math.abs(refusal - at) <= REFUSAL_SKEW_MS));
	}

	/** claude leaves with an exit code when it has spent what it may, and the ledger alone tells. */
	function wasBudgetSpent({ sessionId }: TurnState): boolean {
		const { ledger, baseline } = stores.sessions.get(sessionId) ?? {};
		if (ledger?.budgetUsd === undefined || stores.runEnd?.exitCode !== 1) return false;
		return ledger.totalCostUsd - (baseline?.totalCostUsd ?? 0) >= ledger.budgetUsd;
	}

	/** Its last stop: by the hooks, and where none came by the transcript. */
	function stopOf(turn: TurnState): Told<string | undefined> | undefined {
		const { lastStop, transcriptStop, activeAt } = turn;
		if (lastStop !== undefined || transcriptStop === undefined) return lastStop;
		return hasTurnHooks(stores, turn.sessionId) && (activeAt ?? 0) > transcriptStop.at ? undefined : transcriptStop;
	}

	return { turn: handOnTurn, end: endOfTurn };
}

/**
 * Its prompts in order of time. A hook tells of a typed one when it is typed, under the turn that is at work then; the
 * transcript tells where it was taken up.
 */
function promptsOf(turn: TurnState): FactOf<"prompt.submitted">[] {
	const told = [turn, ...togetherWith(turn)].flatMap(({ prompts }) => [...prompts.values()]);
	const bySource = (source: Source) => told.filter((fact) => fact.source === source);
	const hooked = bySource("hook");
	const written = bySource("transcript");
	const isWritten = written.some(({ joined }) => joined !== true);
	const known = isWritten ? written : hooked.length > 0 ? hooked : told.slice(0, 1);
	return known.toSorted((a, b) => a.at - b.at || (a.promptId < b.promptId ? -1 : 1));
}

function togetherWith(turn: TurnState): TurnState[] {
	return [...turn.together].flatMap((before) => [before, ...togetherWith(before)]);
}

/** Nobody typed any of what it answers. */
function isSynthetic(turn: TurnState): boolean {
	return [turn, ...togetherWith(turn)].every(({ synthetic }) => synthetic?.value === true);
}
