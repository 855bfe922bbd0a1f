// claude's arguments → what may be told of them: names of flags that Claude Code knows, values of the few that cannot
// hold anything of the user's, and of everything else its length.
import type { Arg } from "./parse-args.ts";

const HARMLESS: ReadonlySet<string> = new Set([
	"--autocompact",
	"--effort",
	"--fallback-model",
	"--input-format",
	"--max-budget-usd",
	"--max-turns",
	"--model",
	"--output-format",
	"--permission-mode",
	"--permission-prompts",
	"--prompt-suggestions",
	"--setting-sources",
	"--system-prompt-snapshot",
	"--thinking",
]);

/** A value of these that is longer, or holds other characters, is none that Claude Code knows. */
const HARMLESS_VALUE = /^[\w.,:[\]-]{1,48}$/;

export function previewArgs(parsed: readonly Arg[]): string {
	return parsed.flatMap(previewArg).join(" ");
}

function previewArg(arg: Arg): string[] {
	if (arg.kind === "separator") return ["--"];
	if (arg.kind === "operand") return [count(arg.text)];
	const values = arg.values.map(({ text }) =>
		HARMLESS.has(arg.name) && HARMLESS_VALUE.test(text) ? text : count(text),
	);
	// The name of an unknown flag can be anything: a prompt that begins with dashes, say.
	return [arg.known ? arg.name : count(arg.text), ...values];
}

function count(text: string): string {
	return `<${[...text].length} chars>`;
}
