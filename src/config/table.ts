// The table of our own settings: one row each, with its variable, how it is read, its default and what
// it means. docs/configuration.md is made from it. A value here that cannot be read stops the program.
import {
	amount,
	filePath,
	fraction,
	integer,
	list,
	oneOf,
	type Parse,
	pairs,
	patternList,
	percents,
	subset,
	text,
	yesNo,
} from "./parse.ts";
import type { Row } from "./row.ts";

/** Where diagnostics go: nowhere, to stderr when claude has left the terminal, or into a file. */
export type DebugTarget = { to: "nowhere" } | { to: "stderr" } | { to: "file"; path: string };

/** A file that we keep things in: in the data folder, elsewhere, or not at all. */
export type StoreTarget = { at: "data" } | { at: "nowhere" } | { at: "path"; path: string };

export const DEBUG_ROW: Row<DebugTarget> = {
	variable: "CLAUDE_OTEL_DEBUG",
	parse: debugTarget,
	expects: "1, stderr or a path",
	initial: { to: "nowhere" },
	initialText: "off",
	show: (value) => (value.to === "file" ? value.path : value.to === "stderr" ? "stderr" : "off"),
	meaning:
		"Diagnostics of claude-otel itself: a path to append to, or `1` or `stderr` for standard error when claude has left the terminal. The flag `--claude-otel-debug[=PATH]` does the same.",
};

const STORE_EXPECTS = "off or the absolute path of a file, without ~";

