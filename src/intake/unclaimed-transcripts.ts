// A run of which nobody says in which session it was → its transcript, by what was begun or gone on with since its start and
// by what other runs were in. Comes in: the folder, the start, how claude was told to begin.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectFolder, readLiveSessions } from "./claude-files.ts";
import { type Beginning, beginningIn, type GoneOn, goneOnIn } from "./transcript-beginning.ts";
import { sessionOf } from "./transcript-file.ts";

export interface Search {
	config: { claudeConfigDir: string };
	/** Milliseconds since the epoch. */
	startedAt: number;
	cwd: string;
	/** Of its transcripts; where it is not given, the folder of `cwd`. */
	folder?: string;
	sessionSource?: Beginning["how"];
}

export interface OtherRuns {
	/** Whether any run told of this session. */
	isKnown(sessionId: string): boolean;
	/** Makes a session this run's, unless another run was in it at that time: milliseconds since the epoch. */
	take(sessionId: string, at: number): boolean;
	/** Who else told of a prompt of this session; `perhaps`: one is in it that was there before this time, and may still tell. */
	whoTold(sessionId: string, promptId: string, at: number): "nobody" | "another" | "perhaps";
}

/** Transcripts of this directory that were touched since then, and are no live process's. */
export function transcriptsSince(search: Search): string[] {
	const live = readLiveSessions(search.config.claudeConfigDir);
	return touchedSince(search).filter((path) => !live.has(sessionOf(path)));
}

/** The first that was begun, or gone on with, since then as this run was, and that is no other's. */
export function firstUnclaimed(search: Search, others: OtherRuns): string | "undecided" | undefined {
	const { startedAt, sessionSource = "startup" } = search;
	const touched = touchedSince(search).map((path) => ({ path, ...beginningIn(path, startedAt) }));
	let isUndecided = false;
	/** Of a session that others were in as well, what it was asked tells: they name their prompts. */
	const isOurs = ({ sessionId, at, turns }: Candidate) => {
		if (turns.length === 0) return others.take(sessionId, at);
		const tellers = turns.map((turn) => others.whoTold(sessionId, turn.promptId, turn.at));
		isUndecided ||= tellers.includes("perhaps");
		return tellers.includes("nobody");
	};
	const alike = candidatesOf(
		touched.filter(({ how }) => how === sessionSource),
		search,
		others,
	);
	const begun = alike.filter(({ at }) => !Number.isNaN(at));
	const found = begun.toSorted((a, b) => a.at - b.at).find(isOurs);
	if (found !== undefined) return found.path;
	if (isUndecided) return "undecided";
	// It may have been begun by another clock: of what is left it is ours.
	const unknown = touched.filter(({ path, at }) => Number.isNaN(at) && !others.isKnown(sessionOf(path)));
	const [left, ...more] = candidatesOf(unknown, search, others).filter(({ at }) => Number.isNaN(at));
	return left !== undefined && more.length === 0 && others.take(left.sessionId, startedAt) ? left.path : undefined;
}

interface Candidate extends GoneOn {
	path: string;
	sessionId: string;
}

/** A process that is there now may be going on with what was this run's; what it began itself is its own. */
function candidatesOf(
	touched: readonly (Beginning & { path: string })[],
	{ config, startedAt: since }: Search,
	{ isKnown }: OtherRuns,
): Candidate[] {
	if (touched.length === 0) return [];
	const live = readLiveSessions(config.claudeConfigDir);
	return touched
		.map(({ path, how, at }) => {
			const goneOn = how === "resume" ? goneOnIn(path, since) : { at, turns: [] };
			return { path, sessionId: sessionOf(path), ...goneOn };
		})
		.filter(({ sessionId, at }) => {
			const startedAt = live.get(sessionId);
			return startedAt === undefined || startedAt > at || isKnown(sessionId);
		});
}

function touchedSince({ config, cwd, startedAt, ...search }: Search): string[] {
	const folder = search.folder ?? projectFolder(config.claudeConfigDir, cwd);
	try {
		return readdirSync(folder)
			.filter((name) => name.endsWith(".jsonl"))
			.map((name) => join(folder, name))
			.filter((path) => statSync(path).mtimeMs >= startedAt);
	} catch {
		return [];
	}
}
