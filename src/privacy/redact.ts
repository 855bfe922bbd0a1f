// The user's wishes come in; out goes a finder of everything in a text that must not leave: what our rules know, what
// the user's patterns match, and literal secrets such as the run's own token, minus what the user allows.

import { ASSIGNMENT_RULE } from "./assignment-rule.ts";
import { findCutTail } from "./cut-tail.ts";
import { createSecretFinder, type FindSecrets, mergeSpans } from "./find-secrets.ts";
import { PHRASE_RULES } from "./phrase-rules.ts";
import { readRedactionConfig } from "./redaction-config.ts";
import { CUT_END, patternRule, quote, REDACTED, type SecretRule, type Span } from "./secret-rule.ts";
import { TOKEN_RULES } from "./token-rules.ts";
import { unescapeOnce } from "./unescape.ts";
import { compilePatterns } from "./user-patterns.ts";

export interface RedactionOptions {
	/** The user's own, RE2 syntax. */
	patterns: readonly string[];
	/** What is not redacted: exact texts, or patterns between slashes. */
	allowlist: readonly string[];
	/** Only the user's patterns and the literals. */
	disableDefaults: boolean;
	/** The parsed JSON of the user's redaction file. */
	config?: unknown;
	/** Redacted whatever else is said: the run's own token. */
	literals: readonly string[];
}

export interface Redaction {
	/** With `cut`, also what may be the beginning of a secret at the end of the text. */
	find: FindSecrets;
	findTail: (text: string) => Span | undefined;
	/** Our rules are on, so that the names of keys count too. */
	byName: boolean;
	allows: (text: string) => boolean;
}

export const DEFAULT_RULES: readonly SecretRule[] = [...TOKEN_RULES, ...PHRASE_RULES, ASSIGNMENT_RULE];

/** A shorter literal would stand in every other word. */
const LITERAL_MIN = 6;

export function createRedaction(options: RedactionOptions): Redaction {
	const config = readRedactionConfig(options.config, new Set(DEFAULT_RULES.map((rule) => rule.name)));
	const byName = !options.disableDefaults && !config.disableDefaults;
	const rules = byName ? DEFAULT_RULES.filter((rule) => !config.disableRules.includes(rule.name)) : [];
	const literals = options.literals.filter((literal) => literal.length >= LITERAL_MIN);
	const findOurs = createSecretFinder(rules);
	const findLiterals = createSecretFinder(literals.map(literalRule));
	const findUsers = findInAllViews([
		compilePatterns(options.patterns, "CLAUDE_OTEL_REDACT_PATTERNS"),
		compilePatterns(config.patterns, "CLAUDE_OTEL_REDACT_CONFIG"),
	]);
	const findAllowed = createAllowlist([...options.allowlist, ...config.allowlist]);
	const findTail = (text: string) => (byName ? findCutTail(text) : undefined);
	const find: FindSecrets = (text, cut) => {
		const tail = cut ? findTail(text) : undefined;
		const wished = [...findOurs(text, cut), ...findUsers(text), ...(tail === undefined ? [] : [tail])];
		const allowed = wished.length === 0 ? [] : findAllowed(text);
		const secret = wished.filter(([from, to]) => !allowed.some(([a, b]) => a <= from && to <= b));
		return mergeSpans([...secret, ...findLiterals(text, cut)]);
	};
	return {
		find,
		findTail,
		byName,
		allows: (text) => findAllowed(text).some(([from, to]) => from === 0 && to === text.length),
	};
}

export function replaceSpans(text: string, spans: readonly Span[]): string {
	if (spans.length === 0) return text;
	let result = "";
	let done = 0;
	for (const [from, to] of spans) {
		result += text.slice(done, from) + REDACTED;
		done = to;
	}
	return result + text.slice(done);
}

function literalRule(literal: string): SecretRule {
	const start = literal.slice(0, LITERAL_MIN);
	const rest = quote(literal.slice(LITERAL_MIN));
	const beginnings = Array.from(literal.slice(LITERAL_MIN)).reduceRight(
		(tail, char) => `(?:${quote(char)}${tail})?`,
		"",
	);
	return patternRule({
		name: "literal",
		anchors: [start],
		pattern: new RegExp(quote(start) + rest, "y"),
		// Any beginning of it that a cut has left.
		open: new RegExp(quote(start) + beginnings + CUT_END, "y"),
	});
}

function findInAllViews(finders: readonly ((text: string) => Span[])[]): (text: string) => Span[] {
	return (text) => {
		const spans = finders.flatMap((find) => find(text));
		const view = unescapeOnce(text);
		if (view === undefined) return spans;
		const { origin } = view;
		const behind = finders.flatMap((find) => find(view.text));
		return [...spans, ...behind.map(([from, to]) => [origin[from] as number, origin[to] as number] as const)];
	};
}

const SLASHED = /^\/(.+)\/$/s;

function createAllowlist(entries: readonly string[]): (text: string) => Span[] {
	const patterns = entries.flatMap((entry) => SLASHED.exec(entry)?.[1] ?? []);
	const exact = entries.filter((entry) => entry !== "" && !SLASHED.test(entry));
	const findPatterns = compilePatterns(patterns, "CLAUDE_OTEL_REDACT_ALLOWLIST");
	return (text) => [...exact.flatMap((entry) => findExact(text, entry)), ...findPatterns(text)];
}

function findExact(text: string, part: string): Span[] {
	const spans: Span[] = [];
	for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) {
		spans.push([at, at + part.length]);
	}
	return spans;
}
