// claude has gone → the pipeline is given its time, and the user is told what he asked for and what did not arrive.
import type { Config } from "../config.ts";
import type { ClaudeEnd } from "../launch/spawn-claude.ts";
import type { Finished, Pipeline } from "../pipeline.ts";
import type { RunSummary } from "../views/run-summary.ts";
import type { RunContext } from "./run-context.ts";

/** The pipeline keeps to CLAUDE_OTEL_EXIT_GRACE_MS; this beyond it is for the case that it does not. */
const FINISH_MARGIN_MS = 5_000;

/** Where the user asked for one. */
export async function loadSummary({ summary }: Config): Promise<RunSummary | undefined> {
	return summary ? (await import("../views/run-summary.ts")).createRunSummary() : undefined;
}

/** Undefined where it takes too long. */
export async function finishInTime(
	pipeline: Pipeline,
	end: ClaudeEnd,
	exitGraceMs: number,
): Promise<Finished | undefined> {
	let timer: NodeJS.Timeout | undefined;
	const limit = new Promise<undefined>((resolve) => {
		timer = setTimeout(() => resolve(undefined), exitGraceMs + FINISH_MARGIN_MS);
	});
	return Promise.race([pipeline.finish(end), limit]).finally(() => clearTimeout(timer));
}

export function tellEnd(
	{ traces, undelivered }: Finished,
	summary: RunSummary | undefined,
	{ config, stderrIsTerminal, stderrColorLevel, stderrColumns, writeAfter }: RunContext,
): void {
	// Asked for, so it is shown without a terminal as well.
	const panel = summary?.show({ ...traces, url: config.traceUrl }, stderrColorLevel(), stderrColumns());
	if (panel !== undefined) writeAfter(panel);
	if (undelivered !== undefined && stderrIsTerminal) writeAfter(`${undelivered}\n`);
}
