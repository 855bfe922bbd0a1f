// What the model tells → spans, metrics and records, as the level allows.
import type { Logger, Meter, Tracer } from "@opentelemetry/api";
import type { ModelOutput } from "../model/episode.ts";
import type { Semconv } from "./attributes.ts";
import type { InboundTrace, PresetIds } from "./ids.ts";
import { createLogs } from "./logs.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { ATTRIBUTES } from "./names.ts";
import { createSpans, type Spans } from "./spans.ts";
import { createTailSampling, type TailSampling } from "./tail-sampling.ts";

export interface SignalOptions {
	tracer: Tracer;
	meter: Meter;
	logger: Logger;
	ids: PresetIds;
	runId: string;
	shape: "session" | "turn";
	inbound: InboundTrace | undefined;
	isSampled(traceId: string, inbound?: boolean): boolean;
	level: "minimal" | "standard" | "full";
	/** Which sessions become spans and records; metrics count them all. */
	sample: TailSampling;
	semconv: Semconv;
	/** Onto session and turn spans and records. */
	extra: Record<string, string>;
	deniedModels: readonly string[];
}

export interface Signals {
	output: ModelOutput;
	metrics: Metrics;
	/** The span of a thing. */
	contextOf: Spans["contextOf"];
}

export function createSignals(options: SignalOptions): Signals {
	const minimal = options.level === "minimal";
	const extra = withoutOwnNames(options.extra);
	const metrics = createMetrics(options.meter);
	const spans = createSpans({ ...options, extra, sessionsAndTurnsOnly: minimal });
	const logs = minimal ? undefined : createLogs({ ...options, extra, spans });
	const told = createTailSampling(options.sample, options.runId, {
		episode(episode) {
			spans.episode(episode);
			logs?.episode(episode);
		},
		moment: (moment) => logs?.moment(moment),
	});
	const output: ModelOutput = {
		sessionOpened(session) {
			metrics.sessionOpened(session.source);
			spans.sessionOpened(session);
		},
		episode(episode) {
			metrics.episode(episode);
			told.episode(episode);
		},
		moment(moment) {
			metrics.moment(moment);
			told.moment(moment);
		},
		hooksRan: metrics.hooksRan,
		limitTold: metrics.limitTold,
		counted: metrics.counted,
		inFlight: metrics.inFlight,
		late: metrics.late,
	};
	return { output, metrics, contextOf: spans.contextOf };
}

/** What we say of a session is not to be said otherwise by a setting: backends join by it. */
function withoutOwnNames(attributes: Readonly<Record<string, string>>): Record<string, string> {
	return Object.fromEntries(Object.entries(attributes).filter(([name]) => !Object.hasOwn(ATTRIBUTES, name)));
}
