// What a run's configuration says of how its session is told → kept beside its facts, so that another process tells the
// same session in the same bytes. Where things are sent is not part of it, nor anything secret: that is the business of
// whoever sends.
import { createHash } from "node:crypto";
import type { Config, OtelConfig } from "../config.ts";
import type { RawFact } from "../model/fact.ts";
import { readNamedFile } from "../read-plain-file.ts";
import type { TailSampling } from "../signals/tail-sampling.ts";

/** Of the configuration, what changes bytes. */
export interface Told
	extends Pick<Config, "deniedModels" | "toolsExclude" | "contextThresholds" | "semconv">,
		Pick<OtelConfig, "sampler" | "spanLimits" | "logLimits" | "temporality" | "histogram"> {
	level: "minimal" | "standard" | "full";
	shape: "session" | "turn";
	inbound: { traceparent?: string; tracestate?: string };
	sample: TailSampling;
}

export interface RunContext {
	told: Told;
	startedAt: number;
	/** Mark of the folder of its transcripts. */
	project: string;
	claudeConfigDir: string;
	sessionPersistence: boolean;
	sessionSource: "startup" | "resume" | "fork";
	interactive: boolean;
	argsCount: number;
	argsPreview: string;
	/** claude's own telemetry was asked for. */
	native: boolean;
	knownSessionId?: string;
	/** The session that this one was forked from. */
	forkedFrom?: string;
	/** Of the redaction that the kept facts went through: texts are read again only under the same. */
	redaction: string;
	/** As exported; absent where the process died before it was made. */
	resource?: Record<string, unknown>;
	/** CLAUDE_OTEL_ATTRIBUTES, clean. */
	extra?: Record<string, string>;
}

/** The first fact of a run. */
export function runStarted(runId: string, context: RunContext, cwd?: string): RawFact {
	const { startedAt: at, sessionSource, interactive, argsCount, argsPreview, native } = context;
	const told = { runId, sessionSource, interactive, argsCount, argsPreview, native, cwd };
	return { kind: "run.started", source: "launch", at, sessionId: "", ...told };
}

export function toldOf(config: Config, interactive: boolean): Told {
	const { otel } = config;
	const shape = config.traceShape === "auto" ? (interactive ? "turn" : "session") : config.traceShape;
	return {
		level: config.level === "off" ? "minimal" : config.level,
		semconv: config.semconv,
		shape,
		inbound: { traceparent: config.inbound.traceparent, tracestate: config.inbound.tracestate },
		deniedModels: config.deniedModels,
		toolsExclude: config.toolsExclude,
		contextThresholds: config.contextThresholds,
		sample: { ratio: config.sample, costUsd: config.sampleCostUsd, slowTurnMs: config.sampleSlowTurnMs },
		sampler: otel.sampler,
		spanLimits: otel.spanLimits,
		logLimits: otel.logLimits,
		temporality: otel.temporality,
		histogram: otel.histogram,
	};
}

/** The same for the same rules; says nothing of them. */
export function redactionMark(config: Config): string {
	const { level, maxAttrLength, maxPayloadBytes, redactPatterns, redactAllowlist, redactDisableDefaults } = config;
	const file = config.redactConfig === undefined ? undefined : readOrNothing(config.redactConfig);
	const rules = [level, maxAttrLength, maxPayloadBytes, redactPatterns, redactAllowlist, redactDisableDefaults, file];
	return createHash("sha256").update(JSON.stringify(rules)).digest("base64url").slice(0, 22);
}

function readOrNothing(path: string): string | undefined {
	try {
		return readNamedFile(path).toString();
	} catch {
		return undefined;
	}
}

export function writeContext(context: RunContext): string {
	return JSON.stringify(context);
}

/** Undefined where it is none: another version wrote it. */
export function readContext(text: string): RunContext | undefined {
	try {
		const context = JSON.parse(text) as RunContext;
		return typeof context.told?.level === "string" && typeof context.startedAt === "number" ? context : undefined;
	} catch {
		return undefined;
	}
}
