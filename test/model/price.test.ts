import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { Usage } from "../../src/model/fact.ts";
import { contextWindowOf, costPicoUsd, loadPrices, priceOf } from "../../src/model/price.ts";

const AT = Date.UTC(2026, 10, 22);
const NONE: Usage = { input: 0, output: 0, cacheRead: 0, cacheCreation5m: 0, cacheCreation1h: 0 };

function usd(usage: Partial<Usage>, model: string, at = AT): number | undefined {
	const { picoUsd } = costPicoUsd({ ...NONE, ...usage }, model, at);
	return picoUsd === undefined ? undefined : picoUsd / 1e12;
}

describe("without the price library", () => {
	it("knows no window of a model that is called like a member of every object", () => {
		for (const name of ["constructor", "toString", "__proto__"]) expect(contextWindowOf(name)).toBeUndefined();
	});

	it("knows the models of our own table and nothing else", () => {
		expect(usd({ input: 1_000_000 }, "claude-opus-5-5")).toBe(4);
		expect(costPicoUsd({ ...NONE, input: 1 }, "claude-opus-4-5", AT)).toEqual({ basis: "unknown", estimated: false });
	});
});

describe("with the price library", () => {
	beforeAll(loadPrices);

	// What Claude Code 2.1.330 wrote for these counts into its own ledger.
	it.each([
		["claude-opus-5-5", [900, 450, 18_000, 2700, 360], 0.03257999999999999],
		["claude-opus-5-5", [43, 85, 33, 44, 0], 0.0020986],
		["claude-opus-5-5", [53, 105, 33, 44, 0], 0.0025386],
		["claude-opus-5-5", [530, 112, 1000, 1000, 0], 0.009559999999999999],
		["claude-opus-5-5", [302_010, 100, 0, 0, 0], 1.21004],
		["claude-haiku-5-5", [55, 108, 33, 44, 0], 0.00006533],
		["claude-sonnet-4-5", [60_000, 900, 131_000, 4000, 5000], 0.2778],
		["claude-sonnet-4-5", [60_001, 900, 131_000, 4000, 5000], 0.277803],
		["claude-sonnet-4-5-20250929[1m]", [60_001, 900, 131_000, 4000, 5000], 0.277803],
		["claude-sonnet-4-5-20250929[1m]", [10, 900, 650_000, 4000, 5000], 0.25353],
		["claude-sonnet-4-20250514[1m]", [60_001, 900, 131_000, 4000, 5000], 0.277803],
		["claude-sonnet-4-6", [10, 900, 650_000, 4000, 5000], 0.25353],
		["claude-opus-4-6", [60_001, 900, 131_000, 4000, 5000], 0.463005],
		["claude-mythos-5", [60_001, 900, 131_000, 4000, 5000], 0.92601],
		["claude-mythos-5-1", [60_001, 900, 131_000, 4000, 5000], 0.8277599999999999],
		["claude-mythos-5-2", [60_001, 900, 131_000, 4000, 5000], 0.662208],
	] as const)(
		"agrees with the client on %s %j",
		(model, [input, output, cacheRead, cacheCreation5m, cacheCreation1h], expected) => {
			const cost = usd({ input, output, cacheRead, cacheCreation5m, cacheCreation1h }, model);
			expect(Math.abs((cost ?? 0) - expected)).toBeLessThan(1e-9);
		},
	);

	it.each([
		["claude-opus-5-5", [4, 20, 0.2, 5, 8]],
		["claude-sonnet-5-5", [2, 10, 0.1, 2.5, 4]],
		["claude-haiku-5-5", [0.1, 0.5, 0.01, 0.125, 0.2]],
		["claude-fable-5-2", [8, 40, 0.2, 10, 16]],
		["claude-mythos-5-2", [8, 40, 0.2, 10, 16]],
		["claude-mythos-5-1", [10, 50, 0.25, 12.5, 20]],
		["claude-mythos-5", [10, 50, 1, 12.5, 20]],
		["claude-sonnet-4-5", [3, 15, 0.3, 3.75, 6]],
	] as const)("has the five prices of %s", (model, prices) => {
		const keys = ["input", "output", "cacheRead", "cacheCreation5m", "cacheCreation1h"] as const;
		// 100,000 tokens stay in the first tier.
		expect(keys.map((key) => usd({ [key]: 100_000 }, model))).toEqual(prices.map((price) => price / 10));
		expect(priceOf(model, AT)?.estimated).toBe(false);
	});

	it("prices all of a request by its tier once its prompt is above the limit, cache included", () => {
		const below = { input: 50_000, cacheRead: 40_000, cacheCreation5m: 5000, cacheCreation1h: 5000, output: 1000 };
		const above = { ...below, cacheRead: 40_001 };
		expect(usd(below, "claude-haiku-5-5")).toBeCloseTo(0.005 + 0.0004 + 0.000625 + 0.001 + 0.0005, 12);
		expect(usd(above, "claude-haiku-5-5")).toBeCloseTo(5 * (0.005 + 0.00040001 + 0.000625 + 0.001 + 0.0005), 12);
		expect(usd({ output: 200_000 }, "claude-haiku-5-5")).toBe(0.1);
	});

	it("reads the library's tiers", () => {
		const then = Date.UTC(2026, 1, 1);
		expect(usd({ input: 200_000 }, "claude-opus-4-6", then)).toBe(1);
		expect(usd({ input: 200_001, output: 100 }, "claude-opus-4-6", then)).toBeCloseTo(2.00001 + 0.00375, 12);
	});

	it("takes the price of the day", () => {
		const usage = { input: 300_000 };
		expect(usd(usage, "claude-opus-4-6", Date.UTC(2026, 1, 1))).toBe(3);
		expect(usd(usage, "claude-opus-4-6", AT)).toBe(1.5);
	});

	it.each(["claude-opus-4-5", "claude-opus-4-5-20251101", "claude-opus-4-5[1m]", "Claude-Opus-4.5"])(
		"knows %s by its name",
		(model) => {
			expect(priceOf(model, AT)).toEqual(priceOf("claude-opus-4-5", AT));
			expect(priceOf(model, AT)?.estimated).toBe(false);
		},
	);

	it.each([
		"us.anthropic.claude-opus-4-5-20251101-v1:0",
		"anthropic.claude-opus-4-5-20251101-v1:0",
		"arn:aws:bedrock:us-east-1:1:inference-profile/global.anthropic.claude-opus-4-5-20251101-v1:0",
		"claude-opus-4-5@20251101",
		"anthropic/claude-opus-4.5",
	])("takes Anthropic's list price for %s, and says that it is estimated", (model) => {
		expect(priceOf(model, AT)).toEqual({ ...priceOf("claude-opus-4-5", AT), estimated: true });
	});

	it("says that a price found by a mere prefix is estimated", () => {
		expect(costPicoUsd({ ...NONE, input: 1 }, "claude-sonnet-5-9", AT)).toMatchObject({
			basis: "list",
			estimated: true,
		});
	});

	it.each(["gpt-5", "<synthetic>", "", "claude", "claude-haiku-9-9"])(
		"has no cost, rather than none, for %j",
		(model) => {
			expect(costPicoUsd({ ...NONE, input: 10 }, model, AT)).toEqual({ basis: "unknown", estimated: false });
		},
	);

	it("has no cost where the list lacks the one price that is needed", () => {
		expect(costPicoUsd({ ...NONE, input: 10 }, "claude-2.1", AT).basis).toBe("list");
		expect(costPicoUsd({ ...NONE, input: 10, cacheRead: 1 }, "claude-2.1", AT)).toEqual({
			basis: "unknown",
			estimated: false,
		});
	});

	it("gives whole numbers, so that a sum does not depend on its order", () => {
		const count = fc.nat(400_000);
		const usage = fc.record({
			input: count,
			output: count,
			cacheRead: count,
			cacheCreation5m: count,
			cacheCreation1h: count,
		});
		const models = fc.constantFrom(
			"claude-opus-5-5",
			"claude-haiku-5-5",
			"claude-sonnet-4-5",
			"claude-3-haiku-20240307",
		);
		fc.assert(
			fc.property(usage, models, (tokens, model) => {
				const { picoUsd } = costPicoUsd(tokens, model, AT);
				expect(Number.isSafeInteger(picoUsd)).toBe(true);
			}),
		);
	});

	it("knows context windows", () => {
		expect(contextWindowOf("claude-opus-5-5")).toBe(1_000_000);
		expect(contextWindowOf("claude-haiku-5-5-20260901")).toBe(1_000_000);
		expect(contextWindowOf("claude-haiku-4-5-20251001")).toBe(200_000);
		expect(contextWindowOf("claude-sonnet-4-5[1m]")).toBe(1_000_000);
		expect(contextWindowOf("claude-opus-4-6")).toBe(200_000);
		expect(contextWindowOf("claude-opus-4-6[1m]")).toBe(1_000_000);
		expect(contextWindowOf("nobody-knows-it")).toBeUndefined();
	});
});
