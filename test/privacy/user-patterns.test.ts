import { describe, expect, it } from "vitest";
import { PatternMistake } from "../../src/privacy/pattern-mistake.ts";
import { createPrivacy, type PrivacyOptions } from "../../src/privacy/privacy.ts";
import { ALNUM, filler } from "./secret-examples.ts";

const TOKEN = `gh${"p_"}${filler(ALNUM, 36)}`;

function textWith(options: Partial<PrivacyOptions>) {
	return createPrivacy({
		level: "standard",
		maxAttrLength: 256,
		maxPayloadBytes: 1024,
		patterns: [],
		allowlist: [],
		disableDefaults: false,
		literals: [],
		...options,
	}).text;
}

describe("a user's pattern", () => {
	it("is redacted beside our own rules, wherever it matches", () => {
		const text = textWith({ patterns: ["acme-[0-9]+", "(?i)project\\s+\\w+"] });
		expect(text(`acme-12, ACME-12, Project Zebra, acme-7 ${TOKEN}`)).toBe(
			"[REDACTED], ACME-12, [REDACTED], [REDACTED] [REDACTED]",
		);
	});

	it("sees through the escapes of JSON", () => {
		expect(textWith({ patterns: ["acme-[0-9]+"] })('"\\u0061cme-12"')).toBe('"[REDACTED]"');
	});

	it("may come from the file, with a name", () => {
		const config = { patterns: ["acme-1", { name: "second", pattern: "acme-2" }] };
		expect(textWith({ config })("acme-1 acme-2 acme-3")).toBe("[REDACTED] [REDACTED] acme-3");
	});

	it("runs in linear time, whatever it is", () => {
		const text = textWith({ patterns: ["(a+)+$", "(x+x+)+y"], maxAttrLength: 16_000 });
		const started = performance.now();
		text(`${"a".repeat(8000)}!${"x".repeat(7000)}`);
		expect(performance.now() - started).toBeLessThan(10_000);
	});

	it.each([
		[
			"a[",
			'CLAUDE_OTEL_REDACT_PATTERNS: the pattern "a[" cannot be used: missing closing ]: `[` (the syntax is RE2\'s).',
		],
		[
			"a(?=b)",
			'CLAUDE_OTEL_REDACT_PATTERNS: the pattern "a(?=b)" cannot be used: invalid or unsupported Perl syntax: `(?=` (the syntax is RE2\'s).',
		],
		["x*", 'CLAUDE_OTEL_REDACT_PATTERNS: the pattern "x*" matches the empty text, so it says nothing.'],
	])("that cannot be used is named: %s", (pattern, message) => {
		expect(() => textWith({ patterns: [pattern] })).toThrow(new PatternMistake(message));
	});
});

it("a long pattern with line ends is named in one short line", () => {
	const act = () => textWith({ patterns: [`(\n${"y".repeat(2000)}`] });
	expect(act).toThrow(
		/^CLAUDE_OTEL_REDACT_PATTERNS: the pattern "\( y{78}…" cannot be used: missing closing \): .{1,200}$/,
	);
});

describe("what a user allows", () => {
	it("stays: an exact text, a pattern between slashes, a value", () => {
		const text = textWith({ allowlist: [TOKEN, "/acme_test_\\w+/", "changeme"] });
		expect(text(`${TOKEN} token=acme_test_12345678 password=changeme password=other`)).toBe(
			`${TOKEN} token=acme_test_12345678 password=changeme password=[REDACTED]`,
		);
	});

	it("does not allow more than itself", () => {
		expect(textWith({ allowlist: [TOKEN.slice(0, 20)] })(TOKEN)).toBe("[REDACTED]");
	});

	it("is told when its pattern is bad", () => {
		expect(() => textWith({ allowlist: ["/(/"] })).toThrow(/^CLAUDE_OTEL_REDACT_ALLOWLIST: the pattern "\("/);
	});
});

describe("our rules", () => {
	it("can be switched off, all or single ones", () => {
		expect(textWith({ disableDefaults: true })(`${TOKEN} password=x1`)).toBe(`${TOKEN} password=x1`);
		expect(textWith({ config: { disableDefaults: true } })(TOKEN)).toBe(TOKEN);
		expect(textWith({ config: { disableRules: ["github"] } })(`${TOKEN} password=x1y`)).toBe(
			`${TOKEN} password=[REDACTED]`,
		);
	});
});

describe("the redaction file", () => {
	it.each<[unknown, string]>([
		[[], "CLAUDE_OTEL_REDACT_CONFIG: the file has to hold one JSON object."],
		[
			{ pattern: [] },
			'CLAUDE_OTEL_REDACT_CONFIG: "pattern" is not known; the keys are patterns, allowlist, disableDefaults, disableRules.',
		],
		[
			{ ["a\nb".repeat(40)]: 1 },
			`CLAUDE_OTEL_REDACT_CONFIG: ${JSON.stringify(`${"a\nb".repeat(40).slice(0, 80)}…`)} is not known; the keys are patterns, allowlist, disableDefaults, disableRules.`,
		],
		[{ patterns: [["x".repeat(500)]] }, `CLAUDE_OTEL_REDACT_CONFIG: ["${"x".repeat(78)} in "patterns" is not a text.`],
		[{ patterns: "x" }, 'CLAUDE_OTEL_REDACT_CONFIG: "patterns" has to be a list.'],
		[{ patterns: [1] }, 'CLAUDE_OTEL_REDACT_CONFIG: 1 in "patterns" is not a text.'],
		[{ disableDefaults: "yes" }, 'CLAUDE_OTEL_REDACT_CONFIG: "disableDefaults" has to be true or false.'],
		[{ disableRules: ["nope"] }, 'CLAUDE_OTEL_REDACT_CONFIG: there is no rule "nope" in "disableRules".'],
		[
			{ patterns: ["("] },
			'CLAUDE_OTEL_REDACT_CONFIG: the pattern "(" cannot be used: missing closing ): `(` (the syntax is RE2\'s).',
		],
	])("%j is answered by a sentence", (config, message) => {
		expect(() => textWith({ config })).toThrow(new PatternMistake(message));
	});
});
