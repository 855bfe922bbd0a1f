// Random sessions of up to 200 tool calls and 5 agents.

import { expect, test } from "vitest";
import { runRandomSession } from "../support/random-run.ts";
import { seeds } from "../support/seed.ts";

const LIMITS = { callsFrom: 100, calls: 200, agents: 5, mishaps: 8, runs: 4 };
const TIMEOUT_MS = 300_000;

test.each(seeds())(
	"a large random session (seed %i) has the tokens that were billed",
	{ timeout: TIMEOUT_MS },
	async (seed) => {
		await expect(runRandomSession(seed, LIMITS, TIMEOUT_MS)).resolves.toBeUndefined();
	},
);
