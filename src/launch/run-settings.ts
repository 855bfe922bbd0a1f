// One run → all settings that say something of hooks or of telemetry, the user's --settings among them.
import type { Config } from "../config.ts";
import type { ClaudeArgs } from "./claude-args.ts";
import { readTellingSettings, type SettingsFile } from "./settings-files.ts";
import { readUserSettings, type UserSettings } from "./user-settings.ts";

export interface RunSettings {
	user: UserSettings;
	/** All but the user's --settings. */
	others: SettingsFile[];
	/** In order of rising rank: what is managed goes over what was given by flag, and that over the user's files. */
	ranked: SettingsFile[];
}

/** Undefined where ours cannot be merged into the user's --settings. */
export function readRunSettings(
	claudeArgs: ClaudeArgs,
	config: Pick<Config, "claudeConfigDir">,
	cwd: string,
): RunSettings | undefined {
	const user = readUserSettings(claudeArgs.settings, cwd);
	if (user === undefined) return undefined;
	const others = readTellingSettings({
		claudeConfigDir: config.claudeConfigDir,
		cwd,
		platform: process.platform,
		sources: claudeArgs.settingSources,
		restricted: claudeArgs.flags.has("--restricted"),
	});
	const path = user.from === "file" ? (claudeArgs.settings?.text ?? "") : "--settings";
	const given: SettingsFile = { path, settings: user.settings, scope: "flag" };
	const managed = others.filter(({ scope }) => scope === "managed");
	return { user, others, ranked: [...others.filter(({ scope }) => scope !== "managed"), given, ...managed] };
}
