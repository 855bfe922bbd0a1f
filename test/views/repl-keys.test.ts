// What is typed and pasted, what is remembered of it, and what it can become.
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { completeCommand } from "../../src/views/repl/completion.ts";
import { createKeySplitter } from "../../src/views/repl/keyboard.ts";
import { createPastedBlocks } from "../../src/views/repl/pasted-blocks.ts";
import {
	HISTORY_BYTES_MAX,
	HISTORY_ENTRIES_MAX,
	HISTORY_ENTRY_BYTES_MAX,
	openPromptHistory,
} from "../../src/views/repl/prompt-history.ts";
import { seeds } from "../support/seed.ts";

/** Windows knows no other mode. */
const OWN = process.platform === "win32" ? 0o666 : 0o600;

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "claude-otel-repl-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function splitter() {
	const heard: string[] = [];
	const split = createKeySplitter({
		keys: (text) => void heard.push(text),
		pasted: (text) => void heard.push(`pasted:${text}`),
		interrupt: () => void heard.push("interrupt"),
		suspend: () => void heard.push("suspend"),
	});
	return { heard, split };
}

const PASTE = (text: string) => `\u001b[200~${text}\u001b[201~`;

test("pasted text comes in one piece, its keys are text, and Ctrl-C between is Ctrl-C", () => {
	const { heard, split } = splitter();
	split(`a${PASTE("one\r\u0003two\u001b[A")}b\u0003c\u001ad\u001b[A\u001b`);
	expect(heard).toEqual(["a", "pasted:one\r\u0003two\u001b[A", "b", "interrupt", "c", "suspend", "d\u001b[A\u001b"]);
});

test("however the terminal's bytes are torn, the paste is whole", () => {
	const all = `first${PASTE("one\rtwo\u001b")}last\u001b[A`;
	const [seed] = seeds(1);
	fc.assert(
		// A lone escape is a key, so marks are not torn behind it.
		fc.property(fc.array(fc.nat(all.length), { maxLength: 20 }), (cuts) => {
			const places = [0, ...cuts.filter((at) => all[at - 1] !== "\u001b").toSorted((a, b) => a - b), all.length];
			const { heard, split } = splitter();
			for (const [at, end] of places.slice(1).entries()) split(all.slice(places[at], end));
			expect(heard.join("")).toBe("firstpasted:one\rtwo\u001blast\u001b[A");
			expect(heard.filter((it) => it.startsWith("pasted:"))).toHaveLength(1);
		}),
		{ seed },
	);
});

test("several lines stand in the line as a label, and are sent whole", () => {
	const blocks = createPastedBlocks();
	expect(blocks.labelOf("one line\n")).toBe("one line");
	const label = blocks.labelOf("a\r\nb\rc\n");
	expect(label).toBe("[text 1: 3 lines]");
	expect(blocks.labelOf("a\nb\nc\n")).toBe(label);
	expect(blocks.labelOf("tab\there")).toBe("[text 2: 1 line]");
	expect(blocks.expand(`see ${label}, [text 2: 1 line] and [text 9: 3 lines]`)).toBe(
		"see a\nb\nc\n, tab\there and [text 9: 3 lines]",
	);
});

test("prompts are remembered, newest first, for the user alone", () => {
	const path = join(folder, "data", "prompts");
	const history = openPromptHistory(path);
	for (const prompt of ["one", "two\nlines", "two\nlines", " secret", "three"]) {
		expect(history.add(prompt)).toBeUndefined();
	}
	expect(history.entries()).toEqual(["three", "two\nlines", "one"]);
	expect(openPromptHistory(path).entries()).toEqual(history.entries());
	expect(readFileSync(path, "utf8")).toBe('"one"\n"two\\nlines"\n"three"\n');
	expect(statSync(path).mode & 0o777).toBe(OWN);
});

test("a file that others could read is closed to them, and lines in it that are none of ours are passed over", () => {
	const path = join(folder, "prompts");
	writeFileSync(path, '"old"\nnonsense\n{"a":1}\n""\n"new"\n"torn');
	chmodSync(path, 0o644);
	const history = openPromptHistory(path);
	expect(history.entries()).toEqual(["new", "old"]);
	history.add("newest");
	expect(statSync(path).mode & 0o777).toBe(OWN);
	expect(openPromptHistory(path).entries()).toEqual(["newest", "new", "old"]);
});

test("the file is bounded, in lines and in the length of each", () => {
	const path = join(folder, "prompts");
	const history = openPromptHistory(path);
	const count = HISTORY_ENTRIES_MAX * 2 + 10;
	for (let at = 0; at < count; at++) history.add(`prompt ${at}`);
	history.add("x".repeat(HISTORY_ENTRY_BYTES_MAX));
	expect(history.entries()).toHaveLength(HISTORY_ENTRIES_MAX);
	const lines = readFileSync(path, "utf8").trimEnd().split("\n");
	expect(lines.length).toBeLessThanOrEqual(HISTORY_ENTRIES_MAX * 2);
	expect(lines.at(-1)).toBe(`"prompt ${count - 1}"`);
	expect(openPromptHistory(path).entries()[0]).toBe(`prompt ${count - 1}`);
	for (let at = 0; at < 200; at++) history.add(`${at}${"y".repeat(HISTORY_ENTRY_BYTES_MAX / 2)}`);
	expect(statSync(path).size).toBeLessThanOrEqual(HISTORY_BYTES_MAX);
	expect(openPromptHistory(path).entries()[0]).toMatch(/^199y/);
});

test("a history that cannot be kept is told once, and remembered all the same", () => {
	writeFileSync(join(folder, "file"), "");
	const history = openPromptHistory(join(folder, "file", "prompts"));
	expect(history.add("one")).toMatch(/ENOTDIR|EEXIST|ENOENT/);
	expect(history.add("two")).toBeUndefined();
	expect(history.entries()).toEqual(["two", "one"]);
});

test("slash commands complete, ours and claude's, and nothing else does", () => {
	expect(completeCommand("/", ["compact", "help"])).toEqual([["/help", "/tools", "/exit", "/compact"], "/"]);
	expect(completeCommand("/co", ["compact", "context"])).toEqual([["/compact", "/context"], "/co"]);
	expect(completeCommand("/comp", ["compact"])).toEqual([["/compact "], "/comp"]);
	expect(completeCommand("a /co", ["compact"])).toEqual([[], "a /co"]);
	expect(completeCommand("/x", ["compact"])).toEqual([[], "/x"]);
});
