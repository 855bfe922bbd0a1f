// Episodes and moments → counters and histograms. Only bounded values become attributes of metrics.
import type { Attributes, Counter, Gauge, Histogram, Meter, UpDownCounter } from "@opentelemetry/api";
import type { ChatEpisode, Episode, ModelOutput, Moment, ToolEpisode } from "../model/episode.ts";
import { promptTokens } from "../model/usage.ts";
import { usd } from "./attributes.ts";
import { METRICS, type MetricName } from "./names.ts";

/** Tool names that get series of their own; further ones are `other`. */
const TOOL_NAMES_MAX = 100;

export interface Metrics {
	sessionOpened(source: string): void;
	episode(episode: Episode): void;
	moment(moment: Moment): void;
	hooksRan(hookEvent: string, hooks: number, durationMs: number): void;
	limitTold(window: string, usedRatio: number): void;
	counted: ModelOutput["counted"];
	inFlight(toolName: string, change: 1 | -1): void;
	fact(source: string): void;
	dropped(source: string): void;
	late(source: string): void;
	exportFailed(signal: string, count: number): void;
	/** Asked at each collection. */
	watchSpool(bytes: () => number): void;
}

const COUNTERS = {
	lines_of_code: "claude.lines_of_code_total",
	commits: "claude.commits_total",
	pull_requests: "claude.pull_requests_total",
	active_time: "claude.active_time_s_total",
} as const satisfies Record<string, MetricName>;

type NamesOf<K> = { [N in MetricName]: (typeof METRICS)[N]["kind"] extends K ? N : never }[MetricName];

