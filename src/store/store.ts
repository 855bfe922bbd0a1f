// Facts that passed privacy → a database of this user, where they outlive the process that was told them. Many processes
// share it. A fact that cannot be kept is held for a while, then counted; nothing in here throws at whoever keeps.

import { keepingLines } from "../errors.ts";
import { createFlusher, type Flusher } from "../flush-log.ts";
import type { Fact } from "../model/fact.ts";
import { isBusy, isDamage, openDatabase, patiently, reasonOf } from "../open-database.ts";
import { haveGone, machineId, type Processes } from "../process-identity.ts";
import { fileAt, putAside } from "../put-aside.ts";
import { type Journal, prepareJournals, type RunSessions } from "./journal.ts";
import { ABANDONED_PORTION, WRITE_LIMIT_MS } from "./limits.ts";
import { pruneStore } from "./prune.ts";
import { STORE_SCHEMA } from "./schema.ts";

export interface StoreOptions {
	path: string;
	/** See DatabaseOptions. */
	chosen?: boolean;
	/** One sentence: what was put right, or cannot be. */
	note(sentence: string): void;
}

export interface NewRun {
	runId: string;
	/** Identities, see process-identity.ts. */
	owner: string;
	claude?: string;
	/** Milliseconds since the epoch. */
	startedAt: number;
	/** JSON: what it takes to tell the run again. */
	context: string;
	/** Its row is there. */
	onKept?(): void;
}

export interface AbandonedRun {
	id: number;
	runId: string;
	startedAt: number;
	/** Identity. */
	claude?: string;
	context: string;
	/** How often somebody began to recover it before, and died of it. */
	recoveries: number;
	/** It is known in which session it was. */
	isPlaced: boolean;
}

export interface OtherRun {
	/** Milliseconds since the epoch. */
	startedAt: number;
	/** It was told to its end; else it still reads what the session's transcript tells, or will be recovered. */
	ended: boolean;
	/** What it was told, where it is no older. */
	facts(since?: number): Iterable<Fact>;
}

export type Teller = "nobody" | "another" | "perhaps";

export interface Store {
	/** Its row is made with the first thing that is kept; where it is there, this goes on with it. */
	begin(run: NewRun): Journal;
	/** A run that was killed before it was kept. False where it cannot be kept now. */
	adopt(run: NewRun & Processes): boolean;
	/** Runs whose process, and its claude, have gone before the run was closed; oldest first. Reads on as it is asked to. */
	abandoned(now: number): Iterable<AbandonedRun>;
	/** Takes one of them over, before anybody else: what it was told can then be read and added to. */
	claim(run: AbandonedRun, owner: string, now: number): Journal | undefined;
	/** Of one that is not taken over: its sessions can be read and noted. */
	sessionsOf(run: AbandonedRun): RunSessions;
	/** Whether a run has told of this session. */
	isKnown(sessionId: string): boolean;
	/** Another run in the session that has told of this prompt; `perhaps`: one that began before this time, and may still. */
	whoTold(prompt: { sessionId: string; promptId: string; at: number }, exceptRun: number, now: number): Teller;
	/** The other runs that were in the session; oldest first. */
	othersIn(sessionId: string, exceptRun: number): OtherRun[];
	/** Runs that it held are lost, where it was damaged: a new one was begun when it was opened, or it broke since and is no more. */
	damage(): "begun anew" | "broken" | undefined;
	/** Deletes closed runs that are too old or too many, oldest first. Yields often. */
	prune(limits: { maxBytes: number; maxAgeMs: number }, now: number): Promise<void>;
	close(): void;
}

