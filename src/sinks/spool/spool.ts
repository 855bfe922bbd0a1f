// Batches that a collector did not take → a file of this user, as the bytes that would have gone out, until somebody can
// deliver them: in their order, and each by one process. The file is made when there is something to keep.
import { createFlusher } from "../../flush-log.ts";
import type { Database } from "../../open-database.ts";
import { identityOf, isAlive, machineId } from "../../process-identity.ts";
import type { Batches } from "../exporter.ts";
import { createSpoolFile } from "./spool-file.ts";

export interface SpooledBatch {
	/** Where it goes and how it is written: batches of one lane keep their order. */
	lane: string;
	signal: keyof Batches;
	/** Without user info: for a person. */
	destination: string;
	/** Spans, records or points. */
	items: number;
	body: Uint8Array;
	/** Whose it is. */
	runId: string;
}
export interface WaitingBatch extends SpooledBatch {
	id: number;
}
export interface WaitingLane {
	lane: string;
	signal: keyof Batches;
	destination: string;
	batches: number;
	items: number;
	bytes: number;
}

export interface Spool {
	path: string;
	/** False where it cannot be kept: the sentence has been told. Nobody tries its lane before `notBefore`, if that is given. */
	add(batch: SpooledBatch, notBefore?: number): Promise<boolean>;
	/** What waits, in all lanes. */
	waiting(): Promise<WaitingLane[]>;
	isWaiting(lane: string): Promise<boolean>;
	/** Names one who delivers: the same process may have several. */
	newHolder(): string;
	/** False while somebody else delivers this lane. Holds for LEASE_MS. */
	lease(lane: string, holder: string, now: number): Promise<boolean>;
	/** Why it cannot be had: somebody else delivers it, or the collector asked for patience until then. */
	heldUntil(lane: string, now: number): Promise<number | undefined>;
	/** Somebody else may go on; nobody tries again before `notBefore`, if that is given. */
	release(lane: string, holder: string, notBefore?: number): Promise<void>;
	/** The oldest batch of the lane. */
	first(lane: string): Promise<WaitingBatch | undefined>;
	remove(id: number): Promise<void>;
	/** What waits, in bytes, as far as this process knows. */
	bytes(): number;
	/** Something could not be read or written, or was damaged: the sentence has been told, and more may wait than is found. */
	failed(): boolean;
	/** Items that were dropped because the spool was full, by this process. */
	dropped(): number;
	close(): void;
}

export interface SpoolOptions {
	path: string;
	/** See DatabaseOptions. */
	chosen?: boolean;
	maxBytes: number;
	/** One sentence for the user or the diagnostics. */
	note(sentence: string): void;
}

/** A process that delivers a lane renews its claim before each batch; a hung one loses it after so long. */
export const LEASE_MS = 60_000;

let holders = 0;

