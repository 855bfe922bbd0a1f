// One set of settings → what a program does with it: runs prompts, watches queries of its own, hears what happens in them,
// and waits at its end until everything is delivered.
import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { RunContext } from "../cli/run-context.ts";
import { cliMistakes } from "../cli/sentences.ts";
import { hooksFor, traceAgent } from "../cli/trace-agent.ts";
import { systemClock } from "../clock.ts";
import { type AgentEnd, hookCallbacks, type Query, type SDKMessage, type TracedAgent } from "../launch/agent-runner.ts";
import { findClaude } from "../launch/find-claude.ts";
import { loadSdk } from "../launch/load-sdk.ts";
import type { SdkOptions } from "../launch/sdk-args.ts";
import type { HistoryEntry } from "../model/history.ts";
import type { PipelineOptions } from "../pipeline.ts";
import { createSharedIds, type PresetIds, parseTraceparent, sessionTraceId } from "../signals/ids.ts";
import { createProviderSinks } from "../sinks/provider-sinks.ts";
import type { Providers, TelemetrySink } from "../sinks/sink-types.ts";
import { argsOf } from "./agent-args.ts";
import { callBack } from "./call-back.ts";
import { createEvents, type EventOptions, type Events } from "./events.ts";
import { createHookRouter } from "./hook-router.ts";
import { observeQuery } from "./observe.ts";
import { type ObserveOptions, readSettings, type TelemetrySettings } from "./settings.ts";
import { createWebhook, type WebhookOptions, type WebhookStats } from "./webhook.ts";

export interface TelemetryOptions extends TelemetrySettings, EventOptions {
	/**
	 * OpenTelemetry providers that the program has. The tracer provider must have been made with `idGenerator:
	 * createIdGenerator()`, and that generator is handed over here: the ids of our spans are made from what they tell of,
	 * and spans of yours keep their random ids. They are flushed and never shut down.
	 */
	providers?: Providers & { idGenerator: PresetIds };
	/** Where telemetry goes instead of over OTLP: `createMemorySink` of `claude-otel/testing`. */
	sink?: TelemetrySink;
	webhook?: WebhookOptions;
}

export interface RunOptions {
	/** For the SDK's query(). How claude is started is our part. */
	options?: Omit<SdkOptions, "spawnClaudeCodeProcess">;
	/** Every message of the stream, as it comes. */
	onMessage?(message: SDKMessage): void;
}

export interface AgentRun {
	/** What claude answered at last; of a run that failed the reason, if there is one. */
	text: string;
	/** claude's own: 0 where it answered, and after an interrupt. */
	exitCode?: number;
	signal?: string;
	/** One for each turn. */
	results: AgentEnd["results"];
	sessionId?: string;
	/** 32 hex digits: where to find the run. */
	traceId: string;
	/** US dollars, as the client counts. */
	costUsd: number;
	/** Prompts, answers and calls, with as many of their words as the level allows. */
	history: HistoryEntry[];
}

export interface TelemetryStats {
	webhook?: WebhookStats;
	/** Times that a callback or filter has thrown. */
	callbackErrors: number;
}

export interface Telemetry {
	/** One prompt, to its end. Rejects where claude or the SDK is not there; a run that fails has a result that says so. */
	run(prompt: string, options?: RunOptions): Promise<AgentRun>;
	/** A session that waits for prompts: `send`, `interrupt`, `close`, and `ended` when it is over. */
	start(options?: RunOptions): Promise<TracedAgent>;
	/** The same query, traced. A loop over it ends when the trace is delivered. */
	observe(query: Query, options?: ObserveOptions): Query;
	/** Options for a query that is to be observed, with our hooks beside those that are there: exact times of tools. */
	instrument(options?: SdkOptions): SdkOptions;
	stats(): TelemetryStats;
	/** Resolves when what has ended is delivered and the webhook has its events, or time is over. Never rejects. */
	shutdown(timeoutMs?: number): Promise<void>;
}

