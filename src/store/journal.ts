// What one run was told and did, in its order → rows, and back. Replaying them gives the same spans and records to the
// byte: beside the facts it holds when the model handed things on.

import type { Fact } from "../model/fact.ts";
import { type Database, patiently } from "../open-database.ts";
import { WRITE_LIMIT_MS } from "./limits.ts";
import { createWriteQueue, type WriteQueueOptions } from "./write-queue.ts";

export type JournalEntry = { seq: number } & (
	| { kind: "fact"; fact: Fact }
	/** The model was told the time, and handed something on; `late`: it looked for what is late as well. */
	| { kind: "advanced"; at: number; late: boolean }
);

export type RunSessions = Pick<Journal, "session" | "takeSession" | "sessions" | "entries">;

export interface Journal {
	/** In one transaction. What cannot be kept now is held and tried again with what comes next. */
	keep(facts: readonly Fact[]): void;
	advanced(at: number, late: boolean): void;
	/** A destination has taken the increments that the entries up to this one made (delta temporality). */
	metered(destination: string, upTo: number): void;
	/** Its series are told up to this time. */
	told(at: number): void;
	/** A session of the run, that is the name of its transcript: paths are not kept, they may hold anything. */
	session(sessionId: string): void;
	/** Makes a session this run's, unless another run was in it at that time: milliseconds since the epoch. */
	takeSession(sessionId: string, at: number): boolean;
	/** Number of the last entry. */
	position(): number;
	/** A destination has taken these spans or records. */
	delivered(destination: string, ids: readonly string[]): void;
	/** Still at work: what keeps others from taking the run over. */
	alive(now: number): void;
	/** Told to its end and handed over; nothing is left to recover. */
	end(now: number): void;
	/** Not to be counted as a failed attempt: whoever comes next may go on with it. */
	release(): void;

	/** `since`: those of things that are no older. */
	entries(since?: number): Iterable<JournalEntry>;
	sessions(): string[];
	deliveredTo(destination: string): Set<string>;
	/** The last entry whose increments the destination has; 0 for none. */
	meteredTo(destination: string): number;
	/** How far its series were told, where the clock has been set back since; 0 for not at all. */
	toldUntil(): number;
	/** Facts that could not be kept. */
	dropped(): number;
}

export interface JournalOptions extends WriteQueueOptions {
	/** The row of the run: made with the first write, where it is not there yet. */
	run(): number;
	/** Entries that are there. */
	last: number;
}

const ADVANCED = "#advanced";
const METERED = "#metered";
const TOLD = "#told";
/** Its one entry is kept before all others, which begin with 1. */
const TOLD_SEQ = 0;

/** Once for all journals of a database. */
export function prepareJournals(database: Database): (options: JournalOptions) => Journal {
	const statements = prepareStatements(database);
	return (options) => createJournal(options, statements);
}

function createJournal(
	{ run, last, ...options }: JournalOptions,
	statements: ReturnType<typeof prepareStatements>,
): Journal {
	const { database, onFailure, isBroken } = options;
	const queue = createWriteQueue(options);
	let position = last;

	function append(kind: string, session: string, at: number, body: string): () => void {
		position++;
		const seq = position;
		return () => void statements.insert.run(run(), seq, kind, session, at, body);
	}

	/** What cannot be read is as if it were not there. */
	function read<T>(otherwise: T, work: () => T): T {
		if (isBroken()) return otherwise;
		try {
			return work();
		} catch (error) {
			onFailure(error);
			return otherwise;
		}
	}

	return {
		keep: (facts) => queue.add(facts.map((fact) => append(fact.kind, fact.sessionId, fact.at, JSON.stringify(fact)))),
		advanced: (at, late) => queue.add([append(ADVANCED, "", at, late ? "late" : "")]),
		metered: (destination, upTo) => queue.add([append(METERED, "", upTo, destination)]),
		told: (at) => queue.add([() => void statements.tell.run(run(), TOLD_SEQ, TOLD, at)]),
		session: (sessionId) => queue.add([() => void statements.insertSession.run(sessionId, run())]),
		takeSession: (sessionId, at) =>
			read(false, () => {
				const id = run();
				const taken = { session: sessionId, run: id, at };
				if (statements.otherThen.get(taken) !== undefined) return false;
				const take = () => statements.takeSession.get(taken);
				return patiently(database, WRITE_LIMIT_MS, take) !== undefined;
			}),
		position: () => position,
		delivered(destination, ids) {
			if (ids.length > 0) queue.add([() => void statements.insertDelivered.run(run(), destination, ids.join("\n"))]);
		},
		alive: (now) => queue.add([() => void statements.see.run(now, run())]),
		end(now) {
			queue.add([() => void statements.end.run(now, run())]);
			queue.finish(WRITE_LIMIT_MS);
		},
		release() {
			queue.add([() => void statements.release.run(run())]);
			queue.finish(WRITE_LIMIT_MS);
		},
		*entries(since = Number.NEGATIVE_INFINITY) {
			// In portions: an open cursor would keep the log from being cut back.
			for (let from = 0; ; ) {
				const portion = read([], () => statements.entries.all(run(), from, since, PORTION));
				for (const row of portion) {
					const entry = readEntry(row);
					if (entry) yield entry;
				}
				const end = portion.at(-1);
				if (end === undefined) return;
				from = end.seq;
			}
		},
		sessions: () => read([], () => statements.sessions.all(run())).map(({ session }) => session),
		deliveredTo: (destination) =>
			new Set(read([], () => statements.delivered.all(run(), destination)).flatMap(({ ids }) => ids.split("\n"))),
		meteredTo: (destination) => read(undefined, () => statements.metered.get(run(), METERED, destination))?.upTo ?? 0,
		toldUntil: () => read(undefined, () => statements.toldUntil.get(run(), TOLD_SEQ))?.at ?? 0,
		dropped: queue.dropped,
	};
}

