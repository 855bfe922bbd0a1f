// What the user reads from the command line's own work: one sentence each, and in it the cure.
import { quote, UserMistake } from "../errors.ts";
import type { Silence } from "../launch/ask-claude.ts";

/** What claude answers to arguments that it does not take. */
const EXIT_REFUSED = 1;
/** What other programs answer. */
const EXIT_OUTPUT_FAILED = 1;
/** What shells answer. */
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_NOT_FOUND = 127;

export const GET_CLAUDE = "install it with `npm install -g @anthropic-ai/claude-code`, or set CLAUDE_BIN to its path";

export function claudeSilent(path: string, word: string, silence: Silence): string {
	const limit = silence.silent === "late" ? ` within ${silence.afterSeconds} s` : "";
	return `${path} does not answer${limit}: try \`${path} ${word}\`, install it anew, or set CLAUDE_BIN to another claude`;
}

export const GET_SDK = "npm install -g @anthropic-ai/claude-agent-sdk";

export const cliMistakes = {
	claudeMissing: (claudeBin: string | undefined, passedOver: string | undefined) => {
		if (passedOver !== undefined) {
			return new UserMistake(
				`The only claude that was found, ${passedOver}, is claude-otel itself: set CLAUDE_BIN to Claude Code's own claude.`,
				EXIT_NOT_FOUND,
			);
		}
		return claudeBin === undefined
			? new UserMistake(`claude was not found on PATH: ${GET_CLAUDE}.`, EXIT_NOT_FOUND)
			: new UserMistake(`CLAUDE_BIN is ${claudeBin}, which was not found: correct it or unset it.`, EXIT_NOT_FOUND);
	},
	claudeNotExecutable: (path: string) =>
		new UserMistake(
			`${path} cannot be executed: make it executable (chmod +x), or set CLAUDE_BIN to another claude.`,
			EXIT_NOT_EXECUTABLE,
		),
	claudeNotStarted: (path: string, reason: string) =>
		new UserMistake(
			`${path} could not be started (${reason}): check that it runs by itself, or set CLAUDE_BIN to another claude.`,
			EXIT_NOT_EXECUTABLE,
		),
	claudeNotStartedTooLong: () =>
		new UserMistake(
			"claude could not be started, because its arguments are too long for this system: hand long texts over in files.",
			EXIT_NOT_EXECUTABLE,
		),
	claudeSilent: (path: string, silence: Silence) =>
		new UserMistake(`${claudeSilent(path, "--version", silence)}.`, EXIT_NOT_EXECUTABLE),
	settingsWithMark: (file: string) =>
		new UserMistake(`${file} begins with a byte order mark, so it is left as it is: save it as UTF-8 without one.`),
	settingsNotUtf8: (file: string) => new UserMistake(`${file} is no UTF-8, so it is left as it is: save it as UTF-8.`),
	settingsKeyTwice: (file: string, line: number, column: number, key: string) =>
		new UserMistake(
			`${file}:${line}:${column}: the key ${quote(key)} stands here for the second time: keep one of them.`,
		),
	settingsNotJson: (path: string, line: number, column: number, problem: string) =>
		new UserMistake(
			`${path}:${line}:${column}: ${problem}. Claude Code ignores such a file: mend it, then try again; nothing was changed.`,
		),
	settingsTooDeep: (file: string) =>
		new UserMistake(
			`${file}: its lists and objects lie too deep in one another to be edited: mend it, then try again; nothing was changed.`,
		),
	settingsNotObject: (path: string, what: string) =>
		new UserMistake(`${path}: ${what} is not what Claude Code expects: mend it, then try again; nothing was changed.`),
	settingsNotWritten: (path: string, reason: string) =>
		new UserMistake(
			`${path} could not be written (${reason}): check the rights of the file and its folder; nothing was changed.`,
		),
	settingsNotRead: (path: string, reason: string) =>
		new UserMistake(`${path} could not be read (${reason}): check the rights of the file; nothing was changed.`),
	sdkMissing: () =>
		new UserMistake(
			`--use-sdk needs the Agent SDK, which is not installed where claude-otel is: install it there with \`${GET_SDK}\`, or leave --use-sdk out.`,
		),
	sdkMissingForPrograms: () =>
		new UserMistake(
			"The Agent SDK is not installed where claude-otel can find it: install it beside claude-otel with `npm install @anthropic-ai/claude-agent-sdk`.",
		),
	outputFailed: (reason: string) =>
		new UserMistake(
			`Standard output cannot be written: ${reason}; make room, or send it somewhere else.`,
			EXIT_OUTPUT_FAILED,
		),
	folderRemoved: (path: string) =>
		new UserMistake(
			`The working directory, ${quote(path)}, was removed or moved, so no project has settings here: change to a folder that is there.`,
		),
	noFolder: (path: string) => new UserMistake(`cwd is ${quote(path)}, which is no folder: name one that is there.`),
	emptyPrompt: () => new UserMistake("The prompt is empty, and claude takes none that is: say what it is to do."),
	sdkNeedsPrompt: () =>
		new UserMistake("--use-sdk runs a prompt, and these arguments ask claude for something else: leave --use-sdk out."),
	agentUnknown: (name: string, known: readonly string[]) =>
		new UserMistake(`--agent '${name}' not found. Available agents: ${known.join(", ")}`, EXIT_REFUSED),
	badInputLine: (line: number) =>
		new UserMistake(
			`Line ${line} of standard input is no message in JSON: with --input-format stream-json each line is one.`,
		),
	ownUsage: (problem: string) => new UserMistake(`${problem}: \`claude-otel --help\` shows what there is.`),
};

