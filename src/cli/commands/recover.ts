// `claude-otel recover` → sessions whose claude-otel was killed are told to their end and exported.
import { systemClock } from "../../clock.ts";
import { createDiagnostics } from "../../diagnostics.ts";
import type { OwnContext } from "../program.ts";
import { recoverLines } from "../sentences.ts";

const EXIT_LEFT = 1;

export async function recover({ process, loaded }: OwnContext): Promise<number> {
	const { config } = loaded;
	const say = (line: string) => process.stdout.write(`${line}\n`);
	const diagnostics = createDiagnostics({ target: config.debug, level: config.otel.logLevel, clock: systemClock });
	diagnostics.release((line) => process.stderr.write(line));
	const { openKeeping, recoverRuns } = await import("../../pipeline.ts");
	const keeping = await openKeeping(config, diagnostics);
	for (const problem of keeping.problems) process.stderr.write(`${problem}\n`);
	if (keeping.store === undefined) {
		if (config.store.at === "nowhere") say(recoverLines.off());
		return config.store.at === "nowhere" ? 0 : EXIT_LEFT;
	}
	const all = { limit: Number.POSITIVE_INFINITY, isStopped: () => false };
	const recovered = await recoverRuns({ config, keeping, diagnostics, clock: systemClock }, all);
	const waiting = keeping.store.abandoned(systemClock()).length;
	if (recovered.length === 0) say(waiting === 0 ? recoverLines.none() : recoverLines.nowhere(waiting));
	for (const { runId, startedAt, undelivered, unreadable } of recovered) {
		const when = new Date(startedAt).toISOString();
		if (unreadable) say(recoverLines.unreadable(runId, when));
		else
			say(
				undelivered === undefined
					? recoverLines.recovered(runId, when)
					: `${recoverLines.recovered(runId, when)} ${undelivered}`,
			);
	}
	keeping.store.close();
	keeping.spool?.close();
	return recovered.some(({ undelivered, unreadable }) => undelivered !== undefined || unreadable) ? EXIT_LEFT : 0;
}
