// The user's own --settings argument → its content, read as Claude Code reads it: a text in braces is JSON, all else is
// the path of a file. What Claude Code would refuse stays untouched, so that the user reads Claude Code's own words.
import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isShallow } from "../nesting.ts";
import type { ArgValue } from "./parse-args.ts";
import { asSettings, type Settings } from "./settings-files.ts";

export type UserSettings =
	| { from: "nowhere"; settings: Settings }
	| { from: "argument"; settings: Settings }
	/** `folder` is what rules that begin with a slash are relative to. */
	| { from: "file"; settings: Settings; text: string; folder: string };

/** Undefined where ours cannot be merged into it. */
export function readUserSettings(value: ArgValue | undefined, cwd: string): UserSettings | undefined {
	if (value === undefined) return { from: "nowhere", settings: {} };
	const text = value.text.trim();
	try {
		if (text.startsWith("{") && text.endsWith("}")) {
			const settings = usable(text);
			return settings && { from: "argument", settings };
		}
		const path = realpathSync(resolve(cwd, value.text));
		// A pipe can be read once, and that is for claude to do.
		if (!statSync(path).isFile()) return undefined;
		const content = readFileSync(path, "utf8");
		const settings = usable(content);
		return settings && { from: "file", settings, text: content, folder: dirname(path) };
	} catch {
		return undefined;
	}
}

/** Settings that ours can be merged into. */
function usable(text: string): Settings | undefined {
	const settings = asSettings(JSON.parse(text));
	if (settings === undefined || !isShallow(settings)) return undefined;
	const hooks = settings.hooks === undefined ? {} : asSettings(settings.hooks);
	const lists = [
		settings.allowedHttpHookUrls,
		settings.httpHookAllowedEnvVars,
		...Object.values(hooks ?? { broken: 0 }),
	];
	return lists.every((list) => list === undefined || Array.isArray(list)) ? settings : undefined;
}