/** What `claude-otel flush` says. */
export const spoolLines = {
	off: () => "The spool is off (CLAUDE_OTEL_SPOOL): nothing waits.",
	empty: () => "Nothing waits to be delivered.",
	delivered: (items: number, signal: string, destination: string) =>
		`Delivered ${items} ${itemsOf(signal, items)} to ${destination}.`,
	refused: (items: number, signal: string, destination: string, reason: string, cure: string) =>
		`${destination} refused ${items} ${itemsOf(signal, items)} for good (${reason}); ${cure}.`,
	waiting: (items: number, signal: string, destination: string, reason: string, cure: string) =>
		`${items} ${itemsOf(signal, items)} still ${items === 1 ? "waits" : "wait"} for ${destination} (${reason}); ${cure}.`,
	taken: (items: number, signal: string, destination: string) =>
		`${items} ${itemsOf(signal, items)} for ${destination} ${items === 1 ? "is" : "are"} being delivered by another claude-otel.`,
	patience: (items: number, signal: string, destination: string, until: Date) =>
		`${items} ${itemsOf(signal, items)} ${items === 1 ? "waits" : "wait"} for ${destination}, which asked not to be sent to before ${until.toISOString()}: flush again then.`,
	silent: (items: number, signal: string, destination: string, variable: string) =>
		`${items} ${itemsOf(signal, items)} ${items === 1 ? "waits" : "wait"} for ${destination}, and by ${variable} none are sent: change it and flush again.`,
	elsewhere: (items: number, signal: string, destination: string, variable: string) =>
		`${items} ${itemsOf(signal, items)} ${items === 1 ? "waits" : "wait"} for ${destination}, where this configuration does not send: set ${variable} to it and flush again.`,
	otherwise: (
		items: number,
		signal: string,
		destination: string,
		{ protocol, url }: { protocol: string; url: string },
	) =>
		`${items} ${itemsOf(signal, items)} ${items === 1 ? "waits" : "wait"} for ${destination}, where this configuration sends in another way: set OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_PROTOCOL to ${protocol} and OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT to ${url}, if that is taken there, and flush again.`,
};

