// CLAUDE_BIN and PATH → the claude to run. One that is claude-otel itself, or a script that runs it, is passed over:
// people name us `claude`, and we must not start ourselves for ever.
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

export interface FindOptions {
	claudeBin: string | undefined;
	path: string;
	pathExt: string;
	cwd: string;
	/** Our own package. */
	packageRoot: string;
	platform: NodeJS.Platform;
}

export type FoundClaude = { path: string } | { missing: true; passedOver?: string } | { notExecutable: string };

/** No script that only starts another program is longer. */
const SHIM_MAX_BYTES = 16 * 1024;
/** Our name as the last part of a path or as a word, not as a folder on the way to something else. */
const NAMES_US = /(?:^|[\s"'`/\\=])claude-otel(?:\.js|\.cmd|\.ps1|\.exe)?(?:["'`\s;]|$)/m;

export function findClaude(options: FindOptions): FoundClaude {
	if (options.claudeBin !== undefined) {
		const chosen = firstUsable(candidatesOf(options.claudeBin, options), options);
		// A CLAUDE_BIN that does not exist is a mistake to tell; one that is ourselves only means that we are to look further.
		if (!("missing" in chosen && chosen.passedOver !== undefined)) return chosen;
	}
	return firstUsable(candidatesOf("claude", options), options);
}

function firstUsable(candidates: string[], { packageRoot, platform }: FindOptions): FoundClaude {
	let notExecutable: string | undefined;
	let passedOver: string | undefined;
	for (const candidate of candidates) {
		if (!isFile(candidate)) continue;
		if (!isExecutable(candidate)) notExecutable ??= candidate;
		else if (isOurs(candidate, packageRoot)) passedOver ??= candidate;
		else {
			const path = platform === "win32" ? programOf(candidate) : candidate;
			if (path !== undefined) return { path };
			notExecutable ??= candidate;
		}
	}
	return notExecutable === undefined ? { missing: true, passedOver } : { notExecutable };
}

/** Every file that the name can mean, in the order in which a shell would try them. */
function candidatesOf(name: string, { path, pathExt, cwd, platform }: FindOptions): string[] {
	const windows = platform === "win32";
	if (name.includes("/") || (windows && name.includes("\\"))) return spellings(resolve(cwd, name), windows, pathExt);
	return path.split(windows ? ";" : ":").flatMap((folder) => spellings(resolve(cwd, folder, name), windows, pathExt));
}

function spellings(path: string, windows: boolean, pathExt: string): string[] {
	if (!windows) return [path];
	const extensions = pathExt.split(";").filter((extension) => extension !== "");
	const hasExtension = extensions.some((extension) => path.toLowerCase().endsWith(extension.toLowerCase()));
	return hasExtension ? [path] : extensions.map((extension) => path + extension);
}

function isFile(path: string): boolean {
	try {
		return statSync(path).isFile();
	} catch {
		return false;
	}
}

function isExecutable(path: string): boolean {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

function isOurs(candidate: string, packageRoot: string): boolean {
	const real = realpathSync(candidate);
	if (dirname(real) === join(realpathSync(packageRoot), "bin")) return true;
	const script = readShortScript(real);
	return script !== undefined && NAMES_US.test(script);
}

/** A small script's text; a program is not read. */
function readShortScript(path: string): string | undefined {
	if (statSync(path).size > SHIM_MAX_BYTES) return undefined;
	const bytes = Buffer.alloc(SHIM_MAX_BYTES);
	let file: number;
	try {
		file = openSync(path, "r");
	} catch {
		// It may be run without being read.
		return undefined;
	}
	try {
		const text = bytes.toString("utf8", 0, readSync(file, bytes));
		return text.startsWith("#!") || /\.(cmd|bat|ps1)$/i.test(path) ? text : undefined;
	} finally {
		closeSync(file);
	}
}

/** npm's .cmd starts a program; Windows cannot start the .cmd itself without a shell that would change the arguments. */
function programOf(path: string): string | undefined {
	if (!/\.(cmd|bat)$/i.test(path)) return path;
	const target = readShortScript(path)?.match(/"%~?dp0%?\\([^"]+\.exe)"/i)?.[1];
	const program = target === undefined ? undefined : join(dirname(path), target);
	return program !== undefined && isFile(program) ? program : undefined;
}
