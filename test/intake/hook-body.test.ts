import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	createHookBodyReader,
	HOOK_BODY_KEEP,
	HOOK_BODY_KEEP_STRING,
	HOOK_BODY_KEEP_TAIL,
	HOOK_BODY_MAX,
	type HookBody,
} from "../../src/intake/hook-body.ts";
import { HookBodyScanner } from "../../src/intake/hook-body-scanner.ts";
import type { ShrinkLimits } from "../../src/intake/shrunk-json.ts";
import { seededRandom, seeds } from "../support/seed.ts";

const RUNS = 200;
const AMPLE: ShrinkLimits = { head: 1 << 20, tail: 1 << 12, string: 1 << 20 };
const TIGHT: ShrinkLimits = { head: 300, tail: 200, string: 40 };

function read(bytes: Uint8Array, limits?: ShrinkLimits, chops: readonly number[] = []): HookBody | undefined {
	const reader = createHookBodyReader(limits);
	let from = 0;
	for (const chop of [...chops, bytes.length]) {
		const to = Math.min(Math.max(chop, from), bytes.length);
		reader.push(bytes.subarray(from, to));
		from = to;
	}
	return reader.read(0);
}

function scan(text: string, limits: ShrinkLimits): { text?: string; cut?: Record<string, number> } {
	const scanner = new HookBodyScanner(limits);
	scanner.push(Buffer.from(text));
	return { text: scanner.text(), cut: scanner.cut() };
}

const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));
const anyObject = fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue({ maxDepth: 6, stringUnit: "binary" }));

describe("a small hook body", () => {
	test("is what JSON.parse makes of it", () => {
		const body = { hook_event_name: "PreToolUse", tool_input: { command: "echo ü" }, tool_use_id: "toolu_1" };
		expect(read(bytesOf(body))).toEqual({ at: 0, json: body, bytes: bytesOf(body).length });
	});

	test.each(["", "null", "[1]", '"text"', "{", '{"a":1', "{]", "not json", '{"a":1}{"b":2}'])(
		"that is %j is none",
		(text) => {
			expect(read(Buffer.from(text))).toBeUndefined();
		},
	);
});

describe("a large hook body", () => {
	const write = {
		session_id: "s",
		hook_event_name: "PostToolUse",
		tool_name: "Write",
		tool_input: { file_path: "/a/b.txt", content: "x".repeat(3_000_000) },
		tool_response: { type: "create", filePath: "/a/b.txt", content: 'é"\\\n'.repeat(500_000), userModified: false },
		tool_use_id: "toolu_last",
		duration_ms: 42,
	};

	test("keeps the ids that stand behind its megabytes, and small values inside them", () => {
		const body = read(bytesOf(write));
		expect(body?.json).toMatchObject({
			tool_use_id: "toolu_last",
			duration_ms: 42,
			tool_input: { file_path: "/a/b.txt" },
			tool_response: { type: "create", filePath: "/a/b.txt", userModified: false },
		});
		expect(body?.bytes).toBe(bytesOf(write).length);
	});

	test("tells the full size of every value that it shortened", () => {
		expect(read(bytesOf(write))?.cut).toEqual({
			tool_input: bytesOf(write.tool_input).length,
			tool_response: bytesOf(write.tool_response).length,
		});
	});

	test("keeps the beginning of a long string, whole characters only", () => {
		const text = "ab" + "\u{1F600}é\n".repeat(100_000);
		const body = read(bytesOf({ prompt: text }));
		expect(text.startsWith(String(body?.json.prompt))).toBe(true);
		expect(String(body?.json.prompt).length).toBeGreaterThan(HOOK_BODY_KEEP_STRING / 4);
	});

	test("never takes more memory than its limits, whatever it is made of", () => {
		const bodies = [
			{ tool_input: Array.from({ length: 200_000 }, () => []) },
			{ tool_input: Array.from({ length: 200_000 }, () => ({ "": {} })) },
			Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`key${i}`.repeat(20), { a: 1 }])),
			{ tool_input: { ["k".repeat(100_000)]: "x".repeat(100_000) } },
		];
		for (const body of bodies) {
			const kept = read(bytesOf(body));
			expect(bytesOf(kept?.json).length).toBeLessThan(HOOK_BODY_KEEP + HOOK_BODY_KEEP_TAIL + 2048);
		}
	});

	test("of PostToolBatch keeps id and name of every call, and no content", () => {
		const calls = Array.from({ length: 40 }, (_, i) => ({
			tool_name: `Tool${i}`,
			tool_input: { content: "x".repeat(250_000), nested: [{ deep: '"]}' }] },
			tool_use_id: `toolu_${i}`,
			tool_response: i % 2 === 0 ? "y".repeat(1000) : { stdout: "z" },
		}));
		const body = read(bytesOf({ hook_event_name: "PostToolBatch", tool_calls: calls, last: "here" }));
		expect(body?.json).toEqual({
			hook_event_name: "PostToolBatch",
			tool_calls: calls.map(({ tool_name, tool_use_id }) => ({ tool_name, tool_use_id })),
			last: "here",
		});
		expect(Object.keys(body?.cut ?? {})).toEqual(["tool_calls"]);
	});

	test("that ends too early is none", () => {
		expect(read(bytesOf(write).subarray(0, 2_000_000))).toBeUndefined();
	});
});

