// One run → how its hooks reach us, or one sentence that says why they cannot. Decides, and opens nothing.
import type { Config } from "../config.ts";
import type { ClaudeArgs } from "./claude-args.ts";
import { chooseTransport, type TransportChoice } from "./hook-transport.ts";
import { readTellingSettings, type SettingsFile } from "./settings-files.ts";
import { readUserSettings, type UserSettings } from "./user-settings.ts";

export interface HookPlan extends TransportChoice {
	user: UserSettings;
	/** All settings that say something about hooks, but the user's --settings. */
	others: SettingsFile[];
}

export type NoHooks =
	| { because: "flag"; flag: string }
	| { because: "hook-events" }
	| { because: "disabled"; path: string }
	| { because: "managed-only"; path: string }
	| { because: "settings"; value: string };

const SILENCING_FLAGS = ["--bare", "--safe-mode"];

export function planHooks(
	claudeArgs: ClaudeArgs,
	config: Config,
	env: NodeJS.ProcessEnv,
	cwd: string,
): HookPlan | NoHooks {
	const flag = SILENCING_FLAGS.find((name) => claudeArgs.flags.has(name));
	if (flag !== undefined) return { because: "flag", flag };
	// It shows every hook on stdout: ours would be seen.
	if (claudeArgs.flags.has("--include-hook-events")) return { because: "hook-events" };
	const user = readUserSettings(claudeArgs.settings, cwd);
	if (user === undefined) return { because: "settings", value: claudeArgs.settings?.text ?? "" };
	const others = readTellingSettings({
		claudeConfigDir: config.claudeConfigDir,
		cwd,
		platform: process.platform,
		sources: claudeArgs.settingSources,
		restricted: claudeArgs.flags.has("--restricted"),
	});
	const all = withUser(others, user, claudeArgs.settings?.text ?? "");
	const disabling = all.findLast((file) => typeof file.settings.disableAllHooks === "boolean");
	if (disabling?.settings.disableAllHooks === true) return { because: "disabled", path: disabling.path };
	const managed = others.find((file) => file.managed && file.settings.allowManagedHooksOnly === true);
	if (managed !== undefined) return { because: "managed-only", path: managed.path };
	return { user, others, ...chooseTransport(config.hookTransport, env, all) };
}

/** In order of rising rank: what is managed goes over what was given by flag, and that over the user's files. */
function withUser(others: SettingsFile[], user: UserSettings, value: string): SettingsFile[] {
	const given = { path: user.from === "file" ? value : "--settings", settings: user.settings, managed: false };
	return [...others.filter((file) => !file.managed), given, ...others.filter((file) => file.managed)];
}
