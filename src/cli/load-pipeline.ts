// A run that has been started → the pipeline that tells it, loaded now that claude does not wait for it. Until it is there what
// its doors take waits.
import { randomBytes } from "node:crypto";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { startUserCommand } from "../launch/user-command.ts";
import { makeFolder } from "../make-folder.ts";
import type { StandInBrief } from "../pipeline/stand-in.ts";
import type { ContextCrossing, Pipeline, PipelineOptions } from "../pipeline.ts";
import { identityOf } from "../process-identity.ts";
import { type RunContext, tellBug } from "./run-context.ts";

const DIGEST_KEY_BYTES = 32;

export type PipelineStart = {
	/** Is told what it takes to stand in for this process, should it be killed. */
	guard?(brief: Omit<StandInBrief, "doors">): void;
} & Pick<
	PipelineOptions,
	| "runId"
	| "context"
	| "token"
	| "hooked"
	| "native"
	| "claudePid"
	| "onFact"
	| "onEpisode"
	| "destination"
	| "keepHistory"
>;

export async function loadPipeline(run: PipelineStart, context: RunContext): Promise<Pipeline> {
	const { guard, ...rest } = run;
	const { config, cwd } = context;
	const digestKey = randomBytes(DIGEST_KEY_BYTES);
	// Compiling the pipeline is half of loading it: from the second run on it is read from there. Where it cannot be
	// written, Node goes on without.
	if (!context.embedded) keepCompiled(config);
	const { startPipeline } = await import("../pipeline.ts");
	if (rest.claudePid !== undefined) {
		const identities = { owner: identityOf(process.pid), claude: identityOf(rest.claudePid) };
		const { runId, token, native, context: told } = rest;
		guard?.({ runId, token, native, digestKey: digestKey.toString("base64"), ...identities, cwd, context: told });
	}
	return startPipeline({
		...rest,
		config,
		digestKey,
		cwd,
		onContextThreshold: contextCommand(context),
		diagnostics: context.diagnostics,
		writeAfter: context.writeAfter,
	});
}

/** What comes before the pipeline is loaded waits for it, in its order; what comes later is done at once. */
export function inOrder(pipeline: Promise<Pipeline>, onBug: (error: unknown) => void) {
	let ready: Pipeline | undefined;
	const whenLoaded = async (work: (pipeline: Pipeline) => void) => {
		try {
			ready = await pipeline;
			work(ready);
		} catch (error) {
			onBug(error);
		}
	};
	return (work: (pipeline: Pipeline) => void): void | Promise<void> =>
		ready === undefined ? whenLoaded(work) : work(ready);
}

export function keepCompiled({ dataDir }: Config): void {
	const folder = join(dataDir, "compile-cache");
	try {
		makeFolder(folder, 0o700);
		enableCompileCache(folder);
	} catch {
		// A home that cannot be written costs a few milliseconds.
	}
}

function contextCommand({ config, diagnostics, env, cwd }: RunContext) {
	const command = config.onContextThreshold;
	if (command === undefined) return undefined;
	return ({ sessionId, usedRatio, threshold, transcriptPath }: ContextCrossing) => {
		const variables = {
			CLAUDE_OTEL_SESSION_ID: sessionId,
			CLAUDE_OTEL_CONTEXT_USED_RATIO: usedRatio.toFixed(4),
			CLAUDE_OTEL_CONTEXT_THRESHOLD: String(threshold),
			...(transcriptPath === undefined ? {} : { CLAUDE_OTEL_TRANSCRIPT_PATH: transcriptPath }),
		};
		startUserCommand(command, variables, env, cwd, tellBug(diagnostics));
	};
}
