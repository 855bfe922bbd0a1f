// Comes in: episodes, as the session model hands them on. Goes out: the figures of a run, all its sessions together.
import type { Episode, SessionEpisode, ToolEpisode } from "../model/episode.ts";
import type { Usage } from "../model/fact.ts";

export interface RunFigures {
	/** Milliseconds from the start of the first session to the end of the last. */
	durationMs: number;
	sessions: number;
	/** The session spans of the run, by number. */
	sessionNumbers: number[];
	turns: number;
	/** Begun by a notification or a wake-up. */
	syntheticTurns: number;
	/** Those of agents too. */
	toolCalls: number;
	toolsByName: ReadonlyMap<string, number>;
	toolsByStatus: ReadonlyMap<ToolEpisode["status"], number>;
	/** Undefined where nobody told of model requests. */
	usage: Usage | undefined;
	/** Undefined where no price is known for some of it. */
	picoUsd: number | undefined;
	/** Requests that failed for good, by class of error. */
	failedRequests: ReadonlyMap<string, number>;
	failedTurns: number;
	/** Of claude, where it is not 0. */
	exitCode: number | undefined;
}

export interface RunFiguresCollector {
	episode(episode: Episode): void;
	/** Undefined where no session has ended. */
	figures(): RunFigures | undefined;
}

export function collectFigures(): RunFiguresCollector {
	const sessions: SessionEpisode[] = [];
	const toolsByName = new Map<string, number>();
	const toolsByStatus = new Map<ToolEpisode["status"], number>();
	const failedRequests = new Map<string, number>();
	let failedTurns = 0;
	return {
		episode(it) {
			if (it.kind === "session") sessions.push(it);
			if (it.kind === "turn" && it.status === "error") failedTurns++;
			if (it.kind === "chat" && it.errorType !== undefined) count(failedRequests, it.errorType);
			if (it.kind !== "tool") return;
			count(toolsByName, it.toolName);
			count(toolsByStatus, it.status);
		},
		figures() {
			if (sessions.length === 0) return undefined;
			const sum = (of: (session: SessionEpisode) => number) => sessions.reduce((total, it) => total + of(it), 0);
			const costs = sessions.map(({ totals }) => totals.picoUsd);
			return {
				durationMs: Math.max(...sessions.map(({ end }) => end)) - Math.min(...sessions.map(({ start }) => start)),
				sessions: sessions.length,
				sessionNumbers: sessions.map(({ session }) => session).toSorted((a, b) => a - b),
				turns: sum((it) => it.turns),
				syntheticTurns: sum((it) => it.syntheticTurns),
				toolCalls: sum((it) => it.totals.toolsUsed),
				toolsByName,
				toolsByStatus,
				usage: sessions.map(({ totals }) => totals.usage).reduce(addUsage),
				picoUsd: costs.reduce((total, cost) => (total === undefined || cost === undefined ? undefined : total + cost)),
				failedRequests,
				failedTurns,
				exitCode: sessions.map(({ exitCode }) => exitCode).findLast((code) => code !== undefined && code !== 0),
			};
		},
	};
}

function count<K>(counts: Map<K, number>, key: K): void {
	counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** What is told of one session is told, though another was silent. */
function addUsage(a: Usage | undefined, b: Usage | undefined): Usage | undefined {
	if (a === undefined || b === undefined) return a ?? b;
	return {
		input: a.input + b.input,
		output: a.output + b.output,
		cacheRead: a.cacheRead + b.cacheRead,
		cacheCreation5m: a.cacheCreation5m + b.cacheCreation5m,
		cacheCreation1h: a.cacheCreation1h + b.cacheCreation1h,
	};
}
