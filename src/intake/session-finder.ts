// Which sessions are this run's, and where their transcripts lie: told by the hooks, and by claude's own file of
// the process where no hook speaks. Facts of other sessions are not ours.
import { basename } from "node:path";
import { hookNotes } from "../errors.ts";
import type { Fact, RawFact } from "../model/fact.ts";
import { findTranscript, isFile, readSessionOfProcess } from "./claude-files.ts";
import { asString, type JsonObject } from "./json.ts";
import { firstUnclaimed, type OtherRuns, type Search, transcriptsSince } from "./unclaimed-transcripts.ts";

export interface FinderOptions extends Search {
	sessionPersistence: boolean;
	knownSessionId?: string;
	claudePid: number | undefined;
	/** Where it is known which sessions other runs were in. */
	others?: OtherRuns;
}

export interface SessionFinder {
	/** Whether a hook payload is of this run; follows its transcript if so. */
	accepts(payload: JsonObject): boolean;
	/** Whether this session is one of this run, by what claude tells of itself. */
	admits(sessionId: string, inPrompt: boolean): boolean;
	/** Asks claude's file of the process; cheap enough for every tick. */
	look(): void;
	/** Where a session is written down, as its hooks tell it; undefined where claude keeps no transcript. */
	transcriptOf(sessionId: string): string | undefined;
	/** Whether the transcript of this run is found. */
	isSettled(): boolean;
	/** claude has gone: the last chance to find a transcript that nobody told of. */
	lookLast(): void;
	/** Then it could not be told whether a transcript is this run's, and can be later. */
	isUndecided(): boolean;
	/** What was amiss, for the diagnostics. `due`: of how many things a hook had to tell. */
	problems(due: number): string[];
}

/** Once the session is known, its file of the process is read only every so many looks (it tells of /clear). */
const LOOKS_PER_READ = 5;

export function createSessionFinder(options: FinderOptions, follow: (transcript: string) => void): SessionFinder {
	const { claudeConfigDir } = options.config;
	const sessions = new Set<string>();
	const followed = new Set<string>();
	const transcripts = new Map<string, string>();
	let ended = false;
	let hooks = 0;
	let foreign = 0;
	let looks = 0;
	let undecided = false;

	function followSession(sessionId: string, cwd: string): void {
		sessions.add(sessionId);
		if (followed.has(sessionId) || !options.sessionPersistence) return;
		const path = findTranscript(claudeConfigDir, sessionId, cwd);
		if (path === undefined) return;
		followed.add(sessionId);
		follow(path);
	}

	function askProcess(): string | undefined {
		if (options.claudePid === undefined) return undefined;
		const told = readSessionOfProcess(claudeConfigDir, options.claudePid);
		if (told) followSession(told.sessionId, told.cwd ?? options.cwd);
		return told?.sessionId;
	}

	/** A new session is ours if it is the first, follows one that ended, or is what claude's file says. */
	function isOurs(sessionId: string): boolean {
		if (sessions.has(sessionId)) return true;
		if (hooks === 0 || ended) return true;
		const told = askProcess();
		return told === undefined || told === sessionId;
	}

	return {
		admits(sessionId, inPrompt) {
			if (!isOurs(sessionId)) return false;
			// Before it takes up an earlier session, claude tells of its start under an id that comes to nothing.
			if (inPrompt) sessions.add(sessionId);
			return true;
		},
		accepts(payload) {
			const sessionId = asString(payload.session_id);
			if (sessionId === undefined || !isOurs(sessionId)) {
				foreign++;
				return false;
			}
			hooks++;
			sessions.add(sessionId);
			ended = payload.hook_event_name === "SessionEnd";
			const path = asString(payload.transcript_path);
			if (path === undefined || basename(path) !== `${sessionId}.jsonl`) return true;
			transcripts.set(sessionId, path);
			if (!options.sessionPersistence) return true;
			followed.add(sessionId);
			follow(path);
			return true;
		},
		look() {
			if (sessions.size > 0 && followed.size === sessions.size && looks++ % LOOKS_PER_READ !== 0) return;
			askProcess();
			for (const sessionId of sessions) followSession(sessionId, options.cwd);
		},
		transcriptOf(sessionId) {
			const path = transcripts.get(sessionId);
			return path !== undefined && isFile(path) ? path : undefined;
		},
		isSettled: () => followed.size > 0 || !options.sessionPersistence,
		lookLast() {
			for (const sessionId of sessions) followSession(sessionId, options.cwd);
			if (followed.size > 0 || !options.sessionPersistence) return;
			if (options.knownSessionId !== undefined) followSession(options.knownSessionId, options.cwd);
			if (followed.size > 0) return;
			if (options.others === undefined) {
				const [only, ...more] = transcriptsSince(options);
				if (only !== undefined && more.length === 0) follow(only);
				return;
			}
			const found = firstUnclaimed(options, options.others);
			undecided = found === "undecided";
			if (found !== undefined && found !== "undecided") follow(found);
		},
		isUndecided: () => undecided,
		problems(due) {
			const problems: string[] = [];
			if (hooks === 0 && due > 0) problems.push(hookNotes.noneCame(due));
			if (foreign > 0) problems.push(hookNotes.foreign(foreign));
			return problems;
		},
	};
}

/** Calls that never ran fire no hook that tells of their end; turns are hooked where a person sits. */
const NEVER_RAN = ["unknown_tool", "invalid_input"];

/** Whether the transcript tells of something of which a hook has to tell as well. */
export function isDueToHooks(fact: RawFact | Fact, interactive: boolean): boolean {
	if (fact.source !== "transcript") return false;
	if (fact.kind === "prompt.submitted") return interactive;
	if (fact.kind !== "tool.ended") return false;
	return fact.outcome === "ok" || (fact.outcome === "error" && !NEVER_RAN.includes(fact.errorType ?? ""));
}
