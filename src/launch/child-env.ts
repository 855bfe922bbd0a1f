// Our environment → claude's: the same, plus what names this run. What an outer run left there is replaced, so that an
// inner one never speaks to the outer one's doors.
import { RUN_VARIABLES } from "../config.ts";

export interface RunVariables {
	runId: string;
	token: string;
	socketPath?: string;
	/** Of the session span; undefined: the inbound one stays. */
	traceparent?: string;
	/** What switches Claude Code's own telemetry on towards us. */
	native?: Readonly<Record<string, string>>;
}

export function envForRun(env: NodeJS.ProcessEnv, run: RunVariables): NodeJS.ProcessEnv {
	const child = { ...envWithoutRun(env), ...run.native };
	child.CLAUDE_OTEL_RUN = run.runId;
	child.CLAUDE_OTEL_TOKEN = run.token;
	if (run.socketPath !== undefined) child.CLAUDE_OTEL_SOCKET = run.socketPath;
	if (run.traceparent !== undefined) {
		child.TRACEPARENT = run.traceparent;
		// It goes with its trace, and with another one it is to be discarded (W3C Trace Context, 3.3).
		if (traceIn(env.TRACEPARENT) !== traceIn(run.traceparent)) delete child.TRACESTATE;
	}
	return child;
}

function traceIn(traceparent: string | undefined): string | undefined {
	return traceparent?.split("-")[1];
}

/** For a session that outlives us: nothing of any run of ours. */
export function envWithoutRun(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
	const child = { ...env };
	for (const variable of RUN_VARIABLES) delete child[variable];
	return child;
}
