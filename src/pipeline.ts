// Stub until the real one is here: counts hooks and forgets them.
import type { Config } from "./config.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type { HookBody } from "./intake/hook-body.ts";

export interface PipelineOptions {
	config: Config;
	runId: string;
	startedAt: number;
	sessionSource: "startup" | "resume" | "fork";
	interactive: boolean;
	argsCount: number;
	argsPreview: string;
	token: string;
	digestKey: Uint8Array;
	cwd: string;
	sessionPersistence: boolean;
	/** --session-id or --resume <uuid> */
	knownSessionId?: string;
	claudePid: number | undefined;
	diagnostics: Diagnostics;
	writeAfter(line: string): void;
}

export interface Pipeline {
	hook(body: HookBody): void;
	finish(end: { exitCode?: number; signal?: string }): Promise<{ undelivered?: string }>;
}

export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
	let hooks = 0;
	return {
		hook(body) {
			hooks++;
			options.diagnostics.say("info", `hook ${String(body.json.hook_event_name)} ${body.bytes} bytes`);
		},
		async finish(end) {
			options.diagnostics.say("info", `${hooks} hooks, ${JSON.stringify(end)}`);
			return {};
		},
	};
}
