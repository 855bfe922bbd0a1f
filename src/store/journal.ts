// What one run was told and did, in its order → rows, and back. Replaying them gives the same spans and records to the
// byte: beside the facts it holds when the model handed things on.

import type { Fact } from "../model/fact.ts";
import { type Database, isBusy } from "../open-database.ts";

export type JournalEntry = { seq: number } & (
	| { kind: "fact"; fact: Fact }
	/** The model was told the time, and handed something on. */
	| { kind: "advanced"; at: number }
);

export interface Journal {
	/** In one transaction. What cannot be kept now is held and tried again with what comes next. */
	keep(facts: readonly Fact[]): void;
	advanced(at: number): void;
	/** A destination has taken the increments that the entries up to this one made (delta temporality). */
	metered(destination: string, upTo: number): void;
	/** Where the session is written down; told once each. */
	transcript(path: string): void;
	/** Number of the last entry. */
	position(): number;
	/** A destination has taken these spans or records. */
	delivered(destination: string, ids: readonly string[]): void;
	/** Still at work: what keeps others from taking the run over. */
	alive(now: number): void;
	/** Told to its end and handed over; nothing is left to recover. */
	end(now: number): void;
	/** Not to be counted as a failed attempt: another process may go on with it. */
	release(): void;

	entries(): Iterable<JournalEntry>;
	transcripts(): string[];
	deliveredTo(destination: string): Set<string>;
	/** The last entry whose increments the destination has; 0 for none. */
	meteredTo(destination: string): number;
	/** Facts that could not be kept. */
	dropped(): number;
}

/** Entries that wait while the database cannot be written; beyond it the oldest are given up and counted. */
export const HELD_ENTRIES_MAX = 10_000;

export interface JournalOptions {
	database: Database;
	/** Row of the run. */
	run: number;
	onFailure(error: unknown): void;
	onCommit(): void;
	isBroken(): boolean;
}

type Row = [kind: string, session: string, at: number, body: string];

const ADVANCED = "#advanced";
const METERED = "#metered";

export function createJournal({ database, run, onFailure, onCommit, isBroken }: JournalOptions): Journal {
	const insert = database.prepare("INSERT INTO journal (run, seq, kind, session, at, body) VALUES (?, ?, ?, ?, ?, ?)");
	const insertDelivered = database.prepare("INSERT INTO delivered (run, destination, ids) VALUES (?, ?, ?)");
	const transcriptsOf = database.prepare<[number], { path: string }>("SELECT path FROM transcripts WHERE run = ?");
	const deliveredOf = database.prepare<[number, string], { ids: string }>(
		"SELECT ids FROM delivered WHERE run = ? AND destination = ?",
	);
	const meteredOf = database.prepare<[number, string, string], { upTo: number | null }>(
		"SELECT max(at) AS upTo FROM journal WHERE run = ? AND kind = ? AND body = ?",
	);
	let last =
		database.prepare<[number], { last: number | null }>("SELECT max(seq) AS last FROM journal WHERE run = ?").get(run)
			?.last ?? 0;
	const held: Row[] = [];
	let dropped = 0;

	const write = database.transaction((rows: readonly Row[]) => {
		let seq = last;
		for (const row of rows) insert.run(run, ++seq, ...row);
	});

	function append(rows: readonly Row[]): void {
		if (isBroken() || rows.length === 0) return;
		for (const row of rows) held.push(row);
		try {
			write.immediate(held);
			last += held.length;
			held.length = 0;
			onCommit();
		} catch (error) {
			if (!isBusy(error)) onFailure(error);
			if (held.length > HELD_ENTRIES_MAX) dropped += held.splice(0, held.length - HELD_ENTRIES_MAX).length;
		}
	}

	function attempt(work: () => void): void {
		if (isBroken()) return;
		try {
			work();
			onCommit();
		} catch (error) {
			onFailure(error);
		}
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

	/** @param sql ends with the row of the run */
	const update = (sql: string, ...values: number[]) => attempt(() => void database.prepare(sql).run(...values, run));

	return {
		keep: (facts) => append(facts.map((fact) => [fact.kind, fact.sessionId, fact.at, JSON.stringify(fact)])),
		advanced: (at) => append([[ADVANCED, "", at, ""]]),
		metered: (destination, upTo) => append([[METERED, "", upTo, destination]]),
		transcript: (path) =>
			attempt(
				() => void database.prepare("INSERT OR IGNORE INTO transcripts (path, run) VALUES (?, ?)").run(path, run),
			),
		position: () => last,
		delivered(destination, ids) {
			if (ids.length > 0) attempt(() => void insertDelivered.run(run, destination, ids.join("\n")));
		},
		alive: (now) => update("UPDATE runs SET seen_at = ? WHERE id = ?", now),
		end(now) {
			append([]);
			update("UPDATE runs SET ended_at = ? WHERE id = ?", now);
		},
		release: () => update("UPDATE runs SET recoveries = recoveries - 1 WHERE id = ?"),
		*entries() {
			const rows = database.prepare<[number, number, number], { seq: number; kind: string; at: number; body: string }>(
				"SELECT seq, kind, at, body FROM journal WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?",
			);
			// In portions: an open cursor would keep the log from being cut back.
			for (let from = 0; ; ) {
				const portion = read([], () => rows.all(run, from, PORTION));
				for (const row of portion) {
					const entry = readEntry(row);
					if (entry) yield entry;
				}
				const end = portion.at(-1);
				if (end === undefined) return;
				from = end.seq;
			}
		},
		transcripts: () => read([], () => transcriptsOf.all(run)).map(({ path }) => path),
		deliveredTo: (destination) =>
			new Set(read([], () => deliveredOf.all(run, destination)).flatMap(({ ids }) => ids.split("\n"))),
		meteredTo: (destination) => read(undefined, () => meteredOf.get(run, METERED, destination))?.upTo ?? 0,
		dropped: () => dropped,
	};
}

const PORTION = 1_000;

/** A row that cannot be read tells nothing; the others do. */
function readEntry(row: { seq: number; kind: string; at: number; body: string }): JournalEntry | undefined {
	const { seq, kind, at, body } = row;
	if (kind === ADVANCED) return { seq, kind: "advanced", at };
	if (kind.startsWith("#")) return undefined;
	try {
		return { seq, kind: "fact", fact: JSON.parse(body) as Fact };
	} catch {
		return undefined;
	}
}