describe("the scanner", () => {
	test("with ample room gives what JSON.parse gives, and cuts nothing", () => {
		fc.assert(
			fc.property(anyObject, fc.constantFrom(undefined, 1, "\t"), (value, space) => {
				const text = JSON.stringify(value, undefined, space);
				const scanned = scan(text, AMPLE);
				expect(scanned.cut).toBeUndefined();
				expect(JSON.parse(scanned.text ?? "")).toEqual(JSON.parse(text));
			}),
			{ numRuns: RUNS, seed: seeds()[0] },
		);
	});

	test("gives the same for every chopping of the stream", () => {
		fc.assert(
			fc.property(anyObject, fc.array(fc.nat(4000)), fc.boolean(), (value, chops, tight) => {
				const bytes = bytesOf({ filler: "f".repeat(400), ...value, tool_use_id: "last" });
				const limits = tight ? TIGHT : { ...AMPLE, head: 400 };
				const chopped = chops.toSorted((a, b) => a - b);
				expect(read(bytes, limits, chopped)).toEqual(read(bytes, limits));
			}),
			{ numRuns: RUNS, seed: seeds()[0] },
		);
	});

	test("gives valid JSON within its budget, whose every kept string is a beginning of the true one", () => {
		fc.assert(
			fc.property(anyObject, (value) => {
				const { text } = scan(JSON.stringify(value), TIGHT);
				expect(Buffer.byteLength(text ?? "")).toBeLessThan(TIGHT.head + TIGHT.tail + 1100);
				expect(isShortened(JSON.parse(text ?? ""), JSON.parse(JSON.stringify(value)))).toBe(true);
			}),
			{ numRuns: RUNS, seed: seeds()[0] },
		);
	});

	test("never throws and never answers for bytes that are no object", () => {
		for (const seed of seeds()) {
			const random = seededRandom(seed);
			for (let i = 0; i < RUNS; i++) {
				const noise = Array.from({ length: random.int(0, 60) }, () =>
					random.pick(['"', "\\", "{", "}", "[", "]", ":", ",", "1", "u", " ", "a"]),
				);
				const reader = createHookBodyReader(TIGHT);
				reader.push(Buffer.from(`{"x":"${"y".repeat(600)}",${noise.join("")}`));
				const body = reader.read(0);
				expect(body === undefined || typeof body.json === "object").toBe(true);
			}
		}
	});
});

/** Strings may be cut, members and elements may be missing; nothing else differs. */
function isShortened(kept: unknown, full: unknown): boolean {
	if (typeof kept === "string") return String(full).startsWith(kept.replace(/[\ud800-\udbff]$/, ""));
	if (Array.isArray(kept)) return Array.isArray(full) && kept.length <= full.length;
	if (typeof kept !== "object" || kept === null) return kept === full;
	return Object.entries(kept).every(([key, value]) => isShortened(value, (full as Record<string, unknown>)[key]));
}

test("a body beyond the longest is none, and holds no memory", () => {
	const reader = createHookBodyReader();
	reader.push(Buffer.from('{"a":"'));
	const chunk = Buffer.alloc(4 * 1024 * 1024, "x");
	for (let bytes = 0; bytes <= HOOK_BODY_MAX; bytes += chunk.length) reader.push(chunk);
	reader.push(Buffer.from('"}'));
	expect(reader.read(0)).toBeUndefined();
});
