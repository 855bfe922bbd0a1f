// Raw facts and stray texts come in; out goes what may be kept and may leave. This is the one place where that is
// decided: nothing past it has held a secret, and the same fact always gives the same bytes.

import type { CleanContent, Contents, Fact, RawContent, RawFact } from "../model/fact.ts";
import { createCleaner } from "./cleaner.ts";
import { cleanContent, type Level, type Role } from "./content.ts";
import { ownAgentType, ownToolName } from "./own-names.ts";
import { createRedaction, type RedactionOptions } from "./redact.ts";
import { shortenId } from "./short-id.ts";

export interface PrivacyOptions extends RedactionOptions {
	level: Level;
	/** Code points of every text. */
	maxAttrLength: number;
	/** UTF-8 bytes of each payload. */
	maxPayloadBytes: number;
}

export interface Privacy {
	protect: (fact: RawFact) => Fact;
	/** For texts that are no facts: a branch name, a resource attribute. */
	text: (value: string) => string;
}

/** They join facts to each other, so they stay as they are, unless they hold a secret or are of absurd length. */
const IDS = new Set([
	"agentId",
	"id",
	"inputDigest",
	"messageId",
	"parentAgentId",
	"promptId",
	"requestId",
	"revivedAgentId",
	"runId",
	"sessionId",
	"startedAgentId",
	"toolUseId",
]);
/** Words of our own that intake chose from a closed list. */
const OWN_WORDS = new Set(["kind", "source", "outcome", "sessionSource"]);

/** Throws a PatternMistake where a pattern of the user cannot be used. */
export function createPrivacy(options: PrivacyOptions): Privacy {
	const cleaner = createCleaner(createRedaction(options), options.maxAttrLength, options.maxPayloadBytes);
	const { level } = options;
	const minimal = level === "minimal";
	const text = (value: string) => cleaner.line(value).text;

	const cleanText = (name: string, value: string): string | undefined => {
		if (OWN_WORDS.has(name)) return value;
		if (IDS.has(name)) return shortenId(value, cleaner.holdsSecret);
		if (!minimal) return text(value);
		if (name === "cwd" || name === "mcpServer") return undefined;
		if (name === "toolName") return ownToolName(value);
		return name === "agentType" ? ownAgentType(value) : text(value);
	};
	const cleanValue = (name: string, value: unknown): unknown => {
		if (typeof value === "string") return cleanText(name, value);
		if (Array.isArray(value)) return value.map((item: unknown) => cleanValue(name, item));
		if (typeof value !== "object" || value === null) return value;
		// Keys are ours, but for the models of a cost state, which are texts like any other.
		return Object.fromEntries(
			Object.entries(value).map(([key, item]) => [name === "models" ? text(key) : key, cleanValue(key, item)]),
		);
	};
	const cleanContents = (contents: Contents<RawContent>, toolName: string | undefined): Contents<CleanContent> =>
		Object.fromEntries(
			Object.entries(contents).map(([role, raw]) => [role, cleanContent(raw, role as Role, toolName, level, cleaner)]),
		);

	return {
		text,
		protect: (fact) => {
			const { content, ...rest } = fact;
			const toolName = "toolName" in fact ? fact.toolName : undefined;
			const clean = Object.entries(rest).flatMap(([name, value]) => {
				const cleaned = cleanValue(name, value);
				return cleaned === undefined ? [] : [[name, cleaned] as const];
			});
			// Each field keeps its name and its type; only what the texts say has changed.
			const protectedFact = Object.fromEntries(clean) as unknown as Fact;
			return content === undefined ? protectedFact : { ...protectedFact, content: cleanContents(content, toolName) };
		},
	};
}
