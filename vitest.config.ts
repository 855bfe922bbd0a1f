import { defineConfig } from "vitest/config";

// End-to-end tests run the real claude: few at a time, with room to breathe on two cores.
export default defineConfig({
	test: {
		include: ["test/**/*.test.ts"],
		exclude: ["test/bench/**", "test/long/**", "test/system/**", "node_modules/**"],
		testTimeout: 60_000,
		hookTimeout: 60_000,
		maxWorkers: 2,
	},
});