const PACKAGE_ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Throws a UserMistake, one sentence with the cure, where a setting cannot be used. */
export function createTelemetry(options: TelemetryOptions = {}): Telemetry {
	const settings = readSettings(options);
	const { config, diagnostics, env } = settings;
	const isOff = config.level === "off" || config.otel.disabled;
	const destination = destinationOf(options);
	const inbound = parseTraceparent(config.inbound.traceparent);
	const webhook = options.webhook && createWebhook(options.webhook, (reason) => diagnostics.say("warn", reason));
	const router = createHookRouter();
	const open = new Set<Promise<unknown>>();
	let callbackErrors = 0;

	function begin(): { runId: string; traceId: string; events: Events; onEpisode: Events["episode"] } {
		const runId = randomUUID();
		const traceId = inbound?.traceId ?? sessionTraceId(runId, 0);
		const events = createEvents({ runId, traceId }, options, webhook?.send, countError("A callback"));
		return { runId, traceId, events, onEpisode: events.episode };
	}

	const countError = (callback: string) => (error: unknown) => {
		callbackErrors++;
		diagnostics.say("warn", `${callback} has thrown: ${error instanceof Error ? error.message : String(error)}`);
	};

	function keep<T>(work: Promise<T>): Promise<T> {
		open.add(work);
		const forget = () => void open.delete(work);
		work.then(forget, forget);
		return work;
	}

	async function startRun({ options: sdkOptions = {}, onMessage }: RunOptions, prompt?: string) {
		const sdk = await loadSdk();
		if (sdk === undefined) throw cliMistakes.sdkMissingForPrograms();
		const { stderr, abortController, env: agentEnv, cwd = process.cwd() } = sdkOptions;
		// The system would say of claude that it is not there.
		if (!isFolder(cwd)) throw cliMistakes.noFolder(cwd);
		const { runId, traceId, events, onEpisode } = begin();
		const context: RunContext = {
			config,
			diagnostics,
			env: agentEnv ?? env,
			cwd,
			packageRoot: PACKAGE_ROOT,
			embedded: true,
			stdoutIsTerminal: false,
			stderrIsTerminal: true,
			stderrColorLevel: () => 0,
			stderrColumns: () => undefined,
			writeAfter: (line) => diagnostics.say("warn", line.trimEnd()),
		};
		const agent = await traceAgent({
			sdk,
			args: argsOf(sdkOptions),
			sdkOptions,
			claude: claudeFor(sdkOptions, context),
			context,
			runId,
			prompt,
			destination,
			signals: "keep",
			partialMessages: true,
			canUseTool: sdkOptions.canUseTool,
			onStderr: stderr ?? (() => {}),
			onFact: events.fact,
			onEpisode,
			onMessage(message) {
				events.message(message, systemClock());
				if (!sdkOptions.includePartialMessages && message.type === "stream_event") return;
				callBack(() => onMessage?.(message), countError("onMessage"));
			},
		});
		abortController?.signal.addEventListener("abort", () => agent.stop(), { once: true });
		if (abortController?.signal.aborted) agent.stop();
		keep(agent.ended.catch(() => {}));
		return { agent, traceId };
	}

	return {
		async run(prompt, runOptions = {}) {
			if (prompt.trim() === "") throw cliMistakes.emptyPrompt();
			const { agent, traceId } = await startRun(runOptions, prompt);
			const { error, results, exitCode, signal } = await agent.ended;
			if (error !== undefined && results.length === 0) throw error;
			const last = results.at(-1);
			return {
				text: last?.subtype === "success" ? last.result : (last?.errors.join("\n") ?? ""),
				exitCode,
				signal,
				results,
				sessionId: last?.session_id,
				traceId,
				costUsd: last?.total_cost_usd ?? 0,
				history: agent.history(),
			};
		},
		start: async (runOptions = {}) => (await startRun(runOptions)).agent,
		observe(query, observeOptions = {}) {
			if (isOff) return query;
			const observation = { ...settings, ...begin(), destination, onSession: router.connect };
			const observed = observeQuery(query, observeOptions, observation);
			void keep(observed.done);
			return observed.query;
		},
		instrument(sdkOptions = {}) {
			if (isOff) return sdkOptions;
			const sessionPersistence = sdkOptions.persistSession !== false;
			const hooks = hookCallbacks({
				args: { options: sdkOptions, moreArgs: [] },
				hooks: hooksFor({ sessionPersistence, flags: new Set() }),
				onHook: (payload) => router.take(payload, systemClock()),
			});
			// With the pieces of an answer comes what it used.
			return { ...sdkOptions, hooks };
		},
		stats: () => ({ webhook: webhook?.stats(), callbackErrors }),
		async shutdown(timeoutMs = config.exitGraceMs) {
			let timer: NodeJS.Timeout | undefined;
			const late = new Promise<void>((resolve) => {
				timer = setTimeout(resolve, timeoutMs);
			});
			await Promise.race([Promise.allSettled(open), late]);
			clearTimeout(timer);
			await webhook?.flush(timeoutMs);
		},
	};
}

function isFolder(path: string): boolean {
	return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function destinationOf({ sink, providers }: TelemetryOptions): PipelineOptions["destination"] {
	if (providers === undefined) return sink as PipelineOptions["destination"];
	return { open: createProviderSinks(providers), ids: providers.idGenerator };
}

/** The one that the options name, else the user's own, else the one that the SDK brings along. */
function claudeFor(
	{ pathToClaudeCodeExecutable: path }: SdkOptions,
	{ config, cwd, packageRoot }: RunContext,
): { path: string } | "bundled" | undefined {
	if (path !== undefined) return { path };
	// Who names one and is wrong is told so.
	if (config.claudeBin !== undefined) return undefined;
	const found = findClaude({ ...config, cwd, packageRoot, platform: process.platform });
	return "path" in found ? found : "bundled";
}

/** For `new TracerProvider({ idGenerator })`, and with the provider for `createTelemetry`. */
export function createIdGenerator(): PresetIds {
	return createSharedIds();
}
