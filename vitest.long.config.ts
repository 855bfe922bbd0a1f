import { defineConfig } from "vitest/config";

// The figures that the product names: more seeds with TEST_SEEDS=50, one seed again with TEST_SEED=… TEST_SEEDS=1.
export default defineConfig({
	test: {
		include: ["test/long/**/*.test.ts"],
		testTimeout: 600_000,
		hookTimeout: 60_000,
		maxWorkers: 2,
	},
});
