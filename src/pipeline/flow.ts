// Raw facts → privacy → own ones → kept → model → signals: the middle of the flow, the same for a run that goes on and for one that
// is told again after its process has died. A fact is kept before it is applied, so what was told can be told again.
import { isSampled } from "../config/sampled.ts";
import type { Episode, ModelOutput } from "../model/episode.ts";
import type { Fact, RawFact } from "../model/fact.ts";
import { createModel } from "../model/model.ts";
import { createOwnPrompts } from "../model/own-prompts.ts";
import { createPricing, type Pricing } from "../model/pricing.ts";
import { matchWildcard } from "../model/wildcard.ts";
import type { ContextCrossing } from "../pipeline.ts";
import { type PresetIds, parseTraceparent } from "../signals/ids.ts";
import type { Metrics } from "../signals/metrics.ts";
import { createSignals, type Signals } from "../signals/signals.ts";
import type { Sinks } from "../sinks/providers.ts";
import { createContentExclusion } from "./excluded-content.ts";
import type { Told } from "./run-context.ts";

export interface FlowOptions {
	runId: string;
	told: Told;
	/** Onto session and turn spans and records, already clean. */
	extra: Record<string, string>;
	sinks: Pick<Sinks, "tracer" | "meter" | "logger">;
	ids: PresetIds;
	protect(fact: RawFact): Fact;
	/** Keeps facts before they are applied. */
	keep?(facts: readonly Fact[]): void;
	/** The model has handed something on when it was told this time. */
	onAdvanced?(at: number, late: boolean): void;
	/** A fact that could not be taken: it costs itself alone. */
	onBug(error: unknown): void;
	/** Every fact, when it has been applied. */
	onFact?(fact: Fact): void;
	/** Sees what is handed on, with the ids of its span. */
	onEpisode?(episode: Episode, span: { traceId: string; spanId: string }): void;
	onContextThreshold?(crossing: ContextCrossing): void;
	/** Where a session is written down. */
	transcriptOf?(sessionId: string): string | undefined;
}

export interface Flow {
	/** What one witness tells at once. */
	take(raws: readonly RawFact[]): void;
	/** Facts that were kept before. */
	apply(fact: Fact): void;
	/** `late`: as it was then, where a run is told again. */
	advance(now: number, late?: boolean): void;
	settle(): void;
	metrics: Metrics;
	pricing: Pricing;
}

export function createFlow(options: FlowOptions): Flow {
	const { told, runId, protect } = options;
	const inbound = parseTraceparent(told.inbound.traceparent, told.inbound.tracestate);
	const signals = createSignals({
		...options.sinks,
		ids: options.ids,
		runId,
		inbound,
		shape: inbound ? "session" : told.shape,
		isSampled: (traceId, sampled) => isSampled(told.sampler, traceId, sampled),
		level: told.level,
		sample: told.sample,
		semconv: told.semconv,
		extra: options.extra,
		deniedModels: told.deniedModels,
	});
	const pricing = createPricing();
	let handedOn = false;
	const output = noticing(withListeners(signals, options), () => {
		handedOn = true;
	});
	const context = { windowOf: pricing.windowOf, thresholds: told.contextThresholds };
	const isExcluded = createExclusion(told.toolsExclude);
	const withoutExcluded = createContentExclusion(isExcluded);
	const model = createModel({ price: pricing.price, isExcluded, context }, output);

	function guard<T>(source: string, work: () => T): T | undefined {
		try {
			return work();
		} catch (error) {
			signals.metrics.dropped(source);
			options.onBug(error);
			return undefined;
		}
	}

	const own = createOwnPrompts(() => signals.metrics.dropped("transcript"));

	function keep(facts: readonly Fact[]): void {
		if (facts.length > 0) options.keep?.(facts);
		for (const fact of facts) guard(fact.source, () => applyFact(fact));
	}

	function applyFact(fact: Fact): void {
		signals.metrics.fact(fact.source);
		if (fact.kind === "message.seen") pricing.expect(fact.requestedModel, fact.at);
		if (fact.kind === "request.answered") pricing.expect(fact.model, fact.at);
		model.apply(fact);
		options.onFact?.(fact);
	}

	return {
		take(raws) {
			if (raws.length === 0) return;
			keep(raws.flatMap((raw) => guard(raw.source, () => own.admit(withoutExcluded(protect(raw)))) ?? []));
		},
		apply(kept) {
			for (const fact of own.admit(kept)) guard(fact.source, () => applyFact(fact));
		},
		advance(now, late) {
			handedOn = false;
			const looked = model.advance(now, late);
			if (handedOn) options.onAdvanced?.(now, looked);
		},
		settle() {
			keep(own.rest());
			model.settle();
		},
		metrics: signals.metrics,
		pricing,
	};
}

/** Episodes and moments are told in the order in which the model knew enough: what a replay has to repeat. */
function noticing(output: ModelOutput, notice: () => void): ModelOutput {
	return {
		...output,
		sessionOpened(session) {
			notice();
			output.sessionOpened(session);
		},
		episode(episode) {
			notice();
			output.episode(episode);
		},
		moment(moment) {
			notice();
			output.moment(moment);
		},
	};
}

function withListeners(
	{ output, contextOf }: Pick<Signals, "output" | "contextOf">,
	{ onEpisode, onContextThreshold, transcriptOf }: FlowOptions,
): ModelOutput {
	return {
		...output,
		episode(episode) {
			output.episode(episode);
			onEpisode?.(episode, contextOf(episode.ref, episode));
		},
		moment(moment) {
			output.moment(moment);
			if (moment.kind !== "context.threshold") return;
			const { sessionId, usedRatio, threshold } = moment;
			onContextThreshold?.({ sessionId, usedRatio, threshold, transcriptPath: transcriptOf?.(sessionId) });
		},
	};
}

/** Names of tools, where `*` stands for any characters. */
function createExclusion(patterns: readonly string[]): (toolName: string) => boolean {
	const matchers = patterns.map(matchWildcard);
	return (toolName) => matchers.some((matches) => matches(toolName));
}
