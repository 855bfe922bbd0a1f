// Where a run's socket and settings file lie: a folder of its own that nobody else can enter. Comes in: the folder for
// all runs and the system's temporary one. Goes out: the path, which exists, is ours and has mode 0700.
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder } from "../make-folder.ts";

export interface RunDirectoryOptions {
	runDir: string;
	tmpDir: string;
	runId: string;
	platform: NodeJS.Platform;
}

/** Why a run's folder cannot lie where all runs have theirs. */
export type Unfit = "too-long" | "no-folder" | "anothers" | "unwritable";

export interface RunDirectory {
	path: string;
	/** Why it lies in the temporary folder instead. */
	unfit?: Unfit;
	/** Where the forwarder finds us: a socket in the folder, on Windows a named pipe. */
	socketPath: string;
	settingsPath: string;
	/** Takes the folder away, and the settings file with it unless it is to stay. */
	remove(keepSettings: boolean): void;
}

/** sockaddr_un holds no longer path, less its final zero. */
export const SOCKET_PATH_MAX = { darwin: 103, other: 107 };
const SOCKET_NAME = "hooks.sock";
const SETTINGS_NAME = "settings.json";
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;
/** All that ever lies in a run's folder. */
export const RUN_FILES = [SOCKET_NAME, SETTINGS_NAME];

export function makeRunDirectory(options: RunDirectoryOptions): RunDirectory {
	const { runDir, tmpDir, runId, platform } = options;
	const made = makeUnder(runDir, runId, platform);
	const path = made.path ?? mkdtempSync(join(isFit(tmpDir, platform) ? tmpDir : "/tmp", "claude-otel-"));
	const socketPath = platform === "win32" ? `\\\\.\\pipe\\claude-otel-${runId}` : join(path, SOCKET_NAME);
	const settingsPath = join(path, SETTINGS_NAME);
	return {
		path,
		unfit: made.unfit,
		socketPath,
		settingsPath,
		remove(keepSettings) {
			if (platform !== "win32") rmSync(socketPath, { force: true });
			if (keepSettings) return;
			rmSync(settingsPath, { force: true });
			rmdirSync(path);
		},
	};
}

/** A new folder, or why not: the place is not safe, or its name too long for a socket. */
function makeUnder(
	runDir: string,
	runId: string,
	platform: NodeJS.Platform,
): { path: string; unfit?: undefined } | { path?: undefined; unfit: Unfit } {
	const path = join(runDir, runId);
	if (!fits(join(path, SOCKET_NAME), platform)) return { unfit: "too-long" };
	try {
		makeFolder(runDir, 0o700);
		const unfit = whyNotOurs(runDir, platform) ?? (isKept(dirname(runDir), platform) ? undefined : "anothers");
		if (unfit !== undefined) return { unfit };
		// Not recursive: a folder that is there already is not ours to use.
		mkdirSync(path, { mode: 0o700 });
		return { path };
	} catch {
		return { unfit: "unwritable" };
	}
}

/** Somebody else's folder, or a link to it, would let them change what we lay inside. */
function whyNotOurs(path: string, platform: NodeJS.Platform): Unfit | undefined {
	const found = lstatSync(path);
	if (!found.isDirectory()) return "no-folder";
	if (platform === "win32") return undefined;
	if (found.uid !== process.getuid?.()) return "anothers";
	if ((found.mode & 0o077) !== 0) chmodSync(path, 0o700);
	return undefined;
}

/** Whether nobody else can take away a folder of ours that lies in it, and put another in its place. */
function isKept(place: string, platform: NodeJS.Platform): boolean {
	if (platform === "win32") return true;
	const found = statSync(place, { throwIfNoEntry: false });
	if (found === undefined || (found.uid !== process.getuid?.() && found.uid !== 0)) return false;
	return (found.mode & WRITABLE_BY_ALL) === 0 || (found.mode & STICKY) !== 0;
}

function isFit(tmpDir: string, platform: NodeJS.Platform): boolean {
	return fits(join(tmpDir, "claude-otel-XXXXXX", SOCKET_NAME), platform) && isKept(tmpDir, platform);
}

function fits(socketPath: string, platform: NodeJS.Platform): boolean {
	if (platform === "win32") return true;
	return Buffer.byteLength(socketPath) <= (platform === "darwin" ? SOCKET_PATH_MAX.darwin : SOCKET_PATH_MAX.other);
}
