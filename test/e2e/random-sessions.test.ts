// Small random sessions; `npm run test:long` runs large ones.

import { expect, test } from "vitest";
import { runRandomSession } from "../support/random-run.ts";
import { seeds } from "../support/seed.ts";

const LIMITS = { calls: 20, agents: 3, mishaps: 3, runs: 3 };

/** A seed takes some ten seconds; a busy machine may take its time. */
const TIMEOUT_MS = 180_000;

test.each(seeds(3))(
	"a random session (seed %i) has the tokens that were billed, and no span too few or too many",
	{ timeout: TIMEOUT_MS },
	async (seed) => {
		await expect(runRandomSession(seed, LIMITS, TIMEOUT_MS)).resolves.toBeUndefined();
	},
);

test.each(seeds(2))("so has one that is run by the Agent SDK (seed %i)", async (seed) => {
	await expect(runRandomSession(seed, LIMITS, 60_000, "--use-sdk")).resolves.toBeUndefined();
});
