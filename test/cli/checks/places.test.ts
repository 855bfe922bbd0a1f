// The checks of folders and files: where sockets lie, and what runs keep. A check leaves all of it as it was.
import {
	chmodSync,
	chownSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	realpathSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkKeeping } from "../../../src/cli/checks/keeping.ts";
import { checkRunFolder } from "../../../src/cli/checks/run-folder.ts";
import { createSpool } from "../../../src/sinks/spool/spool.ts";
import { openStore } from "../../../src/store/store.ts";
import { contextOf, told } from "./context.ts";

let folder: string;
beforeEach(() => {
	folder = realpathSync(mkdtempSync(join(tmpdir(), "check-places-")));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const context = (env: Record<string, string> = {}) => contextOf({ HOME: folder, TMPDIR: folder, ...env });

describe("the run folder", () => {
	const runFolder = async (runtime: string) => told(await checkRunFolder(context({ XDG_RUNTIME_DIR: runtime })));

	test("that is not there yet can be made, and is not", async () => {
		const found = await runFolder(join(folder, "a", "b"));
		expect(found).toEqual([expect.stringMatching(/^ok run-folder: .*\/a\/b\/claude-otel is private, and a socket/)]);
		expect(readdirSync(folder)).toEqual([]);
	});

	test("with runs in it stays as it was", async () => {
		mkdirSync(join(folder, "claude-otel", "another-run"), { recursive: true, mode: 0o700 });
		expect(await runFolder(folder)).toEqual([expect.stringMatching(/^ok run-folder: /)]);
		expect(readdirSync(join(folder, "claude-otel"))).toEqual(["another-run"]);
	});

	test("in whose place a file is, is broken", async () => {
		writeFileSync(join(folder, "claude-otel"), "");
		expect(await runFolder(folder)).toEqual([
			expect.stringMatching(
				/^broken run-folder: .*\/claude-otel cannot be made or written|is no folder.*: move it away/,
			),
		]);
		expect(readdirSync(folder)).toEqual(["claude-otel"]);
	});

	test("in whose place a link is, is broken", async () => {
		mkdirSync(join(folder, "elsewhere"));
		symlinkSync("elsewhere", join(folder, "claude-otel"));
		expect(await runFolder(folder)).toEqual([
			expect.stringMatching(
				/^broken run-folder: .*\/claude-otel is no folder, or a link to one, .*: move it away, or set/,
			),
		]);
		expect(readdirSync(join(folder, "elsewhere"))).toEqual([]);
	});

	test("that belongs to another user is broken", async () => {
		// For everybody but root that is one of the system's.
		const root = process.getuid?.() === 0;
		const another = root ? join(folder, "claude-otel") : "/usr";
		if (root) {
			mkdirSync(another);
			chownSync(another, 65_534, 65_534);
		}
		const base = context();
		const found = await checkRunFolder({ ...base, config: { ...base.config, runDir: another } });
		expect(told(found)).toEqual([
			expect.stringMatching(
				/^broken run-folder: .* belongs to another user, .*: set XDG_RUNTIME_DIR to a folder of yours\.$/,
			),
		]);
	});

	test("with too long a path for a socket is a warning that names what is used", async () => {
		expect(await runFolder(join(folder, "x".repeat(100)))).toEqual([
			expect.stringMatching(
				/^warning run-folder: .* is too long a path for a socket, so .* is used: set XDG_RUNTIME_DIR/,
			),
		]);
	});
});

describe("store and spool", () => {
	const keeping = async (env: Record<string, string> = {}) => told(await checkKeeping(context(env)));
	const data = () => join(folder, ".local", "share", "claude-otel");
	const path = (name: string) => join(data(), name);
	const [STORE, SPOOL] = ["store.db", "spool.db"];

	async function makeStore(): Promise<void> {
		const store = await openStore({ path: path(STORE), note: () => {} });
		store
			.begin({ runId: "a-killed-run", owner: "999999999:1", startedAt: Date.now(), context: "{}" })
			.alive(Date.now());
		store.close();
	}

	async function makeSpool(lane = "traces http/protobuf http://there:4317/v1/traces"): Promise<void> {
		const spool = createSpool({ path: path(SPOOL), maxBytes: 1e6, note: () => {} });
		const body = Buffer.alloc(1500);
		const batch = {
			lane,
			signal: "traces",
			destination: "http://there:4317",
			items: 3,
			body,
			runId: "r",
		} as const;
		expect(await spool.add(batch)).toBe(true);
		spool.close();
		// It closes when it has been opened.
		await new Promise(setImmediate);
	}

	test("that are not there yet are fine, and are not made", async () => {
		expect(await keeping()).toEqual([
			`ok store: ${path(STORE)} will be made by the first run.`,
			`ok spool: ${path(SPOOL)} will be made when a collector does not take something.`,
		]);
		expect(readdirSync(folder)).toEqual([]);
	});

	test("switched off are told so", async () => {
		expect(await keeping({ CLAUDE_OTEL_STORE: "off", CLAUDE_OTEL_SPOOL: "off" })).toEqual([
			expect.stringMatching(/^ok store: CLAUDE_OTEL_STORE is off/),
			expect.stringMatching(/^ok spool: CLAUDE_OTEL_SPOOL is off/),
		]);
	});

	test("say what waits in them, and what delivers it", async () => {
		await makeStore();
		await makeSpool();
		expect(await keeping({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://there:4317" })).toEqual([
			expect.stringMatching(/^ok store: .*store\.db can be written: [\d.]+ k?B of 512 MB\.$/),
			expect.stringMatching(/^warning store: 1 session waits there .*: `claude-otel recover` tells it to the end/),
			"warning spool: 3 spans, points or records (1500 B) wait for http://there:4317: `claude-otel flush` delivers them, and so does the next run that sends there.",
		]);
	});

	test.each([
		["another place", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://here:4317" }],
		["JSON", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://there:4317", OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" }],
		["nowhere", { OTEL_EXPORTER_OTLP_ENDPOINT: "http://there:4317", OTEL_TRACES_EXPORTER: "none" }],
	])("promise no delivery by a configuration that sends %s", async (_what, env) => {
		await makeSpool();
		expect(await keeping(env)).toContain(
			"warning spool: 3 spans, points or records (1500 B) wait for http://there:4317, and this configuration does not deliver them: `claude-otel flush` says what to set.",
		);
	});

	test("that are damaged are broken, and stay where they are", async () => {
		await makeStore();
		const damaged = Buffer.alloc(8192, 7);
		writeFileSync(path(STORE), damaged);
		expect(await keeping()).toEqual([
			expect.stringMatching(/^broken store: .*store\.db is damaged, .*: delete it, or leave it to the next run/),
			expect.stringMatching(/^ok spool: /),
		]);
		expect(readFileSync(path(STORE)).equals(damaged)).toBe(true);
		expect(readdirSync(data())).toEqual([STORE]);
	});

	test("that others can read are a warning, and keep their mode", async () => {
		await makeSpool();
		chmodSync(path(SPOOL), 0o644);
		expect(await keeping()).toContainEqual(
			expect.stringMatching(/^warning spool: .* can be read by others: `chmod 600` it/),
		);
		expect(statSync(path(SPOOL)).mode & 0o777).toBe(0o644);
	});

	test("that another process holds locked are a warning", async () => {
		await makeStore();
		const holder = new Sqlite(path(STORE));
		holder.exec("BEGIN EXCLUSIVE");
		expect(await keeping()).toContainEqual(expect.stringMatching(/^warning store: .* is locked by another process/));
		holder.close();
	});

	test.each([
		["a folder", (at: string) => mkdirSync(at, { recursive: true })],
		["a link", (at: string) => symlinkSync("/etc/hostname", at)],
	])("in whose place %s is, are broken", async (_what, plant) => {
		const at = join(folder, "kept.db");
		plant(at);
		expect(await keeping({ CLAUDE_OTEL_STORE: at })).toContainEqual(
			expect.stringMatching(
				/^broken store: .*kept\.db cannot be used \(it is no plain file.*: mend it, name another file in CLAUDE_OTEL_STORE/,
			),
		);
	});

	test("in whose place another file is, are broken, and it is not called damaged", async () => {
		const diary = join(folder, "diary.txt");
		writeFileSync(diary, "A diary. ".repeat(100));
		await makeStore();
		expect(await keeping({ CLAUDE_OTEL_STORE: diary, CLAUDE_OTEL_SPOOL: path(STORE) })).toEqual([
			`broken store: ${diary} cannot be used (it is no such file of claude-otel's, and is left as it is), so a killed session cannot be recovered: mend it, name another file in CLAUDE_OTEL_STORE, or set it to off.`,
			expect.stringMatching(/^broken spool: .*store\.db cannot be used \(it is no such file of claude-otel's/),
		]);
		expect(readFileSync(diary, "utf8")).toBe("A diary. ".repeat(100));
	});

	test("below something that is no folder are broken", async () => {
		writeFileSync(join(folder, "file"), "");
		expect(await keeping({ CLAUDE_OTEL_SPOOL: join(folder, "file", "spool.db") })).toContainEqual(
			expect.stringMatching(
				/^broken spool: .* cannot be used \(it cannot be written\), .*name another file in CLAUDE_OTEL_SPOOL/,
			),
		);
	});

	test("that a newer claude-otel has written are broken", async () => {
		await makeStore();
		const database = new Sqlite(path(STORE));
		database.pragma("user_version = 1000");
		database.close();
		expect(await keeping()).toContainEqual(
			expect.stringMatching(/^broken store: .*written by a newer claude-otel: update/),
		);
	});

	test("and the file of CLAUDE_OTEL_FILE is looked at, not made", async () => {
		const file = join(folder, "out.jsonl");
		expect(await keeping({ CLAUDE_OTEL_FILE: file })).toContainEqual(`ok file: ${file} can be written.`);
		expect(existsSync(file)).toBe(false);
		expect(await keeping({ CLAUDE_OTEL_FILE: folder })).toContainEqual(
			expect.stringMatching(/^broken file: .* cannot be written: let CLAUDE_OTEL_FILE name/),
		);
	});

	test.skipIf(process.platform !== "linux")(
		"where the system makes no folder, whatever its rights say, are broken (needs Linux' /proc)",
		async () => {
			const env = {
				CLAUDE_OTEL_STORE: "/proc/nope/store.db",
				CLAUDE_OTEL_SPOOL: "/proc/nope/spool.db",
				CLAUDE_OTEL_FILE: "/proc/nope/f.jsonl",
			};
			expect(await keeping(env)).toEqual([
				expect.stringMatching(/^broken store: \/proc\/nope\/store\.db cannot be used \(it cannot be written\)/),
				expect.stringMatching(/^broken spool: \/proc\/nope\/spool\.db cannot be used \(it cannot be written\)/),
				expect.stringMatching(/^broken file: \/proc\/nope\/f\.jsonl cannot be written: let CLAUDE_OTEL_FILE name/),
			]);
		},
	);

	test("with a name that is too long for the system are broken", async () => {
		expect(await keeping({ CLAUDE_OTEL_FILE: join(folder, "x".repeat(300)) })).toContainEqual(
			expect.stringMatching(/^broken file: /),
		);
		expect(readdirSync(folder)).toEqual([]);
	});

	test("are not looked at where the configuration cannot be read", async () => {
		expect(told(await checkKeeping({ ...context(), mistake: "bad" }))).toEqual([
			"warning store: Not looked at, because the configuration cannot be read: mend that first.",
		]);
	});
});
