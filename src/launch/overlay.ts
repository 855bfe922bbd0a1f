// The user's arguments and our doors → the arguments for claude: the same, with settings that add our hooks and what
// switches Claude Code's own telemetry on to the user's own. They go inline, or as a file where the user's settings came
// from one or a secret goes along (secrets do not belong into an argument list that everybody can read), or where they
// are too long for one argument.
import { writeFileSync } from "node:fs";
import { anchorRules } from "./anchor-rules.ts";
import type { ClaudeArgs } from "./claude-args.ts";
import {
	allowHttpHooks,
	END_EVENT,
	eventsOf,
	forwarderHandler,
	type HookHandler,
	type HookTable,
	httpHandler,
	matcherOf,
	mergeHooks,
} from "./hook-settings.ts";
import { asSettings, type Settings, type SettingsFile } from "./settings-files.ts";
import type { TextEnv } from "./telemetry-env.ts";
import type { UserSettings } from "./user-settings.ts";

export interface OverlayOptions {
	claudeArgs: ClaudeArgs;
	user: UserSettings;
	/** Other settings that say something about hooks. */
	others: readonly SettingsFile[];
	/** The http door; undefined: everything comes over the socket. */
	url?: string;
	/** The forwarder and the Node to run it, where there is a socket. */
	forwarder?: { node: string; path: string };
	/** Variables for claude, over the user's; none of `secret` may stand in an argument. */
	native?: { env: TextEnv; secret: TextEnv };
	/** A private path for the settings file, made when it is needed. */
	settingsPath(): string;
}

export interface Overlay {
	args: readonly string[];
	/** Written for this run with the user's settings and our hooks; `userText` is what the user's own were. */
	file?: { path: string; userText: string };
}

/** Linux takes 128 KB in one argument; half of it leaves room for whoever wraps us. */
export const INLINE_SETTINGS_MAX = 64 * 1024;

export function layOverlay(options: OverlayOptions): Overlay {
	const { claudeArgs, user } = options;
	const text = JSON.stringify(overlaid(options));
	const isPrivate = user.from === "file" || Object.keys(options.native?.secret ?? {}).length > 0;
	if (!isPrivate && Buffer.byteLength(text) <= INLINE_SETTINGS_MAX) {
		return { args: withSettings(claudeArgs, text) };
	}
	const path = options.settingsPath();
	writeFileSync(path, text, { mode: 0o600, flag: "wx" });
	const userText = user.from === "file" ? user.text : JSON.stringify(user.settings);
	return { args: withSettings(claudeArgs, path), file: { path, userText } };
}

function overlaid(options: OverlayOptions): Settings {
	const { user, native } = options;
	const own = user.from === "file" ? anchorRules(user.settings, user.folder) : user.settings;
	const hooked = mergeHooks(own, tableOf(options));
	const env = { ...asSettings(own.env ?? {}), ...native?.env, ...native?.secret };
	const settings = native === undefined ? hooked : { ...hooked, env };
	const others = options.others.map((file) => file.settings);
	return options.url === undefined ? settings : allowHttpHooks(settings, others, options.url);
}

function tableOf({ url, forwarder, claudeArgs }: OverlayOptions): HookTable {
	const forward = forwarder && forwarderHandler(forwarder.node, forwarder.path);
	const handler = url === undefined ? forward : httpHandler(url);
	const table = new Map<string, { handler: HookHandler; matcher?: string }>();
	for (const event of handler === undefined ? [] : eventsOf(claudeArgs)) {
		table.set(event, { handler: handler as HookHandler, matcher: matcherOf(event, claudeArgs) });
	}
	if (forward !== undefined && claudeArgs.interactive) table.set(END_EVENT, { handler: forward });
	return table;
}

/** In place of the user's own --settings, else in front of everything: behind `--` nothing is read. */
function withSettings({ args, settings }: ClaudeArgs, value: string): string[] {
	if (settings === undefined) return ["--settings", value, ...args];
	const replaced = [...args];
	replaced[settings.index] = settings.attached ? `--settings=${value}` : value;
	return replaced;
}
