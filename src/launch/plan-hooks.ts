// One run → how its hooks reach us, or why they cannot, and what claude's own telemetry is told. Decides, and opens nothing.
import type { Config } from "../config.ts";
import type { ClaudeArgs } from "./claude-args.ts";
import { chooseTransport, type TransportChoice } from "./hook-transport.ts";
import { type NativePlan, planNative } from "./native-telemetry.ts";
import { readTellingSettings, type SettingsFile } from "./settings-files.ts";
import { readUserSettings, type UserSettings } from "./user-settings.ts";

export interface RunPlan {
	/** What ours are merged into; undefined where they cannot be. */
	user?: UserSettings;
	/** All settings that say something about hooks or telemetry, but the user's --settings. */
	others: SettingsFile[];
	hooks: TransportChoice | NoHooks;
	/** claude's own telemetry; undefined where it is not wanted or cannot be told. */
	native?: NativePlan;
}

export type NoHooks =
	| { because: "flag"; flag: string }
	| { because: "hook-events" }
	| { because: "disabled"; path: string }
	| { because: "managed-only"; path: string }
	| { because: "settings"; value: string }
	| { because: "sources" };

const SILENCING_FLAGS = ["--bare", "--safe-mode"];

export function planRun(claudeArgs: ClaudeArgs, config: Config, env: NodeJS.ProcessEnv, cwd: string): RunPlan {
	const user = readUserSettings(claudeArgs.settings, cwd);
	const others = readTellingSettings({
		claudeConfigDir: config.claudeConfigDir,
		cwd,
		platform: process.platform,
		sources: claudeArgs.settingSources,
		restricted: claudeArgs.flags.has("--restricted"),
	});
	const value = claudeArgs.settings?.text ?? "";
	if (user === undefined) return { others, hooks: silencedByFlag(claudeArgs) ?? { because: "settings", value } };
	const all = withUser(others, user, value);
	return {
		user,
		others,
		hooks: config.sources.includes("hooks") ? planHooks(claudeArgs, config, env, all) : { because: "sources" },
		native: config.sources.includes("native") ? planNative(env, all) : undefined,
	};
}

function silencedByFlag({ flags }: ClaudeArgs): NoHooks | undefined {
	const flag = SILENCING_FLAGS.find((name) => flags.has(name));
	if (flag !== undefined) return { because: "flag", flag };
	// It shows every hook on stdout: ours would be seen.
	return flags.has("--include-hook-events") ? { because: "hook-events" } : undefined;
}

function planHooks(
	claudeArgs: ClaudeArgs,
	config: Config,
	env: NodeJS.ProcessEnv,
	all: readonly SettingsFile[],
): TransportChoice | NoHooks {
	const silenced = silencedByFlag(claudeArgs);
	if (silenced !== undefined) return silenced;
	const disabling = all.findLast((file) => typeof file.settings.disableAllHooks === "boolean");
	if (disabling?.settings.disableAllHooks === true) return { because: "disabled", path: disabling.path };
	const managed = all.find((file) => file.managed && file.settings.allowManagedHooksOnly === true);
	if (managed !== undefined) return { because: "managed-only", path: managed.path };
	return chooseTransport(config.hookTransport, env, all);
}

/** In order of rising rank: what is managed goes over what was given by flag, and that over the user's files. */
function withUser(others: SettingsFile[], user: UserSettings, value: string): SettingsFile[] {
	const given = { path: user.from === "file" ? value : "--settings", settings: user.settings, managed: false };
	return [...others.filter((file) => !file.managed), given, ...others.filter((file) => file.managed)];
}
