// The parsed JSON of the user's redaction file comes in; out go its settings, or a PatternMistake that names what is
// wrong. The file:
//   {
//     "patterns": ["acme-[0-9a-f]{32}", { "name": "acme", "pattern": "…" }],   redacted as well (RE2 syntax)
//     "allowlist": ["EXAMPLE", "/sk_test_\\w+/"],                              not redacted: texts, or /patterns/
//     "disableDefaults": false,                                                true: only the user's own patterns
//     "disableRules": ["jwt"]                                                  single rules of ours
//   }

import { quote } from "../errors.ts";
import { PatternMistake } from "./pattern-mistake.ts";

export interface RedactionConfig {
	patterns: string[];
	allowlist: string[];
	disableDefaults: boolean;
	disableRules: string[];
}

const ORIGIN = "CLAUDE_OTEL_REDACT_CONFIG";
/** Characters of a wrong entry that are repeated to the user. */
const ENTRY_SHOWN_MAX = 80;
const KEYS = ["patterns", "allowlist", "disableDefaults", "disableRules"];

export function readRedactionConfig(config: unknown, ruleNames: ReadonlySet<string>): RedactionConfig {
	if (config === undefined) return { patterns: [], allowlist: [], disableDefaults: false, disableRules: [] };
	if (!isRecord(config)) throw new PatternMistake(`${ORIGIN}: the file has to hold one JSON object.`);
	for (const key of Object.keys(config)) {
		if (KEYS.includes(key)) continue;
		throw new PatternMistake(`${ORIGIN}: ${quote(key)} is not known; the keys are ${KEYS.join(", ")}.`);
	}
	const { disableDefaults = false } = config;
	if (typeof disableDefaults !== "boolean") {
		throw new PatternMistake(`${ORIGIN}: "disableDefaults" has to be true or false.`);
	}
	const disableRules = readTexts(config, "disableRules");
	const unknown = disableRules.find((name) => !ruleNames.has(name));
	if (unknown !== undefined)
		throw new PatternMistake(`${ORIGIN}: there is no rule ${quote(unknown)} in "disableRules".`);
	return {
		patterns: readTexts(config, "patterns"),
		allowlist: readTexts(config, "allowlist"),
		disableDefaults,
		disableRules,
	};
}

function readTexts(config: Record<string, unknown>, key: string): string[] {
	const list = config[key] ?? [];
	if (!Array.isArray(list)) throw new PatternMistake(`${ORIGIN}: "${key}" has to be a list.`);
	return list.map((entry: unknown) => {
		const text = key === "disableRules" || !isRecord(entry) ? entry : entry["pattern"];
		if (typeof text === "string" && text !== "") return text;
		throw new PatternMistake(
			`${ORIGIN}: ${JSON.stringify(entry).slice(0, ENTRY_SHOWN_MAX)} in "${key}" is not a text.`,
		);
	});
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}