export function createMetrics(meter: Meter): Metrics {
	const counters = new Map<string, Counter>();
	const histograms = new Map<string, Histogram>();
	const gauges = new Map<string, Gauge>();
	const toolNames = new Set<string>();
	let flying: UpDownCounter | undefined;

	function count(name: NamesOf<"counter">, value: number, attributes: Attributes): void {
		let counter = counters.get(name);
		if (!counter) {
			const { unit, meaning } = METRICS[name];
			counter = meter.createCounter(name, { unit, description: meaning });
			counters.set(name, counter);
		}
		counter.add(value, attributes);
	}

	function record(name: NamesOf<"histogram">, value: number, attributes: Attributes): void {
		let histogram = histograms.get(name);
		if (!histogram) {
			const { unit, meaning, buckets } = METRICS[name];
			const advice = { explicitBucketBoundaries: [...buckets] };
			histogram = meter.createHistogram(name, { unit, description: meaning, advice });
			histograms.set(name, histogram);
		}
		histogram.record(value, attributes);
	}

	function gauge(name: NamesOf<"gauge">, value: number, attributes: Attributes): void {
		let found = gauges.get(name);
		if (!found) {
			const { unit, meaning } = METRICS[name];
			found = meter.createGauge(name, { unit, description: meaning });
			gauges.set(name, found);
		}
		found.record(value, attributes);
	}

	function boundedTool(toolName: string): string {
		if (toolNames.has(toolName)) return toolName;
		if (toolNames.size >= TOOL_NAMES_MAX) return "other";
		toolNames.add(toolName);
		return toolName;
	}

	function noteChat(chat: ChatEpisode): void {
		const model = chat.requestedModel ?? "unknown";
		const where = { model, query_source: chat.querySource };
		const failed = chat.errorType !== undefined;
		// A request that failed for good, or was broken off, has the cost of what was lost.
		const cost = usd(chat.picoUsd);
		if (cost !== undefined) count("claude.cost_usd_total", cost, where);
		if (chat.broken) return;
		count("claude.model_requests_total", 1, { ...where, status: failed ? "error" : "ok" });
		const operation = { "gen_ai.operation.name": "chat", "gen_ai.request.model": model };
		record("gen_ai.client.operation.duration", (chat.end - chat.start) / 1000, {
			...operation,
			...(failed ? { "error.type": chat.errorType } : {}),
		});
		if (chat.firstChunkMs !== undefined) {
			record("gen_ai.client.operation.time_to_first_chunk", chat.firstChunkMs / 1000, {
				"gen_ai.request.model": model,
			});
		}
		if (chat.contextUsedRatio !== undefined)
			gauge("claude.context_window_used_ratio", chat.contextUsedRatio, { model });
		if (failed) {
			count("claude.api_errors_total", 1, { "error.type": chat.errorType, model });
			return;
		}
		if (chat.tokensSource === "unknown") return;
		const { usage } = chat;
		const byType = {
			input: usage.input,
			output: usage.output,
			cache_read: usage.cacheRead,
			cache_creation_5m: usage.cacheCreation5m,
			cache_creation_1h: usage.cacheCreation1h,
		};
		for (const [type, value] of Object.entries(byType)) {
			if (value > 0) count("claude.tokens_total", value, { ...where, type });
		}
		record("gen_ai.client.token.usage", promptTokens(usage), { ...operation, "gen_ai.token.type": "input" });
		record("gen_ai.client.token.usage", usage.output, { ...operation, "gen_ai.token.type": "output" });
		count(usage.cacheRead > 0 ? "claude.cache_hits_total" : "claude.cache_misses_total", 1, { model });
		if (usage.cacheCreation5m + usage.cacheCreation1h > 0) count("claude.cache_creations_total", 1, { model });
		if (chat.answer) record("claude.payload_bytes", chat.answer.bytes, { direction: "response" });
	}

	function noteTool(tool: ToolEpisode): void {
		const name = boundedTool(tool.toolName);
		const attributes = { "tool.name": name, "tool.status": tool.status };
		count("claude.tool_calls_total", 1, attributes);
		if (tool.status === "error") {
			count("claude.tool_calls_errors_total", 1, { "tool.name": name, "error.type": tool.errorType ?? "tool_error" });
		}
		if (tool.durationMs !== undefined) record("claude.tool_call_duration_ms", tool.durationMs, attributes);
		const { input, response } = tool.contents;
		if (input) record("claude.payload_bytes", input.bytes, { "tool.name": name, direction: "tool_input" });
		if (response) record("claude.payload_bytes", response.bytes, { "tool.name": name, direction: "tool_output" });
	}

	return {
		sessionOpened: (source) => count("claude.sessions_total", 1, { "session.source": source }),
		episode(episode) {
			if (episode.kind === "chat") noteChat(episode);
			else if (episode.kind === "tool") noteTool(episode);
			else if (episode.kind === "compaction") {
				count("claude.context_compactions_total", 1, { trigger: episode.trigger });
			} else if (episode.kind === "turn") {
				count("claude.turns_total", 1, { "turn.synthetic": episode.synthetic, "turn.status": episode.status });
				if (episode.latencyMs !== undefined) record("claude.prompt_latency_ms", episode.latencyMs, {});
				if (episode.prompt) record("claude.payload_bytes", episode.prompt.bytes, { direction: "prompt" });
			} else if (episode.kind === "session") {
				const attributes = { "session.end_reason": episode.endReason };
				record("claude.session_duration_ms", episode.end - episode.start, attributes);
			}
		},
		moment(moment) {
			if (moment.kind === "cost.drift") {
				const drift = usd(moment.ownPicoUsd - moment.clientPicoUsd) ?? 0;
				gauge("claude.cost_drift_usd", drift, { model: moment.model });
			}
			if (moment.kind !== "api.retry") return;
			count("claude.api_errors_total", 1, { "error.type": moment.errorType, model: moment.model ?? "unknown" });
		},
		hooksRan(hookEvent, hooks, durationMs) {
			count("claude.hooks_total", hooks, { hook_event: hookEvent });
			record("claude_otel.hook_overhead_ms", durationMs, { hook_event: hookEvent });
		},
		limitTold: (window, usedRatio) => gauge("claude.rate_limit_used_ratio", usedRatio, { window }),
		counted: (counter, type, value) => count(COUNTERS[counter], value, type === undefined ? {} : { type }),
		inFlight(toolName, change) {
			const { unit, meaning } = METRICS["claude.tools_in_flight"];
			flying ??= meter.createUpDownCounter("claude.tools_in_flight", { unit, description: meaning });
			flying.add(change, { "tool.name": boundedTool(toolName) });
		},
		fact: (source) => count("claude_otel.facts_total", 1, { source }),
		dropped: (source) => count("claude_otel.facts_dropped_total", 1, { source }),
		late: (source) => count("claude_otel.late_facts_total", 1, { source }),
		exportFailed: (signal, failed) => count("claude_otel.export_failures_total", failed, { signal }),
		watchSpool(bytes) {
			const { unit, meaning } = METRICS["claude_otel.spool_bytes"];
			meter
				.createObservableGauge("claude_otel.spool_bytes", { unit, description: meaning })
				.addCallback((result) => result.observe(bytes()));
		},
	};
}
