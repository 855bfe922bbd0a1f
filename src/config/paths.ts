// Comes in: the environment and the platform. Goes out: the folders that we use, as the platform's
// own rules place them; nothing is created here.
import { homedir } from "node:os";
import { posix, win32 } from "node:path";
import { warnings } from "../errors.ts";
import type { Reader } from "./row.ts";

export interface Paths {
	home: string;
	/** Claude Code's folder: settings, transcripts, state. */
	claudeConfigDir: string;
	/** Ours, kept: the store, the spool. */
	dataDir: string;
	/** Ours, of this login: sockets, files of a run. */
	runDir: string;
	tmpDir: string;
	/** Where programs are looked for. */
	path: string;
	pathExt: string;
	/** What the shell calls the working directory. */
	pwd: string | undefined;
}

/** For the documentation: what is read besides the tables, with its default and its meaning. */
export const PLACE_VARIABLES: readonly (readonly [variable: string, initial: string, meaning: string])[] = [
	["CLAUDE_CONFIG_DIR", "~/.claude", "Claude Code's own folder: its settings and transcripts."],
	[
		"XDG_DATA_HOME",
		"~/.local/share",
		"claude-otel keeps its data in `claude-otel` below it (Windows: below `LOCALAPPDATA`).",
	],
	["XDG_RUNTIME_DIR", "the data folder", "Sockets and files of a run lie in `claude-otel` below it."],
	["TRACEPARENT", "none", "The trace that claude-otel was started in: its session becomes part of it."],
	["TRACESTATE", "none", "Goes with TRACEPARENT."],
	["BAGGAGE", "none", "Handed on to claude, never exported."],
];

export function readPaths(reader: Reader, platform: NodeJS.Platform): Paths {
	const windows = platform === "win32";
	const { join, isAbsolute } = windows ? win32 : posix;
	const home = reader.raw("HOME") ?? (windows ? reader.raw("USERPROFILE") : undefined) ?? homedir();
	// XDG says that relative folders are to be ignored.
	const absolute = (variable: string, used: string) => {
		const value = reader.raw(variable);
		if (value === undefined || isAbsolute(value)) return value;
		reader.problems.push(warnings.ignoredSetting(variable, value, "an absolute path", used));
		return undefined;
	};
	const userData = windows ? reader.raw("LOCALAPPDATA") : absolute("XDG_DATA_HOME", "~/.local/share");
	const runtime = windows ? undefined : absolute("XDG_RUNTIME_DIR", "the data folder");
	const dataHome = userData ?? (windows ? join(home, "AppData", "Local") : join(home, ".local", "share"));
	const paths = {
		home,
		claudeConfigDir: reader.raw("CLAUDE_CONFIG_DIR") ?? join(home, ".claude"),
		dataDir: join(dataHome, "claude-otel"),
		runDir: join(runtime ?? dataHome, "claude-otel"),
		tmpDir: windows
			? (reader.raw("TEMP") ?? reader.raw("TMP") ?? join(home, "AppData", "Local", "Temp"))
			: (reader.raw("TMPDIR") ?? "/tmp"),
		path: reader.raw("PATH") ?? (windows ? (reader.raw("Path") ?? "") : ""),
		pathExt: reader.raw("PATHEXT") ?? (windows ? ".COM;.EXE;.BAT;.CMD" : ""),
		pwd: reader.raw("PWD"),
	};
	const fromVariable = (variable: string, value: string | undefined) => (value === undefined ? undefined : variable);
	const describe = (name: string, value: string, origin: string | undefined) =>
		reader.describe(name, { value, origin });
	const ofUser = fromVariable(windows ? "LOCALAPPDATA" : "XDG_DATA_HOME", userData);
	describe(
		"CLAUDE_CONFIG_DIR",
		paths.claudeConfigDir,
		fromVariable("CLAUDE_CONFIG_DIR", reader.raw("CLAUDE_CONFIG_DIR")),
	);
	describe("data directory", paths.dataDir, ofUser);
	describe("run directory", paths.runDir, fromVariable("XDG_RUNTIME_DIR", runtime) ?? ofUser);
	return paths;
}
