// Twenty claude-otel at once on one store and one spool, and no collector: all is there afterwards, and nobody met a lock.

import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { startRelay, unusedAddress } from "../sinks/collectors.ts";
import { assertTold } from "../support/oracle.ts";
import { step, text } from "../support/scripting.ts";
import { openStage } from "../support/stage.ts";

const RUNS = 20;

test("twenty runs at once lose nothing", { timeout: 600_000 }, async () => {
	const stage = await openStage({ main: [], whenDone: step(text("ok")) });
	try {
		const endpoint = await unusedAddress();
		const debug = join(stage.home.home, "debug.log");
		const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, CLAUDE_OTEL_DEBUG: debug };
		const runs = Array.from({ length: RUNS }, (_, number) =>
			stage.print(`go ${number}`, [], { env, timeoutMs: 300_000 }),
		);
		for (const run of await Promise.all(runs)) expect(run).toMatchObject({ code: 0, stdout: "ok\n", stderr: "" });
		const database = new Database(join(stage.home.home, ".local/share/claude-otel/store.db"));
		expect(database.prepare("SELECT count(*) AS runs FROM runs WHERE ended_at IS NOT NULL").get()).toEqual({
			runs: RUNS,
		});
		expect(database.prepare("SELECT count(*) AS runs FROM journal WHERE kind = 'message.seen'").get()).toEqual({
			runs: RUNS,
		});
		database.close();
		const relay = await startRelay(endpoint, stage.receiver.http);
		expect((await stage.run(["flush"], { env })).code).toBe(0);
		const spans = [...new Map(stage.receiver.spans.map((span) => [span.spanId, span])).values()];
		// Twenty at once wait long for a processor between a request and its arrival.
		assertTold(spans, stage.model.requests, { slackMs: 60_000 });
		await relay.close();
	} finally {
		await stage.close();
	}
});
