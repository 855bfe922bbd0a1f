// Facts in a file that outlives its process: in their order, for one reader at a time, and never in the way.
import { spawn } from "node:child_process";
import {
	chmodSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { reasonOf } from "../../src/open-database.ts";
import { FOREIGN_SILENCE_MS, identityOf, machineId } from "../../src/process-identity.ts";
import type { Journal } from "../../src/store/journal.ts";
import { openStore, type Store } from "../../src/store/store.ts";
import { until } from "../support/run.ts";
import { factOf } from "./facts.ts";

const NOW = 1_790_000_000_000;
/** No process has so high a number. */
const DEAD = "4194999:1";
let folder: string;
let path: string;
let notes: string[];
const stores: Store[] = [];
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-store-"));
	path = join(folder, "store.db");
	notes = [];
});
afterEach(() => {
	for (const store of stores.splice(0)) store.close();
	rmSync(folder, { recursive: true });
});

async function open(at = path, chosen = false): Promise<Store> {
	const store = await openStore({ path: at, chosen, note: (sentence) => notes.push(sentence) });
	stores.push(store);
	return store;
}

function begin(store: Store, more: Partial<Parameters<Store["begin"]>[0]> = {}): Journal {
	const run = { runId: "run-1", owner: DEAD, startedAt: NOW, context: "{}", ...more };
	const journal = store.begin(run);
	journal.alive(run.startedAt);
	return journal;
}

const facts = (journal: Journal) =>
	[...journal.entries()].flatMap((entry) => (entry.kind === "fact" ? [entry.fact] : []));

describe("a journal", () => {
	test("that is begun again goes on where it was", async () => {
		const first = begin(await open());
		first.keep([factOf(1)]);
		const again = begin(await open());
		again.keep([factOf(2)]);
		expect(facts(first)).toEqual([factOf(1), factOf(2)]);
	});

	test("gives back what it was told, in its order, to whoever claims the run", async () => {
		const store = await open();
		const journal = begin(store);
		journal.keep([factOf(1), factOf(2)]);
		journal.advanced(NOW + 5, true);
		journal.keep([factOf(3)]);
		journal.session("session-1");
		journal.session("session-1");
		journal.delivered("here", ["a", "b"]);
		journal.delivered("there", ["c"]);
		journal.metered("here", 3);

		const other = await open();
		const [run] = other.abandoned(NOW);
		const claimed = run && other.claim(run, identityOf(process.pid), NOW);
		expect([...(claimed?.entries() ?? [])]).toEqual([
			{ seq: 1, kind: "fact", fact: factOf(1) },
			{ seq: 2, kind: "fact", fact: factOf(2) },
			{ seq: 3, kind: "advanced", at: NOW + 5, late: true },
			{ seq: 4, kind: "fact", fact: factOf(3) },
		]);
		expect(claimed?.sessions()).toEqual(["session-1"]);
		expect(claimed?.deliveredTo("here")).toEqual(new Set(["a", "b"]));
		expect(claimed?.deliveredTo("nowhere")).toEqual(new Set());
		expect(claimed?.meteredTo("here")).toBe(3);
		claimed?.keep([factOf(4)]);
		expect(claimed && facts(claimed).map(({ at }) => at - NOW)).toEqual([1, 2, 3, 4]);
	});

	test("of many thousand entries is read in portions", async () => {
		const journal = begin(await open());
		journal.keep(Array.from({ length: 2_500 }, (_, number) => factOf(number)));
		expect(facts(journal)).toHaveLength(2_500);
	});

	test("whose rows hold anything but a fact gives back the others", async () => {
		const store = await open();
		const journal = begin(store);
		const strange = ["null", "5", '"text"', "[]", "{}", '{"kind":"tool.ended"}', "{not", ""];
		journal.keep(Array.from({ length: strange.length + 1 }, (_, number) => factOf(number)));
		const database = new Database(path);
		const spoil = database.prepare("UPDATE journal SET body = ? WHERE seq = ?");
		for (const [index, body] of strange.entries()) spoil.run(body, index + 1);
		database.close();
		expect(facts(journal)).toEqual([factOf(strange.length)]);
	});

	test("holds what cannot be written while another process writes, and keeps it later", async () => {
		const store = await open();
		const journal = begin(store);
		const rival = new Database(path, { timeout: 10 });
		rival.exec("BEGIN IMMEDIATE");
		journal.keep([factOf(1)]);
		journal.keep([factOf(2)]);
		expect(facts(journal)).toEqual([]);
		expect(journal.position()).toBe(2);
		rival.exec("COMMIT");
		rival.close();
		await until("the next attempt", () => facts(journal).length === 2);
		journal.keep([factOf(3)]);
		expect(facts(journal).map(({ at }) => at - NOW)).toEqual([1, 2, 3]);
		expect(notes).toEqual([]);
	});
});

