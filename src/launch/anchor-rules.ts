// A settings file's permission rules → the same rules for a copy that lies elsewhere: `Read(/docs/**)` is relative to
// the folder of the file in which it stands, `Read(//home/me/docs/**)` is not.
import type { Json } from "../model/fact.ts";
import { asSettings, type Settings } from "./settings-files.ts";

/** Of these the rule is a path pattern; of Bash it is a command. */
const RELATIVE_TO_FILE = /^((?:Read|Edit|Write|MultiEdit|NotebookEdit|Glob|Grep|LS)\()\/(?!\/)/;
const RULE_LISTS = ["allow", "ask", "deny"];

export function anchorRules(settings: Settings, folder: string): Settings {
	const permissions = settings.permissions === undefined ? undefined : asSettings(settings.permissions);
	if (permissions === undefined) return settings;
	const anchored = { ...permissions };
	for (const list of RULE_LISTS) {
		const rules = anchored[list];
		if (Array.isArray(rules)) anchored[list] = rules.map((rule) => anchor(rule, folder));
	}
	return { ...settings, permissions: anchored };
}

function anchor(rule: Json, folder: string): Json {
	return typeof rule === "string"
		? rule.replace(RELATIVE_TO_FILE, (_match, tool: string) => `${tool}/${folder}/`)
		: rule;
}
