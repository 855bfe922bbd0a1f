// A run that was killed → the transcripts of its sessions, which the store then knows. Done for all of them before any is
// told: what a later run went on with is not told by an earlier one.
import type { Clock } from "../clock.ts";
import { findCleared, findProject } from "../intake/claude-files.ts";
import { createSessionFinder } from "../intake/session-finder.ts";
import { beginningIn } from "../intake/transcript-beginning.ts";
import { sessionOf } from "../intake/transcript-file.ts";
import type { Fact } from "../model/fact.ts";
import { pidOf } from "../process-identity.ts";
import type { RunSessions } from "../store/journal.ts";
import type { AbandonedRun, Store } from "../store/store.ts";
import { type RunContext, readContext } from "./run-context.ts";

/** Runs of which it cannot be told yet: a run that goes on may tell of what could be theirs. */
export type Undecided = ReadonlySet<number>;

export async function placeRuns(
	runs: readonly AbandonedRun[],
	store: Store,
	clock: Clock,
	isStopped: () => boolean,
): Promise<Undecided> {
	const undecided = new Set<number>();
	for (const run of runs) {
		if (run.isPlaced) continue;
		if (isStopped()) break;
		const context = readContext(run.context);
		if (context === undefined) continue;
		const sessions = store.sessionsOf(run);
		// What its hooks tell of a session is enough for others, where its own transcripts are not read.
		for (const sessionId of namedIn(sessions)) sessions.session(sessionId);
		if (findTranscripts(run, context, sessions, store, clock) === "undecided") undecided.add(run.id);
		await new Promise((resolve) => setImmediate(resolve));
	}
	return undecided;
}

export function findTranscripts(
	run: AbandonedRun,
	context: RunContext,
	sessions: RunSessions,
	store: Store,
	clock: Clock,
): string[] | "undecided" {
	if (!context.sessionPersistence) return [];
	const { claudeConfigDir, startedAt, project, sessionPersistence, sessionSource, knownSessionId } = context;
	const paths: string[] = [];
	const folder = findProject(claudeConfigDir, project);
	const follow = (path: string) => {
		paths.push(path);
		sessions.session(sessionOf(path));
	};
	const finder = createSessionFinder(
		{
			config: { claudeConfigDir },
			startedAt,
			folder,
			cwd: "",
			sessionPersistence,
			sessionSource,
			knownSessionId,
			claudePid: run.claude === undefined ? undefined : pidOf(run.claude),
			others: {
				isKnown: store.isKnown,
				take: sessions.takeSession,
				whoTold: (sessionId, promptId, at) => store.whoTold({ sessionId, promptId, at }, run.id, clock()),
			},
		},
		follow,
	);
	for (const sessionId of [...sessions.sessions(), ...namedIn(sessions)]) finder.admits(sessionId, true);
	finder.look();
	finder.lookLast();
	if (finder.isUndecided()) return "undecided";
	for (const path of clearedIn(folder, context, paths, sessions)) follow(path);
	return paths;
}

/** Sessions that its claude began by /clear when nobody listened any more. */
function clearedIn(
	folder: string | undefined,
	{ interactive, startedAt }: RunContext,
	known: readonly string[],
	sessions: RunSessions,
): string[] {
	if (!interactive || folder === undefined) return [];
	const paths = findCleared(folder, new Set(known.map(sessionOf)), startedAt);
	return paths.filter((path) => sessions.takeSession(sessionOf(path), beginningIn(path, startedAt).at));
}

function namedIn(sessions: RunSessions): Set<string> {
	const named = new Set<string>();
	for (const entry of sessions.entries()) {
		if (entry.kind === "fact" && isOfSession(entry.fact)) named.add(entry.fact.sessionId);
	}
	return named;
}

/** claude tells of its start under an id that may come to nothing. */
function isOfSession(fact: Fact): boolean {
	return fact.sessionId !== "" && (fact.promptId !== undefined || fact.source !== "native");
}