export const OWN_ROWS = {
	claudeBin: optionalText("CLAUDE_BIN", "a path", "The `claude` to run; unset: the first one on PATH."),
	level: row(
		"CLAUDE_OTEL_LEVEL",
		oneOf("off", "minimal", "standard", "full"),
		"off, minimal, standard or full",
		"standard",
		"What may leave the machine: `off` nothing, `minimal` metrics and session and turn spans without content, `standard` all spans with short redacted summaries, `full` prompts, answers, inputs and outputs too, redacted.",
	),
	debug: DEBUG_ROW,
	hookTransport: row(
		"CLAUDE_OTEL_HOOK_TRANSPORT",
		oneOf("auto", "http", "socket"),
		"auto, http or socket",
		"auto",
		"How hooks reach claude-otel: loopback `http`, the Unix `socket` (for machines shared with others), or whichever works.",
	),
	sources: row(
		"CLAUDE_OTEL_SOURCES",
		subset("hooks", "transcript", "native"),
		"hooks, transcript and native, or some of them, separated by commas",
		["hooks", "transcript", "native"],
		"What the trace is made from: `hooks`, the `transcript`, and Claude Code's own telemetry (`native`). docs/telemetry.md says what each of them can tell.",
		{ initialText: "hooks,transcript,native" },
	),
	forwardNative: row(
		"CLAUDE_OTEL_FORWARD_NATIVE",
		yesNo,
		"1 or 0",
		false,
		"`1` also sends Claude Code's own metrics and events to the OTLP endpoint of claude-otel, redacted, where you have not switched them on yourself. Where you have, they always go on to your own destination.",
	),
	forwardRedact: row(
		"CLAUDE_OTEL_FORWARD_REDACT",
		yesNo,
		"1 or 0",
		false,
		"`1` redacts what goes on to your own destination of Claude Code's telemetry; otherwise it goes on as Claude Code wrote it.",
	),
	traceShape: row(
		"CLAUDE_OTEL_TRACE_SHAPE",
		oneOf("auto", "session", "turn"),
		"auto, session or turn",
		"auto",
		"One trace per `session`, or one per `turn` linked to its session; `auto`: session with `-p` or an inbound TRACEPARENT, turn otherwise.",
	),
	propagate: row(
		"CLAUDE_OTEL_PROPAGATE",
		yesNo,
		"1 or 0",
		true,
		"Hand claude the TRACEPARENT of the session span, so that what its commands trace joins; `0` leaves the inbound one.",
	),
	semconv: row(
		"CLAUDE_OTEL_SEMCONV",
		oneOf("v1.41", "latest", "both"),
		"v1.41, latest or both",
		"v1.41",
		"Which generation of the gen_ai semantic conventions is written.",
	),
	maxAttrLength: row(
		"CLAUDE_OTEL_MAX_ATTR_LENGTH",
		integer(1, 1_000_000),
		"a whole number from 1 to 1000000",
		256,
		"Longest string attribute, in characters; what is longer is cut and ends in `…`.",
	),
	maxPayloadBytes: row(
		"CLAUDE_OTEL_MAX_PAYLOAD_BYTES",
		integer(1, 1_000_000),
		"a whole number from 1 to 1000000",
		1024,
		"Longest piece of a prompt, answer, tool input or tool output at level `full`, in UTF-8 bytes.",
	),
	redactPatterns: patterns(
		"CLAUDE_OTEL_REDACT_PATTERNS",
		"More regular expressions (RE2 syntax) whose matches are redacted: separated by commas, one a line, or a JSON array.",
	),
	redactAllowlist: patterns(
		"CLAUDE_OTEL_REDACT_ALLOWLIST",
		"What is no secret even where a rule says so: exact texts, or regular expressions (RE2 syntax) between slashes.",
	),
	redactConfig: optionalText("CLAUDE_OTEL_REDACT_CONFIG", "a path", "A JSON file with further redaction rules."),
	redactDisableDefaults: row(
		"CLAUDE_OTEL_REDACT_DISABLE_DEFAULTS",
		yesNo,
		"1 or 0",
		false,
		"`1` switches the built-in secret rules off; only your own patterns count then.",
	),
	user: optionalText(
		"CLAUDE_OTEL_USER",
		"a name",
		"Resource attribute `user.id`; unset: the random id that Claude Code keeps in its state file.",
	),
	team: optionalText("CLAUDE_OTEL_TEAM", "a name", "Resource attribute `team`."),
	project: optionalText("CLAUDE_OTEL_PROJECT", "a name", "Resource attribute `project`."),
	attributes: row(
		"CLAUDE_OTEL_ATTRIBUTES",
		pairs,
		"key=value pairs separated by commas",
		{} as Record<string, string>,
		"Attributes for session and turn spans and log records (never metrics): `key=value,key=value`, percent-encoded where needed. Names that docs/telemetry.md has are claude-otel's own and are left out.",
	),
	toolsExclude: names(
		"CLAUDE_OTEL_TOOLS_EXCLUDE",
		"Tools, by name and with `*`, that are counted in metrics but get no span, record or content.",
	),
	deniedModels: names("CLAUDE_OTEL_DENIED_MODELS", "Models, by name and with `*`, whose use writes a policy record."),
	contextThresholds: row(
		"CLAUDE_OTEL_CONTEXT_THRESHOLDS",
		percents,
		"percentages from 1 to 100 separated by commas, or none",
		[0.7, 0.85] as readonly number[],
		"How full the context window must be, in percent of it, to write a `context.threshold` record; `none` for none.",
		{ initialText: "70,85", show: (shares) => shares.map((share) => Math.round(share * 100)).join(",") || "none" },
	),
	onContextThreshold: optionalText(
		"CLAUDE_OTEL_ON_CONTEXT_THRESHOLD",
		"a command",
		"Shell command to start each time a threshold is crossed (to save a checkpoint, say). It sees `CLAUDE_OTEL_SESSION_ID`, `CLAUDE_OTEL_CONTEXT_USED_RATIO`, `CLAUDE_OTEL_CONTEXT_THRESHOLD` and, where `hooks` or `transcript` are among the sources and Claude Code keeps a transcript, `CLAUDE_OTEL_TRANSCRIPT_PATH`; its output goes nowhere.",
	),
	file: optionalText(
		"CLAUDE_OTEL_FILE",
		"a path",
		"Append every span, metric and log record to this file as OTLP JSON lines, with or without a collector. A pipe must have its reader already.",
	),
	store: row<StoreTarget>(
		"CLAUDE_OTEL_STORE",
		storeTarget,
		STORE_EXPECTS,
		{ at: "data" },
		"The file, by its absolute path, in which facts are kept, redacted, until their session is told to its end and for reports after it; `off` keeps nothing: what a killed claude-otel knew is then lost.",
		{ initialText: "store.db in the data folder", show: showStore },
	),
	storeMaxMb: row(
		"CLAUDE_OTEL_STORE_MAX_MB",
		integer(1, 1_000_000),
		"megabytes from 1 to 1000000",
		512,
		"Size of the store beyond which its oldest sessions are deleted, in megabytes.",
	),
	storeMaxDays: row(
		"CLAUDE_OTEL_STORE_MAX_DAYS",
		integer(1, 36_500),
		"days from 1 to 36500",
		30,
		"Age in days at which sessions are deleted from the store.",
	),
	spool: row<StoreTarget>(
		"CLAUDE_OTEL_SPOOL",
		storeTarget,
		STORE_EXPECTS,
		{ at: "data" },
		"The file, by its absolute path, in which batches wait that a collector did not take; the running claude-otel, the next one, or `claude-otel flush` delivers them. `off` drops them.",
		{ initialText: "spool.db in the data folder", show: showStore },
	),
	spoolMaxMb: row(
		"CLAUDE_OTEL_SPOOL_MAX_MB",
		integer(1, 1_000_000),
		"megabytes from 1 to 1000000",
		64,
		"Size of what waits in the spool beyond which its oldest batches are dropped, counted and told, in megabytes.",
	),
	sample: row(
		"CLAUDE_OTEL_SAMPLE",
		fraction,
		"a number from 0 to 1",
		1,
		"Share of sessions whose spans and records are exported, decided at their end: those with errors, denials, high cost or slow turns are always kept whole. Metrics count every session.",
	),
	sampleCostUsd: row(
		"CLAUDE_OTEL_SAMPLE_COST_USD",
		amount,
		"an amount in US dollars",
		1,
		"With CLAUDE_OTEL_SAMPLE: a session that costs as much is kept, in US dollars.",
	),
	sampleSlowTurnMs: row(
		"CLAUDE_OTEL_SAMPLE_SLOW_TURN_MS",
		integer(1),
		"milliseconds, at least 1",
		120_000,
		"With CLAUDE_OTEL_SAMPLE: a session with a turn of this length is kept, in milliseconds.",
	),
	summary: row(
		"CLAUDE_OTEL_SUMMARY",
		yesNo,
		"1 or 0",
		false,
		"`1` shows a panel on standard error when claude has left the terminal: time, turns, tools, tokens, cost, errors and the trace. The flag `--summary` does the same.",
	),
	traceUrl: row<string | undefined>(
		"CLAUDE_OTEL_TRACE_URL",
		traceUrl,
		"a URL with {trace_id} in it",
		undefined,
		"Where a trace can be looked at, for the link of `--summary`: `{trace_id}` stands for its id.",
	),
	exitGraceMs: row(
		"CLAUDE_OTEL_EXIT_GRACE_MS",
		integer(0, 60_000),
		"milliseconds from 0 to 60000",
		1000,
		"Longest wait for the collector after claude has exited, in milliseconds.",
	),
};

