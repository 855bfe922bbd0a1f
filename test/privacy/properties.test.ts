import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, RawFactOf } from "../../src/model/fact.ts";
import { createPrivacy, type PrivacyOptions } from "../../src/privacy/privacy.ts";
import { seeds } from "../support/seed.ts";
import { EXAMPLES, TOKENS } from "./secret-examples.ts";

const RUNS_PER_SEED = 60;
const SEEDS = seeds();

function holds<T extends [unknown, ...unknown[]]>(property: fc.IProperty<T>): void {
	for (const seed of SEEDS) fc.assert(property, { seed, numRuns: RUNS_PER_SEED });
}

const level = fc.constantFrom("minimal", "standard", "full");
const options = fc.record({
	level,
	maxAttrLength: fc.integer({ min: 1, max: 400 }),
	maxPayloadBytes: fc.integer({ min: 1, max: 2000 }),
	patterns: fc.constant([]),
	allowlist: fc.constant([]),
	disableDefaults: fc.constant(false),
	literals: fc.constant([]),
}) satisfies fc.Arbitrary<PrivacyOptions>;
const anyText = fc.string({
	unit: fc.constantFrom("a", "Z", " ", "\n", "=", '"', "\\", "u", "😀", "é", "\ud800", "token", ":"),
});
const toolName = fc.constantFrom("Bash", "Read", "Grep", "WebFetch", "Agent", "mcp__x__y", "Unheard");

function factWith(tool: string, value: Json, cut: boolean): RawFactOf<"tool.ended"> {
	const content = { bytes: 1, value, ...(cut && { cut }) };
	return {
		kind: "tool.ended",
		source: "hook",
		at: 1,
		sessionId: "s",
		toolUseId: "toolu_1",
		toolName: tool,
		outcome: "error",
		cwd: typeof value === "string" ? value : "/home/dev",
		content: { input: content, response: content, error: content, prompt: content, answer: content },
	};
}

/** A tree with the text at one leaf, or as one key, somewhere among others. */
function planted(text: string): fc.Arbitrary<Json> {
	const leaf = fc.constantFrom<Json>(text, `say ${text} twice`, `a\n${text}\nb`, JSON.stringify({ note: text }));
	const fields = ["command", "file_path", "pattern", "url", "query", "description", "prompt", "stdout", "x"];
	const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
		tree: fc.oneof(
			{ maxDepth: 4, withCrossShrink: true },
			leaf,
			fc
				.tuple(fc.constantFrom(...fields), tie("tree"), fc.jsonValue())
				.map(([key, value, other]): Json => ({ [key]: value, other: other as Json })),
			fc.tuple(fc.jsonValue(), tie("tree")).map(([other, value]): Json => [other as Json, value]),
			tie("tree").map((value): Json => ({ [text]: value })),
		),
	}));
	return tree;
}

function textsIn(value: unknown): string[] {
	if (typeof value === "string") return [value];
	if (typeof value !== "object" || value === null) return [];
	return Object.entries(value).flatMap(([key, item]) => [key, ...textsIn(item)]);
}

describe("protecting", () => {
	it("lets no planted secret through at any level, anywhere in a structure, nor a half of it", () => {
		const secrets = TOKENS.filter(({ secret }) => /^[\w.-]+$/.test(secret) && secret.length > 24);
		holds(
			fc.property(
				options,
				toolName,
				fc.constantFrom(...secrets).chain((example) => fc.tuple(fc.constant(example), planted(example.text))),
				(given, tool, [{ secret }, value]) => {
					const out = JSON.stringify(createPrivacy(given).protect(factWith(tool, value, false)));
					for (let at = 0; at + 13 <= secret.length; at++) expect(out).not.toContain(secret.slice(at, at + 13));
				},
			),
		);
	});

	it("lets no beginning of a secret through where intake cut the text in it", () => {
		const secrets = EXAMPLES.filter(
			({ secret, rule }) => secret.length > 16 && rule !== "private-key-end" && !rule.startsWith("jw"),
		);
		const before = "word ".repeat(60);
		holds(
			fc.property(
				options,
				toolName,
				fc.constantFrom(...secrets),
				fc.nat(1000),
				fc.boolean(),
				(given, tool, example, at, deep) => {
					const { text, secret } = example;
					const end = text.indexOf(secret) + 13 + (at % (secret.length - 13));
					const cut = before + text.slice(0, end);
					const value: Json = deep ? { command: cut, content: [cut] } : cut;
					const large = { ...given, maxAttrLength: 1000, maxPayloadBytes: 4000 };
					const { content } = createPrivacy(large).protect(factWith(tool, value, true));
					const out = JSON.stringify(content);
					for (let i = 0; i + 13 <= secret.length; i++) expect(out).not.toContain(secret.slice(i, i + 13));
				},
			),
		);
	});

	it("never throws, keeps every limit and leaves no half character", () => {
		holds(
			fc.property(
				options,
				toolName,
				fc.oneof(anyText, fc.jsonValue() as fc.Arbitrary<Json>),
				fc.boolean(),
				(given, tool, value, cut) => {
					const fact = createPrivacy(given).protect(factWith(tool, value, cut));
					const { content, ...rest } = fact;
					for (const text of textsIn(fact)) expect(text.isWellFormed()).toBe(true);
					const { cwd = "" } = rest;
					expect([...cwd].length).toBeLessThanOrEqual(given.maxAttrLength);
					for (const clean of Object.values(content ?? {})) {
						expect([...(clean.summary ?? "")].length).toBeLessThanOrEqual(given.maxAttrLength);
						const payloads = [clean.text ?? "", ...textsIn(Object.values(clean.fields ?? {}))];
						for (const text of payloads)
							expect(Buffer.byteLength(text)).toBeLessThanOrEqual(Math.max(given.maxPayloadBytes, 1));
					}
				},
			),
		);
	});

	it("gives the same bytes for the same fact", () => {
		holds(
			fc.property(options, toolName, fc.jsonValue() as fc.Arbitrary<Json>, (given, tool, value) => {
				const once = JSON.stringify(createPrivacy(given).protect(factWith(tool, value, false)));
				expect(JSON.stringify(createPrivacy(given).protect(factWith(tool, value, false)))).toBe(once);
			}),
		);
	});

	it("leaves a text alone that is clean already", () => {
		const piece = fc.oneof(
			anyText,
			fc.constantFrom(...EXAMPLES.map(({ text }) => text)),
			fc.constantFrom("token = f(", "password: ", "Bearer "),
		);
		holds(
			fc.property(options, fc.array(piece, { maxLength: 6 }), (given, pieces) => {
				const { text } = createPrivacy(given);
				const clean = text(pieces.join(""));
				expect(text(clean)).toBe(clean);
			}),
		);
	});
});