/** What `claude-otel recover` says. */
export const recoverLines = {
	off: () => "The store is off (CLAUDE_OTEL_STORE): nothing can be recovered.",
	none: () => "No session waits to be recovered.",
	nowhere: (runs: number) =>
		`${runs} ${runs === 1 ? "session waits" : "sessions wait"} to be recovered, but this configuration sends nothing anywhere: set CLAUDE_OTEL_LEVEL, OTEL_SDK_DISABLED and the exporters so that it does.`,
	recovered: (runId: string, when: string) => `Recovered the run ${runId}, begun ${when}.`,
	notTaken: (runId: string, when: string) => `The run ${runId}, begun ${when}, is not recovered yet.`,
	undecided: (runId: string, when: string) =>
		`The run ${runId}, begun ${when}, waits for the end of another one in the same session, which may tell the same.`,
	givenUp: (runId: string, when: string) =>
		`The run ${runId}, begun ${when}, was given up, because whoever told it was killed or crashed, several times: \`claude-otel recover ${runId}\` tries once more.`,
	left: (runs: number) =>
		`${runs} ${runs === 1 ? "session still waits" : "sessions still wait"} to be recovered: \`claude-otel recover\` goes on with ${runs === 1 ? "it" : "them"}.`,
	unknown: (runId: string) =>
		`No run ${quote(runId)} waits to be recovered: without an id, \`claude-otel recover\` tells all that do.`,
	damaged: (runId: string, when: string) =>
		`The run ${runId}, begun ${when}, cannot be recovered, because the store that kept it was damaged.`,
	unreadable: (runId: string, when: string) =>
		`The run ${runId}, begun ${when}, was kept by a claude-otel that this one does not understand: it cannot be told.`,
};

function itemsOf(signal: string, count: number): string {
	const noun = signal === "traces" ? "span" : signal === "metrics" ? "metric point" : "log record";
	return count === 1 ? noun : `${noun}s`;
}

/** Who tells of a run, in the words of the sentences below. */
export type Witness = "hooks" | "the transcript" | "claude's own telemetry";

/** What is left to make the trace from. */
function from(witnesses: readonly Witness[]): string {
	const [first, ...more] = witnesses;
	if (first === undefined) return "the trace tells of nothing but claude's start and end";
	const last = more.pop();
	const names = last === undefined ? `${first} alone` : `${[first, ...more].join(", ")} and ${last}`;
	return `the trace is made from ${names}`;
}

type Left = readonly Witness[];

/** Why claude is run bare, under --claude-otel-debug. */
export const untraced = {
	off: () => "CLAUDE_OTEL_LEVEL or OTEL_SDK_DISABLED switches everything off: claude is run bare and not traced.",
	subcommand: () => "This is no session: claude is run bare and not traced.",
	help: () => "This asks for help or a version: claude is run bare and not traced.",
	detached: () =>
		"This session outlives its claude, so it is run bare and not traced: installed hooks are for such sessions.",
};

/** Why something of the trace will be missing, and what it is made from then: told under --claude-otel-debug. */
export const missingHooks = {
	disableAllHooks: (path: string, left: Left) => `${path} sets disableAllHooks, so no hook reaches us: ${from(left)}.`,
	flag: (flag: string, left: Left) => `${flag} keeps claude from running hooks of settings: ${from(left)}.`,
	managedOnly: (path: string, left: Left) =>
		`${path} sets allowManagedHooksOnly, so no hook reaches us: ${from(left)}.`,
	hookEvents: (left: Left) => `--include-hook-events shows hooks on stdout, so ours are left out: ${from(left)}.`,
	settings: (value: string, left: Left) =>
		`--settings ${value} cannot be merged with ours, so no hook reaches us: ${from(left)}.`,
	sources: (left: Left) => `CLAUDE_OTEL_SOURCES leaves hooks out, so they are not asked for: ${from(left)}.`,
	noDoor: (reason: string, left: Left) => `No hook can reach us (${reason}): ${from(left)}.`,
	argumentsTooLong: (left: Left) =>
		`With ours the arguments are too long for this system, so no hook reaches us: ${from(left)}.`,
	noTranscript: (left: Left) => `--no-session-persistence keeps claude from writing a transcript: ${from(left)}.`,
	bug: (error: unknown) =>
		`claude-otel: this session was not traced, by a mistake of ours (${error instanceof Error ? error.message : String(error)}): please report what \`claude-otel --claude-otel-debug\` says of it.`,
};