describe("a run", () => {
	test("is abandoned when its process and its claude have gone, and it was not closed", async () => {
		const store = await open();
		begin(store, { runId: "gone" });
		begin(store, { runId: "mine", owner: identityOf(process.pid) });
		begin(store, { runId: "outlived", claude: identityOf(process.pid) });
		begin(store, { runId: "closed" }).end(NOW);
		expect([...store.abandoned(NOW)].map(({ runId }) => runId)).toEqual(["gone"]);
	});

	test("is found behind any number of others, whether those are abandoned or not", async () => {
		const store = await open();
		begin(store, { runId: "first" });
		const database = new Database(path);
		const copy = database.prepare(
			"INSERT INTO runs (run_id, machine, owner, started_at, seen_at, context) SELECT ?, machine, ?, started_at, seen_at, context FROM runs WHERE run_id = 'first'",
		);
		database.transaction(() => {
			for (let run = 0; run < 1_200; run++) copy.run(`gone ${run}`, DEAD);
			for (let run = 0; run < 1_200; run++) copy.run(`alive ${run}`, identityOf(process.pid));
		})();
		database.close();
		begin(store, { runId: "last", startedAt: NOW + 1 });
		const found = [...store.abandoned(NOW)].map(({ runId }) => runId);
		expect([found.length, found[0], found.at(-1)]).toEqual([1_202, "first", "last"]);
	});

	test("whose process number was given to another process since has gone", async () => {
		const store = await open();
		begin(store, { runId: "reused", owner: `${process.pid}:1` });
		expect([...store.abandoned(NOW)].map(({ runId }) => runId)).toEqual(process.platform === "linux" ? ["reused"] : []);
	});

	test("of another machine or container has gone when it has been silent for long; of this one before a reboot at once", async () => {
		const store = await open();
		for (const runId of ["elsewhere", "container", "boot"]) begin(store, { runId });
		const database = new Database(path);
		const [host = "", boot = ""] = machineId().split("/");
		const move = database.prepare("UPDATE runs SET machine = ? WHERE run_id = ?");
		move.run("another/1234/pid:[1]", "elsewhere");
		move.run(`${host}/${boot}/pid:[1]`, "container");
		move.run(`${host}/earlier/pid:[1]`, "boot");
		database.close();
		const gone = (now: number) => [...store.abandoned(now)].map(({ runId }) => runId).toSorted();
		expect(gone(NOW + 1_000)).toEqual(["boot"]);
		expect(gone(NOW + FOREIGN_SILENCE_MS + 1)).toEqual(["boot", "container", "elsewhere"]);
	});

	test("is claimed by one process alone", async () => {
		const [one, two] = [await open(), await open()];
		begin(one);
		const [found] = one.abandoned(NOW);
		const [same] = two.abandoned(NOW);
		expect(found && one.claim(found, identityOf(process.pid), NOW)).toBeDefined();
		expect(same && two.claim(same, identityOf(process.pid), NOW)).toBeUndefined();
		expect([...two.abandoned(NOW)]).toEqual([]);
	});

	test("says how many died while they recovered it", async () => {
		const store = await open();
		begin(store);
		for (let attempt = 0; attempt < 3; attempt++) {
			const [run] = store.abandoned(NOW);
			expect(run?.recoveries).toBe(attempt);
			if (run) store.claim(run, DEAD, NOW);
		}
	});

	test("that was let go in good order counts no attempt, and is free at once", async () => {
		const store = await open();
		begin(store);
		for (let attempt = 0; attempt < 3; attempt++) {
			const [run] = store.abandoned(NOW);
			expect(run?.recoveries).toBe(0);
			if (run) store.claim(run, identityOf(process.pid), NOW)?.release();
		}
	});

	test("takes a session that no other was in at that time", async () => {
		const store = await open();
		const [first, next, last] = [1_000, 3_000, 5_000].map((startedAt) =>
			begin(store, { runId: `${startedAt}`, startedAt }),
		);
		next?.session("a");
		next?.end(4_000);
		expect(first?.takeSession("a", 3_500)).toBe(false);
		expect(first?.takeSession("a", 2_000)).toBe(true);
		expect(first?.takeSession("a", 2_000)).toBe(true);
		expect(first?.sessions()).toEqual(["a"]);
		expect(last?.takeSession("a", 6_000)).toBe(false);
		first?.end(4_500);
		expect(last?.takeSession("a", 6_000)).toBe(true);
	});

	test("is placed when its session is noted, also by who has not taken it over", async () => {
		const store = await open();
		begin(store);
		const abandoned = () => [...store.abandoned(NOW)];
		for (const run of abandoned()) store.sessionsOf(run).session("a");
		expect(abandoned()).toMatchObject([{ isPlaced: true, recoveries: 0 }]);
		begin(store, { runId: "run-2", startedAt: NOW + 1 });
		expect(abandoned()).toMatchObject([{ isPlaced: true }, { isPlaced: false }]);
	});

	test("knows whether another in its session told of a prompt, or may still", async () => {
		const store = await open();
		const { sessionId, promptId = "" } = factOf(1);
		const who = (prompt: string, except: number, at = NOW) =>
			store.whoTold({ sessionId, promptId: prompt, at }, except, NOW);
		begin(store).session(sessionId);
		begin(store, { runId: "run-2" }).keep([factOf(1)]);
		expect(who(promptId, 2)).toBe("nobody");
		const alive = begin(store, { runId: "run-3", owner: identityOf(process.pid) });
		alive.session(sessionId);
		expect(who(promptId, 1)).toBe("perhaps");
		expect(who(promptId, 1, NOW - 1)).toBe("nobody");
		expect(who(promptId, 3)).toBe("nobody");
		alive.advanced(NOW, false);
		alive.keep([factOf(1)]);
		expect(who(promptId, 1)).toBe("another");
		expect(who("another prompt", 1)).toBe("perhaps");
		alive.end(NOW);
		expect(who("another prompt", 1)).toBe("nobody");
	});

	test("knows the others that were in its session, and what they were told", async () => {
		const store = await open();
		begin(store, { runId: "a", startedAt: 1_000 }).session("a");
		begin(store, { runId: "d", startedAt: 4_000 }).session("a");
		const next = begin(store, { runId: "b", startedAt: 3_000 });
		next.session("a");
		next.keep([factOf(1)]);
		next.end(3_500);
		begin(store, { runId: "c", startedAt: 2_000 }).session("c");
		const others = store.othersIn("a", 1);
		expect(others).toMatchObject([
			{ startedAt: 3_000, ended: true },
			{ startedAt: 4_000, ended: false },
		]);
		expect(others.map((run) => [...run.facts()])).toEqual([[factOf(1)], []]);
		const factsSince = (since: number) => others.flatMap((run) => [...run.facts(since)]);
		expect(factsSince(factOf(1).at)).toEqual([factOf(1)]);
		expect(factsSince(factOf(2).at)).toEqual([]);
		expect(store.othersIn("c", 4)).toEqual([]);
	});
});

