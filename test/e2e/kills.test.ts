// A few kills at random moments; `npm run test:long` does a hundred.
import { expect, test } from "vitest";
import { runKilledSession } from "../support/kill-run.ts";
import { seeds } from "../support/seed.ts";

test.each(seeds(2))("a session that is killed (seed %i) loses nothing", { timeout: 120_000 }, async (seed) => {
	await expect(runKilledSession(seed)).resolves.toBeUndefined();
});
