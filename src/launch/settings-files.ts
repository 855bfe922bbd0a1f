// The settings that Claude Code will read → those few of them that decide whether hooks of ours can work. Files that
// are missing, malformed or not read by this run say nothing; Claude Code ignores a malformed file as well.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Json } from "../model/fact.ts";

export interface SettingsPlaces {
	claudeConfigDir: string;
	cwd: string;
	platform: NodeJS.Platform;
	/** --setting-sources; undefined: all. */
	sources?: string;
	/** --restricted reads none of the user's files. */
	restricted: boolean;
}

export type Settings = Record<string, Json>;

export interface SettingsFile {
	path: string;
	settings: Settings;
	/** Laid down by whoever administers the machine. */
	managed: boolean;
}

/** A file without any of these words needs no parsing. */
const TELLING =
	/allowedHttpHookUrls|httpHookAllowedEnvVars|disableAllHooks|allowManagedHooksOnly|_proxy|"OTEL_|CLAUDE_CODE_ENABLE_TELEMETRY/i;

export function readTellingSettings(places: SettingsPlaces): SettingsFile[] {
	const read = (managed: boolean) => (path: string) => {
		const settings = readTelling(path);
		return settings === undefined ? [] : [{ path, settings, managed }];
	};
	return [...userPaths(places).flatMap(read(false)), ...managedPaths(places.platform).flatMap(read(true))];
}

/** Where managed settings lie, for the platform. */
export function managedFolder(platform: NodeJS.Platform): string {
	if (platform === "darwin") return "/Library/Application Support/ClaudeCode";
	return platform === "win32" ? "C:\\Program Files\\ClaudeCode" : "/etc/claude-code";
}

function userPaths({ claudeConfigDir, cwd, sources, restricted }: SettingsPlaces): string[] {
	if (restricted) return [];
	const wanted = new Set((sources ?? "user,project,local").split(",").map((source) => source.trim()));
	const paths: string[] = [];
	if (wanted.has("user")) paths.push(join(claudeConfigDir, "settings.json"));
	if (wanted.has("project")) paths.push(join(cwd, ".claude", "settings.json"));
	if (wanted.has("local")) {
		const repository = repositoryOf(cwd) ?? cwd;
		for (const folder of new Set([cwd, repository])) paths.push(join(folder, ".claude", "settings.local.json"));
	}
	return paths;
}

function managedPaths(platform: NodeJS.Platform): string[] {
	const folder = managedFolder(platform);
	const dropIns = join(folder, "managed-settings.d");
	let names: string[] = [];
	try {
		names = readdirSync(dropIns).filter((name) => name.endsWith(".json"));
	} catch {
		// Most machines are not managed.
	}
	return [join(folder, "managed-settings.json"), ...names.map((name) => join(dropIns, name))];
}

function repositoryOf(folder: string): string | undefined {
	if (existsSync(join(folder, ".git"))) return folder;
	const parent = dirname(folder);
	return parent === folder ? undefined : repositoryOf(parent);
}

function readTelling(path: string): Settings | undefined {
	try {
		const text = readFileSync(path, "utf8");
		return TELLING.test(text) ? asSettings(JSON.parse(text)) : undefined;
	} catch {
		return undefined;
	}
}

export function asSettings(json: Json): Settings | undefined {
	return typeof json === "object" && json !== null && !Array.isArray(json) ? json : undefined;
}