function row<T>(
	variable: string,
	parse: Parse<T>,
	expects: string,
	initial: T,
	meaning: string,
	more: Pick<Row<T>, "initialText" | "show"> = {},
): Row<T> {
	return { variable, parse, expects, initial, meaning, ...more };
}

function optionalText(variable: string, expects: string, meaning: string): Row<string | undefined> {
	return row<string | undefined>(variable, text, expects, undefined, meaning);
}

function patterns(variable: string, meaning: string): Row<string[]> {
	return row<string[]>(
		variable,
		patternList,
		'patterns separated by commas or lines, or a JSON array like ["a","b"]',
		[],
		meaning,
	);
}

function names(variable: string, meaning: string): Row<string[]> {
	return row<string[]>(variable, list, "names separated by commas", [], meaning);
}

function traceUrl(value: string): string | undefined {
	const url = value.replaceAll("{trace_id}", "0");
	return value.includes("{trace_id}") && /^https?:/i.test(url) && URL.canParse(url) ? value : undefined;
}

function debugTarget(value: string): DebugTarget {
	const switched = value === "stderr" ? true : yesNo(value);
	if (switched === undefined) return { to: "file", path: value };
	return { to: switched ? "stderr" : "nowhere" };
}

function storeTarget(value: string): StoreTarget | undefined {
	const switched = yesNo(value);
	if (switched === undefined) {
		const path = filePath(value);
		return path === undefined ? undefined : { at: "path", path };
	}
	return { at: switched ? "data" : "nowhere" };
}

function showStore(target: StoreTarget): string {
	return target.at === "path" ? target.path : target.at === "data" ? "in the data folder" : "off";
}