describe("pruning", () => {
	const limits = { maxBytes: 1e9, maxAgeMs: 1_000 };
	const runIds = () => {
		const database = new Database(path);
		const rows = database.prepare<[], { run_id: string }>("SELECT run_id FROM runs ORDER BY started_at").all();
		database.close();
		return rows.map(({ run_id }) => run_id);
	};

	test("deletes closed runs that are too old, whole, and no open ones", async () => {
		const store = await open();
		for (const [runId, startedAt] of [
			["old", NOW - 5_000],
			["new", NOW],
		] as const) {
			const journal = begin(store, { runId, startedAt });
			journal.keep([factOf(1)]);
			journal.delivered("here", ["a"]);
			journal.session(runId);
			journal.end(NOW);
		}
		begin(store, { runId: "open", startedAt: NOW - 9_000 });
		await store.prune(limits, NOW);
		expect(runIds()).toEqual(["open", "new"]);
		const database = new Database(path);
		for (const table of ["journal", "delivered", "sessions"])
			expect(database.prepare(`SELECT count(DISTINCT run) AS runs FROM ${table}`).get()).toEqual({ runs: 1 });
		database.close();
	});

	test("keeps the file within its size, oldest runs first, and gives the space back", async () => {
		const store = await open();
		for (let run = 0; run < 6; run++) {
			const journal = begin(store, { runId: `run-${run}`, startedAt: NOW + run });
			journal.keep(Array.from({ length: 2_000 }, (_, number) => factOf(number)));
			journal.end(NOW);
		}
		const database = new Database(path);
		const pages = () => Number(database.pragma("page_count", { simple: true }));
		const before = pages();
		await store.prune({ maxBytes: (before * 4096) / 2, maxAgeMs: 1e9 }, NOW);
		expect(runIds()).not.toContain("run-0");
		expect(runIds()).toContain("run-5");
		expect(pages()).toBeLessThan(before * 0.6);
		database.close();
	});
});

