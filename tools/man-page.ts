// Our words and the configuration table → docs/claude-otel.1, the manual page, in the man macros that groff and mandoc read.
import { configurationSections } from "../src/config.ts";
import { type OwnCommand, type OwnFlag, ownWords } from "./own-words.ts";

export function manPage(): string {
	const { flags, commands } = ownWords();
	return [
		".\\\" Made from the program's own tables by `npm run docs`.",
		'.TH CLAUDE\\-OTEL 1 "" "claude\\-otel" "User Commands"',
		section("Name"),
		"claude\\-otel \\- run Claude Code and export its session as OpenTelemetry",
		section("Synopsis"),
		...SYNOPSIS,
		section("Description"),
		...paragraphs(DESCRIPTION),
		section("Options"),
		text("They count only before the first argument that is not ours; all else is claude's."),
		...flags.flatMap(flagEntry),
		section("Commands"),
		...commands.flatMap(commandEntry),
		section("Exit status"),
		...EXITS.flatMap(([code, meaning]) => entry(code, meaning)),
		section("Environment"),
		...configurationSections().flatMap(({ title, intro, rows }) => [
			`.SS ${text(title)}`,
			...(intro === undefined ? [] : [text(intro)]),
			...rows.flatMap(({ variables, initial, meaning }) =>
				entry(variables.join(", "), `${meaning} Default: ${initial}.`),
			),
		]),
		section("Files"),
		...FILES.flatMap(([path, meaning]) => entry(path, meaning)),
		section("See also"),
		text("`claude-otel --help` shows claude's own options too. The pages below docs/ of the package tell the rest."),
		"",
	].join("\n");
}

const SYNOPSIS = [
	".B claude\\-otel",
	"[\\fIoption\\fR ...] [\\fIargument of claude\\fR ...]",
	".br",
	".B claude\\-otel",
	"\\fIcommand\\fR [\\fIoption\\fR ...]",
];

const DESCRIPTION = [
	"`claude-otel` runs `claude` in this terminal with the arguments that it is given, and exports what happened in the session by OTLP: one trace of turns, model requests, tool calls and subagents, with metrics and log records.",
	"Nothing is installed into Claude Code, and no failure of telemetry reaches it. Without any setting a collector is expected at http://localhost:4317.",
];

const EXITS = [
	["as claude", "claude was run: its own exit code, or its signal."],
	["0", "A command of ours has done its work."],
	[
		"1",
		"`check` found something broken, or `recover` or `flush` left something behind, and has said what; or standard output could not be written.",
	],
	["2", "A setting or an argument of ours cannot be read: one sentence on standard error says how to put it right."],
	["126", "claude was found and cannot be executed."],
	["127", "claude was not found."],
] as const;

const FILES = [
	["~/.local/share/claude-otel/store.db", "Facts of sessions, redacted, until they are told to their end and pruned."],
	["~/.local/share/claude-otel/spool.db", "Batches that wait for a collector."],
	["~/.local/share/claude-otel/begun/", "Runs that have just begun and are not in the store yet."],
	["~/.local/share/claude-otel/compile-cache/", "claude-otel's own compiled code."],
] as const;

function section(title: string): string {
	return `.SH ${title.toUpperCase()}`;
}

function paragraphs(texts: string[]): string[] {
	return texts.flatMap((paragraph, index) => (index === 0 ? [text(paragraph)] : [".PP", text(paragraph)]));
}

function flagEntry({ name, value, description }: Omit<OwnFlag, "goesOn">): string[] {
	return entry(`${name}${value}`, description);
}

function commandEntry({ name, description, flags }: OwnCommand): string[] {
	if (flags.length === 0) return entry(name, description);
	return [...entry(name, description), ".RS", ...flags.flatMap(flagEntry), ".RE"];
}

function entry(term: string, meaning: string): string[] {
	return [".TP", `.B ${text(term)}`, text(sentence(meaning))];
}

function sentence(meaning: string): string {
	return /[.:]$/.test(meaning) ? meaning : `${meaning}.`;
}

/** Markdown of one line → roff of one line. */
function text(markdown: string): string {
	return markdown
		.replace(/\[([^\]]+)\]\([^)]*\)/g, "$1")
		.split("`")
		.map((part, index) => (index % 2 === 1 ? `\\fB${escaped(part)}\\fR` : escaped(part)))
		.join("")
		.replace(/^[.']/, "\\&$&");
}

function escaped(plain: string): string {
	return plain.replace(/[\\'\-~^]|[^\x20-\x7e]/gu, (char) => ESCAPES[char] ?? `\\[u${codePoint(char)}]`);
}

const ESCAPES: Readonly<Record<string, string>> = {
	"\\": "\\e",
	"'": "\\(aq",
	"-": "\\-",
	"~": "\\(ti",
	"^": "\\(ha",
};

function codePoint(char: string): string {
	return (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
}
