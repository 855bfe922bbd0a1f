// SIGKILL at a hundred random moments: of claude-otel, of claude, of both; and at some in interactive sessions.
import { expect, test } from "vitest";
import { runKilledSession } from "../support/kill-run.ts";
import { runKilledTerminal } from "../support/kill-terminal.ts";
import { seeds } from "../support/seed.ts";

test.each(seeds(100))("a session that is killed (seed %i) loses nothing", { timeout: 180_000 }, async (seed) => {
	await expect(runKilledSession(seed)).resolves.toBeUndefined();
});

test.each(seeds(15))(
	"an interactive session that is killed (seed %i) loses nothing",
	{ timeout: 180_000 },
	async (seed) => {
		await expect(runKilledTerminal(seed)).resolves.toBeUndefined();
	},
);
