// The pipeline as a run starts it, without a claude and with a file as its only destination. In: a home, a file.
import type { Clock } from "../../src/clock.ts";
import { loadConfig } from "../../src/config.ts";
import type { Diagnostics } from "../../src/diagnostics.ts";
import { toldOf } from "../../src/pipeline/run-context.ts";
import { type Pipeline, startPipeline } from "../../src/pipeline.ts";

export interface Start {
	home: string;
	/** Gets all that is exported. */
	file: string;
	startedAt: number;
	clock?: Clock;
	diagnostics: Diagnostics;
}

export function startIn({ home, file, startedAt, clock, diagnostics }: Start): Promise<Pipeline> {
	const none = { OTEL_TRACES_EXPORTER: "none", OTEL_METRICS_EXPORTER: "none", OTEL_LOGS_EXPORTER: "none" };
	const { config } = loadConfig({ HOME: home, CLAUDE_OTEL_FILE: file, ...none }, "linux");
	return startPipeline({
		config,
		runId: "11111111-2222-4333-8444-555555555555",
		context: {
			told: toldOf(config, false),
			redaction: "",
			startedAt,
			project: "",
			claudeConfigDir: home,
			sessionPersistence: false,
			sessionSource: "startup",
			interactive: false,
			argsCount: 0,
			argsPreview: "",
			native: false,
		},
		token: "a-token-of-the-run",
		digestKey: Buffer.from("key"),
		cwd: home,
		claudePid: undefined,
		diagnostics,
		writeAfter() {},
		clock,
	});
}
