// A run that is about to start → what it takes to tell it again, in a small file until the store has it: whoever is killed
// until then is known by it. Written before claude is there, so that no claude is without.
import { forgetBegun, noteBegun, noteClaude } from "../begun-runs.ts";
import { projectMark } from "../intake/claude-files.ts";
import { previewArgs } from "../launch/args-preview.ts";
import type { ClaudeArgs } from "../launch/claude-args.ts";
import { redactionMark, toldOf, writeContext } from "../pipeline/run-context.ts";
import type { PipelineOptions } from "../pipeline.ts";
import { identityOf, machineId } from "../process-identity.ts";
import type { RunContext } from "./run-context.ts";

export interface RunStart extends Pick<PipelineOptions, "runId" | "native" | "destination"> {
	claudeArgs: ClaudeArgs;
	/** Milliseconds since the epoch. */
	startedAt: number;
}

export interface NotedRun {
	context: PipelineOptions["context"];
	/** claude is there. */
	started(claudePid: number): void;
	/** claude could not be started: there is nothing to tell. */
	forget(): void;
}

export function noteRun(start: RunStart, { config, cwd }: RunContext): NotedRun {
	const { runId, startedAt } = start;
	const { dataDir } = config;
	const context = contextOf(start, { config, cwd });
	const isKept = config.store.at !== "nowhere" && start.destination === undefined;
	if (isKept) {
		const owner = identityOf(process.pid);
		noteBegun(dataDir, { runId, machine: machineId(), owner, startedAt, context: writeContext(context) });
	}
	return {
		context,
		started(claudePid) {
			if (isKept) noteClaude(dataDir, runId, identityOf(claudePid));
		},
		forget: () => forgetBegun(dataDir, runId),
	};
}

function contextOf(
	{ claudeArgs, native, startedAt }: RunStart,
	{ config, cwd }: Pick<RunContext, "config" | "cwd">,
): NotedRun["context"] {
	return {
		told: toldOf(config, claudeArgs.interactive),
		redaction: redactionMark(config),
		startedAt,
		project: projectMark(cwd),
		claudeConfigDir: config.claudeConfigDir,
		sessionPersistence: claudeArgs.sessionPersistence && config.sources.includes("transcript"),
		sessionSource: claudeArgs.sessionSource,
		interactive: claudeArgs.interactive,
		argsCount: claudeArgs.args.length,
		argsPreview: previewArgs(claudeArgs.parsed),
		native: native !== undefined,
		knownSessionId: claudeArgs.knownSessionId,
		forkedFrom: claudeArgs.forkedFrom,
	};
}