function prepareStatements(database: Database) {
	return {
		insert: database.prepare("INSERT INTO journal (run, seq, kind, session, at, body) VALUES (?, ?, ?, ?, ?, ?)"),
		tell: database.prepare(
			"INSERT INTO journal (run, seq, kind, session, at, body) VALUES (?, ?, ?, '', ?, '') ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
		),
		insertSession: database.prepare("INSERT OR IGNORE INTO sessions (session, run) VALUES (?, ?)"),
		otherThen: database.prepare(OTHER_THEN),
		takeSession: database.prepare(
			`INSERT INTO sessions (session, run) SELECT @session, @run WHERE NOT EXISTS (${OTHER_THEN}) ON CONFLICT DO UPDATE SET run = run RETURNING run`,
		),
		insertDelivered: database.prepare("INSERT INTO delivered (run, destination, ids) VALUES (?, ?, ?)"),
		see: database.prepare("UPDATE runs SET seen_at = ? WHERE id = ?"),
		end: database.prepare("UPDATE runs SET ended_at = ? WHERE id = ?"),
		release: database.prepare("UPDATE runs SET recoveries = recoveries - 1, owner = '' WHERE id = ?"),
		entries: database.prepare<
			[number, number, number, number],
			{ seq: number; kind: string; at: number; body: string }
		>("SELECT seq, kind, at, body FROM journal WHERE run = ? AND seq > ? AND at >= ? ORDER BY seq LIMIT ?"),
		toldUntil: database.prepare<[number, number], { at: number }>("SELECT at FROM journal WHERE run = ? AND seq = ?"),
		sessions: database.prepare<[number], { session: string }>("SELECT session FROM sessions WHERE run = ?"),
		delivered: database.prepare<[number, string], { ids: string }>(
			"SELECT ids FROM delivered WHERE run = ? AND destination = ?",
		),
		metered: database.prepare<[number, string, string], { upTo: number | null }>(
			"SELECT max(at) AS upTo FROM journal WHERE run = ? AND kind = ? AND body = ?",
		),
	};
}

const PORTION = 1_000;
/** A run other than @run that was in @session at @at. */
const OTHER_THEN =
	"SELECT 1 FROM sessions JOIN runs ON id = run WHERE session = @session AND id <> @run AND started_at <= @at AND (ended_at IS NULL OR ended_at >= @at)";

/** A row that cannot be read tells nothing; the others do. */
function readEntry(row: { seq: number; kind: string; at: number; body: string }): JournalEntry | undefined {
	const { seq, kind, at, body } = row;
	if (kind === ADVANCED) return { seq, kind: "advanced", at, late: body === "late" };
	if (kind.startsWith("#")) return undefined;
	try {
		const fact: unknown = JSON.parse(body);
		return isFact(fact) ? { seq, kind: "fact", fact } : undefined;
	} catch {
		return undefined;
	}
}

/** As far as every fact goes; the rest of it is as it was when it was written. */
function isFact(read: unknown): read is Fact {
	const fact = read as Partial<Fact> | null | undefined;
	return typeof fact?.kind === "string" && typeof fact.sessionId === "string" && typeof fact.at === "number";
}
