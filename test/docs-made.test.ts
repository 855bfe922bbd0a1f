// What `npm run docs` makes of the program's tables: pages and files that are up to date, and do their work.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { splitArgs } from "../src/cli/split-args.ts";
import { madeFiles } from "../tools/docs.ts";
import { ownWords } from "../tools/own-words.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MADE = madeFiles().map(({ path, text }) => ({ name: relative(ROOT, path), path, text }));
const { flags, commands } = ownWords();

test.each(MADE)("$name is what `npm run docs` makes", ({ path, text }) => {
	expect(readFileSync(path, "utf8")).toBe(text);
});

test("help, manual page and completions name the words that the program takes for its own, and no other", () => {
	const taken = readFileSync(join(ROOT, "src/cli/split-args.ts"), "utf8").matchAll(/"(--[a-z-]+|[a-z]+(?:-hooks)?)"/g);
	const own = [...new Set([...taken].map(([, word = ""]) => word))].filter((word) => {
		const split = splitArgs([word, "behind"]);
		return split.kind === "own" || split.args[0] === "behind";
	});
	expect([...commands, ...flags].map(({ name }) => name).toSorted()).toEqual(own.toSorted());
	const page = MADE.find(({ name }) => name.endsWith(".1"))?.text ?? "";
	for (const { name } of [...commands, ...flags]) expect(page).toContain(`.B ${name.replaceAll("-", "\\-")}`);
});

test("package.json ships them", () => {
	const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { man: string[]; files: string[] };
	const { man, files } = manifest;
	expect(man.filter((page) => !existsSync(join(ROOT, page)))).toEqual([]);
	for (const { name } of MADE) expect(files).toContain(name.split("/")[0]);
});

const withoutBash = process.platform === "win32";

/** Stands for a completion of claude's own, where one is installed. */
const CLAUDES = '_claude() { COMPREPLY=("$1:$2:$3"); }; complete -F _claude claude';

/** What bash offers for a line that ends in the word under the cursor. */
function offered(...words: string[]): string[] {
	return offeredBeside("", ...words);
}

function offeredBeside(others: string, ...words: string[]): string[] {
	const script = `
		compopt() { :; }
		${others}
		source "$1"; shift
		COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
		_claude_otel
		printf '%s\\n' "\${COMPREPLY[@]}"`;
	const file = join(ROOT, "completions/claude-otel.bash");
	const { stdout, stderr, status } = spawnSync(
		"bash",
		["--norc", "-uc", script, "bash", file, "claude-otel", ...words],
		{
			encoding: "utf8",
		},
	);
	expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
	return stdout.split("\n").filter((line) => line !== "");
}

test.skipIf(withoutBash)("bash offers our words in front of claude's arguments, and only there", () => {
	expect(offered("re")).toEqual(["recover"]);
	expect(offered("--su")).toEqual(["--summary"]);
	expect(offered("--summary", "--claude-otel-debug", "=", "log", "--c")).toEqual(["--config", "--claude-otel-debug"]);
	expect(offered("install-hooks", "")).toEqual(["--project", "--local"]);
	expect(offered("").toSorted()).toEqual([...commands, ...flags].map(({ name }) => name).toSorted());
	for (const front of [["-p"], ["--model"], ["--summary", "a prompt"], ["recover"], ["--config"]]) {
		expect(offered(...front, "")).toEqual([]);
	}
});

test.skipIf(withoutBash)("behind them stands what completes claude, if there is something", () => {
	expect(offeredBeside(CLAUDES, "--summary", "--model", "op")).toEqual(["claude:op:--model"]);
	expect(offeredBeside(CLAUDES, "recover", "")).toEqual([]);
});

test.skipIf(withoutBash)("bash accepts its completion", () => {
	const { status, stderr } = spawnSync("bash", ["-n", join(ROOT, "completions/claude-otel.bash")], {
		encoding: "utf8",
	});
	expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
});
