// The settings that Claude Code will read → those few of them that decide whether hooks of ours can work, and where its
// own telemetry goes. Files that are missing, malformed or not read by this run say nothing; Claude Code ignores a malformed file as well.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Json } from "../model/fact.ts";
import { isShallow } from "../nesting.ts";

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
	/** Managed: laid down by whoever administers the machine. Flag: the user's --settings. */
	scope: "user" | "project" | "flag" | "managed";
}

/** A file without any of these words needs no parsing. */
const TELLING =
	/allowedHttpHookUrls|httpHookAllowedEnvVars|disableAllHooks|allowManagedHooksOnly|_proxy|OTEL_|CLAUDE_CODE_ENABLE_TELEMETRY|otelHeadersHelper/i;

export function readTellingSettings(places: SettingsPlaces): SettingsFile[] {
	return placesOf(places).flatMap(({ path, scope }) => {
		const settings = readTelling(path);
		return settings === undefined ? [] : [{ path, settings, scope }];
	});
}

/** Where settings can lie that this run reads. */
export function settingsPaths(places: SettingsPlaces): string[] {
	return [...new Set(placesOf(places).map(({ path }) => path))];
}

function placesOf(places: SettingsPlaces): Place[] {
	return [...userPaths(places), ...managedPaths(places.platform)];
}

/** Where managed settings lie, for the platform. */
export function managedFolder(platform: NodeJS.Platform): string {
	if (platform === "darwin") return "/Library/Application Support/ClaudeCode";
	return platform === "win32" ? "C:\\Program Files\\ClaudeCode" : "/etc/claude-code";
}

type Place = Pick<SettingsFile, "path" | "scope">;

function userPaths({ claudeConfigDir, cwd, sources, restricted }: SettingsPlaces): Place[] {
	if (restricted) return [];
	const wanted = new Set((sources ?? "user,project,local").split(",").map((source) => source.trim()));
	const paths: Place[] = [];
	if (wanted.has("user")) paths.push({ path: join(claudeConfigDir, "settings.json"), scope: "user" });
	if (wanted.has("project")) paths.push({ path: join(cwd, ".claude", "settings.json"), scope: "project" });
	if (wanted.has("local")) {
		const repository = repositoryOf(cwd) ?? cwd;
		for (const folder of new Set([cwd, repository])) {
			paths.push({ path: join(folder, ".claude", "settings.local.json"), scope: "project" });
		}
	}
	return paths;
}

function managedPaths(platform: NodeJS.Platform): Place[] {
	const folder = managedFolder(platform);
	const dropIns = join(folder, "managed-settings.d");
	let names: string[] = [];
	try {
		names = readdirSync(dropIns)
			.filter((name) => name.endsWith(".json"))
			.toSorted();
	} catch {
		// Most machines are not managed.
	}
	const paths = [join(folder, "managed-settings.json"), ...names.map((name) => join(dropIns, name))];
	return paths.map((path) => ({ path, scope: "managed" }));
}

function repositoryOf(folder: string): string | undefined {
	if (existsSync(join(folder, ".git"))) return folder;
	const parent = dirname(folder);
	return parent === folder ? undefined : repositoryOf(parent);
}

function readTelling(path: string): Settings | undefined {
	try {
		const text = readFileSync(path, "utf8");
		const settings = TELLING.test(text) ? asSettings(JSON.parse(text)) : undefined;
		return isShallow(settings) ? settings : undefined;
	} catch {
		return undefined;
	}
}

export function asSettings(json: Json): Settings | undefined {
	return typeof json === "object" && json !== null && !Array.isArray(json) ? json : undefined;
}
