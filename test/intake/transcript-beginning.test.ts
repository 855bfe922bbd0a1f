// How a transcript stands to a run by its records: recorded ones, and ones that are not whole.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { beginningIn, goneOnIn } from "../../src/intake/transcript-beginning.ts";

const FLOWS = join(import.meta.dirname, "../flows");
const STARTED = 1_790_000_000_000;
let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "beginning-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const recorded = (flow: string, sessionId: string) => join(FLOWS, flow, "transcripts", `${sessionId}.jsonl`);
const time = (iso: string) => Date.parse(`2026-11-22T${iso}Z`);

/** Records of these times after the start. */
function written(...records: (Record<string, unknown> & { at: number })[]): string {
	const path = join(folder, "own.jsonl");
	const lines = records.map(({ at, ...record }) =>
		JSON.stringify({ ...record, uuid: `${at}`, timestamp: new Date(STARTED + at).toISOString() }),
	);
	writeFileSync(path, `${lines.join("\n")}\n`);
	return path;
}

test("a recorded session was begun since the start of its run, and is an earlier one to the run that forked it", () => {
	const path = recorded("fork", "0f71b3d6-190c-4cf3-96aa-dc726dee21ad");
	expect(beginningIn(path, 1_795_315_264_948)).toEqual({ how: "startup", at: time("02:41:05.311") });
	expect(beginningIn(path, 1_795_315_265_519)).toEqual({ how: "resume", at: Number.NaN });
	expect(goneOnIn(path, 1_795_315_265_519)).toEqual({ at: Number.NaN, turns: [] });
});

test("a recorded fork was begun with copies, and is an earlier session to whoever comes later", () => {
	const path = recorded("fork", "091c24e8-9fdf-4957-b597-9659752cd75f");
	expect(beginningIn(path, 1_795_315_265_519)).toEqual({ how: "fork", at: time("02:41:05.857") });
	expect(beginningIn(path, time("02:41:06.000"))).toMatchObject({ how: "resume" });
	expect(goneOnIn(path, time("02:41:06.000"))).toEqual({ at: time("02:41:06.001"), turns: [] });
});

test("a recorded session that was gone on with tells what it was asked since then", () => {
	const path = recorded("interactive-resume", "b2807a41-c50d-4bd7-9142-251ab6a4aaae");
	const at = time("03:02:11.698");
	const turns = [{ promptId: expect.stringMatching(/^a6f8/), at }];
	expect(beginningIn(path, time("03:02:10.000")).how).toBe("resume");
	expect(goneOnIn(path, time("03:02:10.000"))).toEqual({ at, turns });
});

test("a fork can hold the first of its own records before its copies", () => {
	const path = written(
		{ at: 300, type: "queue-operation" },
		{ at: -900, type: "user" },
		{ at: -800, type: "assistant", requestSessionId: "another" },
		{ at: 310, type: "user", turnPosition: {}, promptId: "p" },
		{ at: 400, type: "assistant" },
	);
	expect(beginningIn(path, STARTED)).toEqual({ how: "fork", at: STARTED + 300 });
});

test("one that was not answered before it was gone on with is an earlier one", () => {
	const path = written(
		{ at: -900, type: "user", promptId: "p", turnPosition: {} },
		{ at: 300, type: "user", promptId: "q", turnPosition: {} },
		{ at: 400, type: "assistant", requestSessionId: "own" },
	);
	const turns = [{ promptId: "q", at: STARTED + 300 }];
	expect(beginningIn(path, STARTED).how).toBe("resume");
	expect(goneOnIn(path, STARTED)).toEqual({ at: STARTED + 300, turns });
});

test("a clock that was set back in its midst makes none an earlier one", () => {
	const path = written({ at: 300, type: "user" }, { at: -9000, type: "assistant" }, { at: -8000, type: "assistant" });
	expect(beginningIn(path, STARTED)).toMatchObject({ how: "startup", at: STARTED + 300 });
});

test("times within an answer are not the record's, and what is empty or missing has none", () => {
	const asked = { message: { content: [{ input: { timestamp: "2001-01-01T00:00:00Z" } }] } };
	const path = written({ type: "assistant", ...asked, at: 100 });
	expect(beginningIn(path, STARTED)).toEqual({ how: "startup", at: STARTED + 100 });
	for (const none of [written(), join(folder, "nowhere.jsonl")]) {
		expect(beginningIn(none, STARTED)).toEqual({ how: "startup", at: Number.NaN });
	}
});
