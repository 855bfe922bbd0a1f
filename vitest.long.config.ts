import { defineConfig } from "vitest/config";

// The figures that the product names: more seeds with TEST_SEEDS=50, one seed again with TEST_SEED=… TEST_SEEDS=1. The
// doors get a million wild inputs, or FUZZ_INPUTS of them; where `npm test` plays some of many cases, all are played here.
export default defineConfig({
	test: {
		include: ["test/e2e/**/*.test.ts", "test/long/**/*.test.ts", "test/fuzz/**/*.test.ts"],
		env: { FUZZ_INPUTS: process.env.FUZZ_INPUTS ?? "1000000", TEST_EVERY: "1" },
		testTimeout: 600_000,
		hookTimeout: 60_000,
		maxWorkers: 2,
	},
});