export function createSpool({ path, chosen, maxBytes, note }: SpoolOptions): Spool {
	const owner = identityOf(process.pid);
	let dropped = 0;
	let bytes = 0;
	const { use, failed, close } = createSpoolFile({ path, chosen, note });
	const flusher = createFlusher(path);

	function noteBytes(database: Database): void {
		bytes = database.prepare<[], { bytes: number }>("SELECT total(bytes) AS bytes FROM batches").get()?.bytes ?? 0;
	}

	function insert(database: Database, batch: SpooledBatch, notBefore: number | undefined): boolean {
		const { lane, signal, destination, items, body, runId } = batch;
		return database
			.transaction(() => {
				if (!makeRoom(database, body.length)) return false;
				database
					.prepare(
						"INSERT INTO batches (lane, signal, destination, items, bytes, run_id, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
					)
					.run(lane, signal, destination, items, body.length, runId, body);
				if (notBefore === undefined) return true;
				database
					.prepare(
						"INSERT INTO lanes (lane, owner, machine, until, not_before) VALUES (?, ?, ?, 0, ?) ON CONFLICT (lane) DO UPDATE SET not_before = excluded.not_before",
					)
					.run(lane, owner, machineId(), notBefore);
				return true;
			})
			.immediate();
	}

	function makeRoom(database: Database, wanted: number): boolean {
		if (wanted > maxBytes) return false;
		const sum = database.prepare<[], { bytes: number }>("SELECT total(bytes) AS bytes FROM batches");
		const oldest = database.prepare<[], { id: number; items: number }>(
			"SELECT id, items FROM batches ORDER BY id LIMIT 1",
		);
		while ((sum.get()?.bytes ?? 0) + wanted > maxBytes) {
			const found = oldest.get();
			if (found === undefined) return true;
			database.prepare("DELETE FROM batches WHERE id = ?").run(found.id);
			dropped += found.items;
		}
		return true;
	}

	function takeLease(database: Database, lane: string, holder: string, now: number): boolean {
		return database
			.transaction(() => {
				const held = database
					.prepare<[string], HeldLane>("SELECT owner, machine, until, not_before FROM lanes WHERE lane = ?")
					.get(lane);
				if (held && isHeld(held, holder, now)) return false;
				database
					.prepare(
						"INSERT INTO lanes (lane, owner, machine, until, not_before) VALUES (?, ?, ?, ?, 0) ON CONFLICT (lane) DO UPDATE SET owner = excluded.owner, machine = excluded.machine, until = excluded.until",
					)
					.run(lane, holder, machineId(), now + LEASE_MS);
				return true;
			})
			.immediate();
	}

	function isHeld(held: HeldLane, holder: string, now: number): boolean {
		// A clock that was set back must not close a lane for hours.
		if (held.not_before > now && held.not_before <= now + LONGEST_PATIENCE_MS) return true;
		if (held.owner === holder && held.machine === machineId()) return false;
		if (held.until <= now || held.until > now + LEASE_MS) return false;
		return held.machine !== machineId() || isAlive(held.owner.replace(/#.*$/, ""));
	}

	return {
		path,
		add: (batch, notBefore) =>
			use(
				false,
				(database) => {
					const kept = insert(database, batch, notBefore);
					noteBytes(database);
					flusher.soon();
					return kept;
				},
				true,
			),
		waiting: () =>
			use<WaitingLane[]>([], (database) =>
				database
					.prepare<[], WaitingLane>(
						"SELECT lane, signal, destination, count(*) AS batches, sum(items) AS items, sum(bytes) AS bytes FROM batches GROUP BY lane ORDER BY min(id)",
					)
					.all(),
			),
		isWaiting: (lane) =>
			use(false, (database) => {
				noteBytes(database);
				return database.prepare("SELECT 1 FROM batches WHERE lane = ? LIMIT 1").get(lane) !== undefined;
			}),
		newHolder: () => `${owner}#${++holders}`,
		lease: (lane, holder, now) => use(false, (database) => takeLease(database, lane, holder, now)),
		heldUntil: (lane, now) =>
			use<number | undefined>(undefined, (database) => {
				const until = database
					.prepare<[string], { not_before: number }>("SELECT not_before FROM lanes WHERE lane = ?")
					.get(lane)?.not_before;
				return until !== undefined && until > now && until <= now + LONGEST_PATIENCE_MS ? until : undefined;
			}),
		release: (lane, holder, notBefore) =>
			use(undefined, (database) => {
				database
					.prepare("UPDATE lanes SET until = 0, not_before = coalesce(?, not_before) WHERE lane = ? AND owner = ?")
					.run(notBefore ?? null, lane, holder);
			}),
		first: (lane) =>
			use<WaitingBatch | undefined>(undefined, (database) => {
				const row = database
					.prepare<[string], Omit<WaitingBatch, "runId"> & { run_id: string }>(
						"SELECT id, lane, signal, destination, items, run_id, body FROM batches WHERE lane = ? ORDER BY id LIMIT 1",
					)
					.get(lane);
				if (row === undefined) return undefined;
				const { run_id: runId, ...batch } = row;
				return { ...batch, runId };
			}),
		remove: (id) =>
			use(undefined, (database) => {
				database.prepare("DELETE FROM batches WHERE id = ?").run(id);
				noteBytes(database);
			}),
		bytes: () => bytes,
		failed,
		dropped: () => dropped,
		close() {
			flusher.close();
			close();
		},
	};
}

interface HeldLane {
	owner: string;
	machine: string;
	until: number;
	not_before: number;
}

/** A collector that asks for more patience does not get it. */
export const LONGEST_PATIENCE_MS = 24 * 60 * 60_000;
