// `claude-otel recover` → sessions whose claude-otel was killed are told to their end and exported.
import { systemClock } from "../../clock.ts";
import { createDiagnostics } from "../../diagnostics.ts";
import type { RecoveredRun, RecoveryBounds } from "../../pipeline.ts";
import type { OwnContext } from "../program.ts";
import { recoverLines } from "../sentences.ts";

const EXIT_LEFT = 1;

/** `only`: the id of a run, which may be one that was given up. */
export async function recover(only: string | undefined, { process, loaded }: OwnContext): Promise<number> {
	const { config } = loaded;
	const say = (line: string) => process.stdout.write(`${line}\n`);
	const diagnostics = createDiagnostics({ target: config.debug, level: config.otel.logLevel, clock: systemClock });
	diagnostics.release((line) => process.stderr.write(line));
	const { isGivenUp, openKeeping, recoverRuns } = await import("../../pipeline.ts");
	const keeping = await openKeeping(config, diagnostics);
	const sayProblems = () => {
		for (const problem of keeping.problems) process.stderr.write(`${problem}\n`);
	};
	if (keeping.store === undefined) {
		sayProblems();
		if (config.store.at === "nowhere") say(recoverLines.off());
		return config.store.at === "nowhere" ? 0 : EXIT_LEFT;
	}
	const { isStopped, over } = untilSignal(process);
	const bounds = { limit: Number.POSITIVE_INFINITY, only, isStopped, over };
	const recovered = await recoverRuns({ config, keeping, diagnostics, clock: systemClock }, bounds);
	const waiting = [...keeping.store.abandoned(systemClock())].filter((run) =>
		only === undefined ? !isGivenUp(run) : run.runId === only,
	).length;
	// Of the spool, too, which is opened when something is put into it.
	sayProblems();
	const damaged = keeping.store.damage() !== undefined;
	for (const run of recovered) say(tell(run));
	if (waiting > 0)
		say(recovered.length > 0 || isStopped() ? recoverLines.left(waiting) : recoverLines.nowhere(waiting));
	else if (recovered.length === 0 && !damaged)
		say(only === undefined ? recoverLines.none() : recoverLines.unknown(only));
	keeping.store.close();
	keeping.spool?.close();
	return waiting > 0 || damaged || (only !== undefined && recovered.length === 0) || recovered.some(isLeft)
		? EXIT_LEFT
		: 0;
}

/** Who does not want to wait leaves nothing half told. */
function untilSignal(process: NodeJS.Process): Pick<RecoveryBounds, "isStopped" | "over"> {
	const over = Promise.withResolvers<void>();
	let stopped = false;
	const stop = () => {
		stopped = true;
		over.resolve();
	};
	process.once("SIGINT", stop).once("SIGTERM", stop).once("SIGHUP", stop);
	return { isStopped: () => stopped, over: over.promise };
}

function tell(run: RecoveredRun): string {
	const { runId, startedAt, undelivered, left, undecided, unreadable, damaged, givenUp } = run;
	const when = new Date(startedAt).toISOString();
	if (undecided) return recoverLines.undecided(runId, when);
	if (unreadable) return recoverLines.unreadable(runId, when);
	if (damaged) return recoverLines.damaged(runId, when);
	if (givenUp) return recoverLines.givenUp(runId, when);
	const recovered = left ? recoverLines.notTaken(runId, when) : recoverLines.recovered(runId, when);
	return undelivered === undefined ? recovered : `${recovered} ${undelivered}`;
}

function isLeft({ undelivered, unreadable, givenUp }: RecoveredRun): boolean {
	return undelivered !== undefined || unreadable === true || givenUp === true;
}