describe("the file", () => {
	test("is for its owner alone, and so is what SQLite lays beside it", async () => {
		writeFileSync(path, "");
		chmodSync(path, 0o644);
		const store = await open();
		begin(store).keep([factOf(1)]);
		expect(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mode & 0o777])).toEqual(
			readdirSync(folder).map((name) => [name, 0o600]),
		);
	});

	test("is not opened through a symbolic link", async () => {
		writeFileSync(join(folder, "target"), "");
		symlinkSync(join(folder, "target"), path);
		await expect(open()).rejects.toThrow("links are not followed");
		expect(readFileSync(join(folder, "target"), "utf8")).toBe("");
	});

	test("of a newer claude-otel is left as it is", async () => {
		(await open()).close();
		stores.splice(0);
		const database = new Database(path);
		database.pragma("user_version = 99");
		database.close();
		await expect(open()).rejects.toThrow("newer claude-otel");
	});

	test.each<[string, () => void]>([
		["text", () => writeFileSync(path, "A diary. ".repeat(1_000))],
		["a few bytes", () => writeFileSync(path, "x")],
		["zeros", () => writeFileSync(path, Buffer.alloc(8_192))],
		[
			"another program's database",
			() => {
				const database = new Database(path);
				database.pragma("journal_mode = WAL");
				database.exec("CREATE TABLE cookies (name TEXT)");
				database.close();
			},
		],
		[
			"a damaged database of another program",
			() => {
				new Database(path).exec("CREATE TABLE cookies (name TEXT)").close();
				truncateSync(path, 5_000);
			},
		],
	])("that the user has named and that is %s is refused, and left as it is", async (_what, write) => {
		write();
		chmodSync(path, 0o644);
		const before = [readFileSync(path), statSync(path).mtimeMs, statSync(path).mode];
		await expect(open(path, true)).rejects.toThrow("it is no such file of claude-otel's, and is left as it is");
		expect([readFileSync(path), statSync(path).mtimeMs, statSync(path).mode]).toEqual(before);
		expect(readdirSync(folder)).toEqual(["store.db"]);
		expect(notes).toEqual([]);
	});

	test("that the user has named may be new or empty, and is put aside where it is ours and damaged", async () => {
		writeFileSync(path, "");
		(await open(path, true)).close();
		(await open(path, true)).close();
		stores.splice(0);
		expect(notes).toEqual([]);
		truncateSync(path, 5_000);
		await open(path, true);
		expect(notes).toEqual([expect.stringMatching(/was damaged: it was put aside/)]);
	});

	test.each<[string, () => void]>([
		["is no database", () => writeFileSync(path, "junk ".repeat(1_000))],
		["was cut short", () => truncateSync(path, 5_000)],
		["has a broken page", () => overwrite(path, 2 * 4_096, 4_096)],
	])("that %s is put aside, told, and a new one begun", async (_what, damage) => {
		const before = await open();
		begin(before).keep(Array.from({ length: 100 }, (_, number) => factOf(number)));
		before.close();
		stores.splice(0);
		damage();
		const store = await open();
		begin(store).keep([factOf(1)]);
		const aside = readdirSync(folder).filter((name) => name.includes(".damaged-"));
		expect(aside.length).toBeGreaterThan(0);
		expect(notes).toEqual([expect.stringMatching(/was damaged: it was put aside as .*, and a new one was begun\.$/)]);
	});
});

