// Small random sessions; `npm run test:long` runs large ones.

import { expect, test } from "vitest";
import { runRandomSession } from "../support/random-run.ts";
import { seeds } from "../support/seed.ts";

const LIMITS = { calls: 25, agents: 3, retries: 1 };

test.each(seeds())(
	"a random session (seed %i) has the tokens that were billed, and no span too few or too many",
	async (seed) => {
		await expect(runRandomSession(seed, LIMITS, 60_000)).resolves.toBeUndefined();
	},
);

test.each(seeds())("so has one that is run by the Agent SDK (seed %i)", async (seed) => {
	await expect(runRandomSession(seed, LIMITS, 60_000, "--use-sdk")).resolves.toBeUndefined();
});
