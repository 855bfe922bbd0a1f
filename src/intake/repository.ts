// A working directory → what is checked out there, read from .git files: git itself would run code of an
// untrusted folder (core.fsmonitor).
import { readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";

/** Folders above the working directory that are looked at. */
const DEPTH_MAX = 64;
/** References of references that are followed. */
const REF_DEPTH_MAX = 5;

export interface Repository {
	branch?: string;
	/** Commit id. */
	revision?: string;
	/** Of the remote `origin`, without user info and query. */
	url?: string;
}

export function readRepository(cwd: string): Repository {
	const gitFolder = findGitFolder(cwd);
	if (gitFolder === undefined) return {};
	const common = commonFolder(gitFolder);
	const head = readText(join(gitFolder, "HEAD"));
	if (head === undefined) return {};
	const ref = /^ref: (.+)$/m.exec(head)?.[1]?.trim();
	return {
		...(ref?.startsWith("refs/heads/") ? { branch: ref.slice("refs/heads/".length) } : {}),
		...optional("revision", ref === undefined ? commitId(head) : resolveRef(ref, gitFolder, common)),
		...optional("url", originUrl(join(common, "config"))),
	};
}

/** `.git` is a folder, or in a worktree or submodule a file that names one. */
function findGitFolder(cwd: string): string | undefined {
	let folder = resolve(cwd);
	for (let depth = 0; depth < DEPTH_MAX; depth++) {
		const path = join(folder, ".git");
		try {
			if (statSync(path).isDirectory()) return path;
			const named = /^gitdir: (.+)$/m.exec(readText(path) ?? "")?.[1]?.trim();
			return named === undefined ? undefined : isAbsolute(named) ? named : join(folder, named);
		} catch {
			const above = dirname(folder);
			if (above === folder) return undefined;
			folder = above;
		}
	}
	return undefined;
}

function commonFolder(gitFolder: string): string {
	const common = readText(join(gitFolder, "commondir"))?.trim();
	return common === undefined ? gitFolder : isAbsolute(common) ? common : join(gitFolder, common);
}

function resolveRef(name: string, gitFolder: string, common: string, depth = 0): string | undefined {
	if (depth > REF_DEPTH_MAX || name.includes("..")) return undefined;
	const text = readText(join(gitFolder, name)) ?? readText(join(common, name));
	if (text === undefined) return packedRef(name, common);
	const next = /^ref: (.+)$/m.exec(text)?.[1]?.trim();
	return next === undefined ? commitId(text) : resolveRef(next, gitFolder, common, depth + 1);
}

function packedRef(name: string, common: string): string | undefined {
	for (const line of readText(join(common, "packed-refs"))?.split("\n") ?? []) {
		if (line.endsWith(` ${name}`)) return commitId(line);
	}
	return undefined;
}

function commitId(text: string): string | undefined {
	return /^[0-9a-f]{40}(?:[0-9a-f]{24})?\b/.exec(text.trim())?.[0];
}

function originUrl(configPath: string): string | undefined {
	let inOrigin = false;
	for (const line of readText(configPath)?.split("\n") ?? []) {
		const section = /^\s*\[(.+)\]/.exec(line)?.[1];
		if (section !== undefined) inOrigin = /^remote\s+"origin"$/.test(section.trim());
		const url = /^\s*url\s*=\s*(\S+)/.exec(line)?.[1];
		if (inOrigin && url !== undefined) return withoutCredentials(url);
	}
	return undefined;
}

/** `https://user:token@host/x?y` → `https://host/x`; `git@host:x` → `ssh://host/x`. */
export function withoutCredentials(url: string): string | undefined {
	const short = /^(?:[^@/\s]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(url);
	if (short && !url.includes("://")) return `ssh://${short[1]}/${short[2]?.replace(/[?#].*$/, "")}`;
	try {
		const parsed = new URL(url);
		if (parsed.protocol === "file:") return undefined;
		return `${parsed.protocol}//${parsed.host}${parsed.pathname}`;
	} catch {
		return undefined;
	}
}

function readText(path: string): string | undefined {
	try {
		return readFileSync(path, "utf8");
	} catch {
		return undefined;
	}
}

function optional<K extends string>(key: K, value: string | undefined): { [k in K]?: string } {
	return value === undefined ? {} : ({ [key]: value } as { [k in K]: string });
}

/** How long what was read of a directory is taken as true (milliseconds). */
const FRESH_MS = 2000;
/** Directories that are remembered. */
const REMEMBERED_MAX = 100;

/** Reads a directory at most every two seconds. */
export function createRepositoryReader(clock: () => number): (cwd: string) => Repository {
	const known = new Map<string, { at: number; repository: Repository }>();
	return (cwd) => {
		const now = clock();
		const last = known.get(cwd);
		if (last && now - last.at < FRESH_MS) return last.repository;
		const repository = readRepository(cwd);
		if (known.size >= REMEMBERED_MAX) known.clear();
		known.set(cwd, { at: now, repository });
		return repository;
	};
}