test.each([
	["SQLITE_FULL", "the disk is full"],
	["SQLITE_IOERR_SHMSIZE", "the disk is full"],
	["SQLITE_IOERR_FSYNC", "the disk does not take it"],
	["EROFS", "it cannot be written"],
])("%s is told as: %s", (code, reason) => {
	expect(reasonOf(Object.assign(new Error("disk I/O error"), { code }))).toBe(reason);
});

test("damage that is found late is put aside and told once, and costs what was there", async () => {
	const before = await open();
	const journal = begin(before);
	journal.keep(Array.from({ length: 1_000 }, (_, number) => factOf(number)));
	before.close();
	stores.splice(0);
	// Somewhere in the midst of the journal, where nobody looks when it is opened.
	overwrite(path, 20 * 4_096, 4_096);
	const store = await open();
	const [run] = store.abandoned(NOW);
	const claimed = run && store.claim(run, identityOf(process.pid), NOW);
	expect(claimed && facts(claimed).length).toBeLessThan(1_000);
	claimed?.keep([factOf(1)]);
	claimed?.end(NOW);
	expect([...store.abandoned(NOW)]).toEqual([]);
	expect(notes).toEqual([
		expect.stringMatching(/was found damaged and put aside as .*the next one begins a new file\.$/),
	]);
	expect([...(await open()).abandoned(NOW)]).toEqual([]);
});

test("twenty processes keep their facts in one store, and none meets a lock", { timeout: 120_000 }, async () => {
	const COUNT = 200;
	const ends = await Promise.all(Array.from({ length: 20 }, () => write([path, String(COUNT)])));
	expect(ends).toEqual(Array.from({ length: 20 }, () => ({ code: 0, dropped: 0, notes: [] })));
	const database = new Database(path);
	expect(database.prepare("SELECT count(*) AS facts FROM journal").get()).toEqual({ facts: 20 * COUNT });
	database.close();
});

test("a process that is killed has lost nothing of what it had kept", async () => {
	const { dropped } = await write([path, "500", "die"]);
	expect(dropped).toBe(0);
	const store = await open();
	const [run] = store.abandoned(NOW);
	const journal = run && store.claim(run, identityOf(process.pid), NOW);
	expect(journal && facts(journal)).toHaveLength(500);
});

function write(args: string[]): Promise<{ code: number | null; dropped?: number; notes?: string[] }> {
	return new Promise((resolve) => {
		const child = spawn(process.execPath, [join(import.meta.dirname, "writer.ts"), ...args]);
		let out = "";
		child.stdout.on("data", (chunk) => {
			out += chunk;
		});
		child.on("close", (code) => resolve({ code, ...JSON.parse(out || "{}") }));
	});
}

function overwrite(file: string, from: number, length: number): void {
	const bytes = readFileSync(file);
	bytes.fill(0xab, from, from + length);
	writeFileSync(file, bytes);
}
