// Which sessions are exported, decided when enough is known of them: those in which something is notable are kept whole,
// of the others a share. Comes in: what the model hands on. Goes out: the same, later, or never; metrics are not asked.
import { createHash } from "node:crypto";
import type { Episode, Moment } from "../model/episode.ts";

export interface TailSampling {
	/** Share of the sessions in which nothing is notable, from 0 to 1. */
	ratio: number;
	/** US dollars from which a session is notable. */
	costUsd: number;
	/** Milliseconds from which a turn is. */
	slowTurnMs: number;
}

export interface Told {
	episode(episode: Episode): void;
	moment(moment: Moment): void;
}

/** What is held of undecided sessions; a session beyond that is unusual enough to be kept. */
export const HELD_MAX = 20_000;

const PICO = 1e12;

export function createTailSampling(sampling: TailSampling, runId: string, next: Told): Told {
	if (sampling.ratio >= 1) return next;
	const sessions = new Map<number, { kept: boolean; held: (() => void)[]; picoUsd: number }>();

	function stateOf(n: number) {
		let state = sessions.get(n);
		if (state === undefined) {
			state = { kept: isChosen(runId, n, sampling.ratio), held: [], picoUsd: 0 };
			sessions.set(n, state);
		}
		return state;
	}

	function pass(n: number, notable: boolean, tell: () => void): void {
		const state = stateOf(n);
		if (!state.kept) {
			state.held.push(tell);
			if (!notable && state.held.length <= HELD_MAX) return;
			state.kept = true;
			for (const held of state.held.splice(0)) held();
			return;
		}
		tell();
	}

	return {
		episode(episode) {
			const state = stateOf(episode.session);
			if (episode.kind === "chat") state.picoUsd += episode.picoUsd ?? 0;
			const dear = state.picoUsd >= sampling.costUsd * PICO;
			pass(episode.session, dear || isNotable(episode, sampling), () => next.episode(episode));
			if (episode.kind === "session") state.held.length = 0;
		},
		moment(moment) {
			pass(moment.session, moment.kind === "api.retry" || moment.kind === "api.refusal", () => next.moment(moment));
		},
	};
}

/** The same run and session are always in, or always out. */
function isChosen(runId: string, n: number, ratio: number): boolean {
	const hash = createHash("sha256").update(`sample${runId}${n}`).digest().readUInt32BE(0);
	return hash < ratio * 2 ** 32;
}

function isNotable(episode: Episode, { slowTurnMs }: TailSampling): boolean {
	switch (episode.kind) {
		case "tool":
			return episode.status !== "ok";
		case "chat":
			return episode.errorType !== undefined || (episode.attempts ?? 1) > 1;
		case "turn":
			return episode.status !== "ok" || episode.end - episode.start >= slowTurnMs;
		case "agent":
			return episode.status !== "ok";
		case "session":
			// Killed, or stopped by a signal.
			return episode.endReason === "lost" || episode.endReason.startsWith("signal:");
		case "wait":
		case "compaction":
			return false;
		default:
			return episode satisfies never;
	}
}