/** Throws a DatabaseProblem. */
export async function openStore({ path, chosen, note }: StoreOptions): Promise<Store> {
	let damage: ReturnType<Store["damage"]>;
	const onDamage = () => {
		damage = "begun anew";
	};
	const database = await openDatabase({ path, schema: STORE_SCHEMA, chosen, note, onDamage });
	const file = fileAt(path);
	const flusher: Flusher = createFlusher(path);
	const insertRun = database.prepare<unknown[], { id: number }>(
		"INSERT INTO runs (run_id, machine, owner, claude, started_at, seen_at, context) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_id) DO UPDATE SET seen_at = seen_at RETURNING id",
	);
	const lastOf = database.prepare<[number], { last: number | null }>(
		"SELECT max(seq) AS last FROM journal WHERE run = ?",
	);
	const lastOfRun = database.prepare<[string], { last: number | null }>(
		"SELECT max(seq) AS last FROM runs JOIN journal ON run = id WHERE run_id = ?",
	);
	const open = database.prepare<[number, number, number], RunRow & { placed: number }>(
		"SELECT runs.*, EXISTS (SELECT 1 FROM sessions WHERE run = id) AS placed FROM runs WHERE ended_at IS NULL AND (started_at, id) > (?, ?) ORDER BY started_at, id LIMIT ?",
	);
	const othersIn = database.prepare<[string, number], RunRow>(
		"SELECT runs.* FROM sessions JOIN runs ON id = run WHERE session = ? AND id <> ? ORDER BY started_at",
	);
	const toldOf = database.prepare<[number, string, string]>(
		"SELECT 1 FROM journal WHERE run = ? AND session = ? AND json_extract(CASE WHEN json_valid(body) THEN body END, '$.promptId') = ? LIMIT 1",
	);
	const knownSession = database.prepare("SELECT 1 FROM sessions WHERE session = ? LIMIT 1");
	const takeOver = database.prepare(
		"UPDATE runs SET owner = ?, machine = ?, seen_at = ?, recoveries = recoveries + 1 WHERE id = ? AND recoveries = ? AND ended_at IS NULL",
	);

	function onFailure(error: unknown): void {
		if (damage === "broken" || isBusy(error)) return;
		if (isDamage(error)) {
			damage = "broken";
			note(keepingLines.damagedNow(path, putAside(path, file)));
		} else note(keepingLines.notKept(path, reasonOf(error)));
	}

	/** What cannot be read is as if it were not there. */
	function attempt<T>(otherwise: T, work: () => T): T {
		if (damage === "broken") return otherwise;
		try {
			return work();
		} catch (error) {
			onFailure(error);
			return otherwise;
		}
	}

	const createJournal = prepareJournals(database);
	const shared = { database, onFailure, onCommit: flusher.soon, isBroken: () => damage === "broken" };

	return {
		begin: ({ runId, owner, claude, startedAt, context, onKept }) => {
			let id: number | undefined;
			let isThere = false;
			const make = () => {
				const values = [runId, machineId(), owner, claude ?? null, startedAt, startedAt, context];
				return Number(insertRun.get(...values)?.id);
			};
			return createJournal({
				...shared,
				last: attempt(0, () => lastOfRun.get(runId)?.last ?? 0),
				onRollback() {
					if (!isThere) id = undefined;
				},
				onCommit() {
					if (!isThere) onKept?.();
					isThere = true;
					flusher.soon();
				},
				run() {
					id ??= make();
					return id;
				},
			});
		},
		adopt: ({ runId, machine, owner, claude, startedAt, context }) =>
			attempt(false, () => {
				const values = [runId, machine, owner, claude ?? null, startedAt, startedAt, context];
				return patiently(database, WRITE_LIMIT_MS, () => insertRun.get(...values)) !== undefined;
			}),
		*abandoned(now) {
			for (let [after, afterId] = [Number.NEGATIVE_INFINITY, 0]; ; ) {
				const portion: (RunRow & { placed: number })[] = attempt([], () => open.all(after, afterId, ABANDONED_PORTION));
				for (const run of portion) {
					if (!haveGone(run, now - run.seen_at)) continue;
					const { id, run_id: runId, started_at: startedAt, claude, context, recoveries, placed } = run;
					yield { id, runId, startedAt, claude: claude ?? undefined, context, recoveries, isPlaced: placed === 1 };
				}
				const end = portion.at(-1);
				if (end === undefined) return;
				[after, afterId] = [end.started_at, end.id];
			}
		},
		claim: ({ id, recoveries }, owner, now) =>
			attempt(undefined, () => {
				const take = () => takeOver.run(owner, machineId(), now, id, recoveries);
				const { changes } = patiently(database, WRITE_LIMIT_MS, take);
				if (changes !== 1) return undefined;
				return createJournal({ ...shared, last: lastOf.get(id)?.last ?? 0, run: () => id });
			}),
		sessionsOf: ({ id }) => createJournal({ ...shared, last: 0, run: () => id }),
		whoTold: ({ sessionId, promptId, at }, exceptRun, now) =>
			attempt("perhaps", () => {
				const others = othersIn.all(sessionId, exceptRun);
				if (others.some(({ id }) => toldOf.get(id, sessionId, promptId) !== undefined)) return "another";
				const mayTell = (run: RunRow) =>
					run.ended_at === null && run.started_at <= at && !haveGone(run, now - run.seen_at);
				return others.some(mayTell) ? "perhaps" : "nobody";
			}),
		isKnown: (sessionId) => attempt(false, () => knownSession.get(sessionId) !== undefined),
		othersIn: (sessionId, exceptRun) =>
			attempt([], () => othersIn.all(sessionId, exceptRun)).map(({ id, started_at: startedAt, ended_at: endedAt }) => ({
				startedAt,
				ended: endedAt !== null,
				facts: (since) => factsIn(createJournal({ ...shared, last: 0, run: () => id }), since),
			})),
		damage: () => damage,
		async prune(limits, now) {
			if (damage === "broken") return;
			await pruneStore(database, limits, now).catch(onFailure);
		},
		close() {
			flusher.close();
			database.close();
		},
	};
}

function* factsIn(journal: Journal, since = Number.NEGATIVE_INFINITY): Iterable<Fact> {
	for (const entry of journal.entries(since)) if (entry.kind === "fact") yield entry.fact;
}

interface RunRow {
	id: number;
	run_id: string;
	machine: string;
	owner: string;
	claude: string | null;
	started_at: number;
	seen_at: number;
	ended_at: number | null;
	recoveries: number;
	context: string;
}
