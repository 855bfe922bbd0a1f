// What the user reads from the command line's own work: one sentence each, and in it the cure.
import { UserMistake } from "../errors.ts";

/** What shells answer. */
const EXIT_NOT_EXECUTABLE = 126;
const EXIT_NOT_FOUND = 127;

export const GET_CLAUDE = "install it with `npm install -g @anthropic-ai/claude-code`, or set CLAUDE_BIN to its path";

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
	settingsWithMark: (file: string) =>
		new UserMistake(`${file} begins with a byte order mark, so it is left as it is: save it as UTF-8 without one.`),
	settingsKeyTwice: (file: string, line: number, column: number, key: string) =>
		new UserMistake(`${file}:${line}:${column}: the key "${key}" stands here for the second time: keep one of them.`),
	settingsNotJson: (path: string, line: number, column: number, problem: string) =>
		new UserMistake(
			`${path}:${line}:${column}: ${problem}. Claude Code ignores such a file: mend it, then try again; nothing was changed.`,
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
	libraryWithoutSdk: () =>
		new UserMistake(
			"The Agent SDK is not installed where claude-otel can find it: install it beside claude-otel with `npm install @anthropic-ai/claude-agent-sdk`.",
		),
	sdkNeedsPrompt: () =>
		new UserMistake("--use-sdk runs a prompt, and these arguments ask claude for something else: leave --use-sdk out."),
	noPrompt: () => new UserMistake("There is no prompt: write it behind the flags, or send it to standard input."),
	formatUnknown: (flag: string, value: string, known: readonly string[]) =>
		new UserMistake(`${flag} is ${JSON.stringify(value)}: with --use-sdk it can be ${known.join(", ")}.`),
	badInputLine: (line: number) =>
		new UserMistake(
			`Line ${line} of standard input is no message in JSON: with --input-format stream-json each line is one.`,
		),
	ownUsage: (problem: string) => new UserMistake(`${problem}: \`claude-otel --help\` shows what there is.`),
};

/** Why something of the trace will be missing: told under --claude-otel-debug. */
export const missingHooks = {
	disableAllHooks: (path: string) =>
		`${path} sets disableAllHooks, so no hook reaches us: the trace is made from the transcript alone.`,
	flag: (flag: string) =>
		`${flag} keeps claude from running hooks of settings: the trace is made from the transcript alone.`,
	managedOnly: (path: string) =>
		`${path} sets allowManagedHooksOnly, so no hook reaches us: the trace is made from the transcript alone.`,
	hookEvents: () =>
		"--include-hook-events shows hooks on stdout, so ours are left out: the trace is made from the transcript alone.",
	settings: (value: string) =>
		`--settings ${value} cannot be merged with ours, so no hook reaches us: the trace is made from the transcript alone.`,
	sources: () => "CLAUDE_OTEL_SOURCES leaves hooks out: they are not asked for.",
	noPlace: () =>
		"No private folder could be made for the settings, so no hook reaches us: the trace is made from the transcript alone.",
	noDoor: (reason: string) => `No hook can reach us (${reason}): the trace is made from the transcript alone.`,
	argumentsTooLong: () =>
		"With ours the arguments are too long for this system, so no hook reaches us: the trace is made from the transcript alone.",
	noTranscript: () =>
		"--no-session-persistence keeps claude from writing a transcript: the trace is made from hooks and claude's own telemetry.",
	bug: (error: unknown) =>
		`claude-otel: this session was not traced, by a mistake of ours (${error instanceof Error ? error.message : String(error)}): please report what \`claude-otel --claude-otel-debug\` says of it.`,
	detached: () =>
		"This session outlives its claude, so it is run bare and not traced: installed hooks are for such sessions.",
};
