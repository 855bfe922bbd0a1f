import { defineConfig } from "vitest/config";

// What needs packages of the system; a test that cannot find one is skipped and names it.
export default defineConfig({
	test: {
		include: ["test/system/**/*.test.ts"],
		testTimeout: 300_000,
		hookTimeout: 60_000,
		maxWorkers: 1,
	},
});
