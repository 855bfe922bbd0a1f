// The flow on one screen: hooks and transcripts → facts → privacy → model → signals → sinks. Loaded when claude
// has been started; nothing in here can reach claude or its terminal.
import { type Clock, systemClock } from "./clock.ts";
import { isSampled } from "./config/sampled.ts";
import type { Config, NativeDestinations } from "./config.ts";
import type { Diagnostics } from "./diagnostics.ts";
import { createAgentReader } from "./intake/agent-payload.ts";
import { readUserId } from "./intake/claude-files.ts";
import type { HookBody } from "./intake/hook-body.ts";
import { readHookPayload } from "./intake/hook-payload.ts";
import { createOtlpReader } from "./intake/otlp-payload.ts";
import { createOtlpRedaction } from "./intake/otlp-redact.ts";
import type { OtlpRequest } from "./intake/otlp-server.ts";
import { type ProcessUsage, readProcessUsage } from "./intake/process-usage.ts";
import { createRepositoryReader } from "./intake/repository.ts";
import { createSessionFinder } from "./intake/session-finder.ts";
import { createTranscriptTail } from "./intake/transcript-file.ts";
import type { Episode, ModelOutput } from "./model/episode.ts";
import type { Fact, Json, RawFact } from "./model/fact.ts";
import { createHistory, type HistoryEntry } from "./model/history.ts";
import { createModel } from "./model/model.ts";
import { createPricing } from "./model/pricing.ts";
import { matchWildcard } from "./model/wildcard.ts";
import { createRunPrivacy } from "./run-privacy.ts";
import { createPresetIds, type PresetIds, parseTraceparent } from "./signals/ids.ts";
import { observeProcesses } from "./signals/process-metrics.ts";
import { resourceOf } from "./signals/resource.ts";
import { createSignals } from "./signals/signals.ts";
import type { NativeForward } from "./sinks/native-forward.ts";
import { createSinks } from "./sinks/providers.ts";
import { VERSION } from "./version.ts";

export interface PipelineOptions {
	config: Config;
	runId: string;
	/** When claude was started: milliseconds since the epoch. */
	startedAt: number;
	sessionSource: "startup" | "resume" | "fork";
	interactive: boolean;
	argsCount: number;
	argsPreview: string;
	token: string;
	/** Per-run key of input digests. */
	digestKey: Uint8Array;
	cwd: string;
	sessionPersistence: boolean;
	/** claude has been told to send its own telemetry to us; where that goes on to. */
	native?: NativeDestinations;
	/** The context window of a session filled up to a threshold. */
	onContextThreshold?(crossing: ContextCrossing): void;
	/** Every fact, when privacy has cleaned it. */
	onFact?(fact: Fact): void;
	/** Everything that becomes a span, when it is complete, with the span's ids. */
	onEpisode?(episode: Episode, span: { traceId: string; spanId: string }): void;
	/** Where telemetry goes instead of where the configuration says, and the generator of its ids. */
	destination?: { open: typeof createSinks; ids?: PresetIds };
	/** Whoever runs it may ask what was said so far. */
	keepHistory?: boolean;
	/** --session-id, or --resume with an id. */
	knownSessionId?: string;
	claudePid: number | undefined;
	diagnostics: Diagnostics;
	/** Standard error, once claude has left the terminal. */
	writeAfter(line: string): void;
	clock?: Clock;
}

export interface ContextCrossing {
	sessionId: string;
	/** Shares of the window, from 0 to 1. */
	usedRatio: number;
	threshold: number;
	transcriptPath?: string;
}

export interface Pipeline {
	hook(body: HookBody): void;
	/** A message of the Agent SDK's stream. */
	message(json: Json): void;
	/** What claude tells of itself over OTLP. */
	otlp(request: OtlpRequest): void;
	history(): HistoryEntry[];
	/** Reads what is left, closes and delivers everything. Never rejects; takes no longer than the exit grace. */
	finish(end: { exitCode?: number; signal?: string }): Promise<{ undelivered?: string }>;
}

/** How often transcripts are read and complete things handed on. */
const TICK_MS = 200;
/** The same until the transcript is found: claude's file of a short run is there for a moment only. */
const SEARCH_TICK_MS = 50;
/** The same while nothing happens, and how long nothing must have happened. */
const IDLE_TICK_MS = 1000;
const IDLE_AFTER_MS = 5000;
/** How often it is looked what claude and we use of the machine. */
const USAGE_MS = 15_000;

export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
	const { config, runId, startedAt, diagnostics, clock = systemClock } = options;
	const privacy = createRunPrivacy(config, [options.token]);
	const repository = createRepositoryReader(clock);
	const ids = options.destination?.ids ?? createPresetIds();
	const sinks = await (options.destination?.open ?? createSinks)({
		config,
		resource: resourceOf({
			runId,
			version: VERSION,
			userId: config.user ?? readUserId(config.claudeConfigDir, config.home),
			team: config.team,
			project: config.project,
			repositoryUrl: repository(options.cwd).url,
			clean: privacy.text,
		}),
		scope: { name: "claude-otel", version: VERSION },
		idGenerator: ids,
		diagnostics,
		writeAfter: options.writeAfter,
		onExportFailure: (signal, count) => signals.metrics.exportFailed(signal, count),
	});
	const inbound = parseTraceparent(config.inbound.traceparent, config.inbound.tracestate);
	const shape = config.traceShape === "auto" ? (options.interactive ? "turn" : "session") : config.traceShape;
	const signals = createSignals({
		...sinks,
		ids,
		runId,
		inbound,
		shape: inbound ? "session" : shape,
		isSampled: (traceId, sampled) => isSampled(config.otel.sampler, traceId, sampled),
		level: config.level === "off" ? "minimal" : config.level,
		semconv: config.semconv,
		extra: cleanTexts(config.attributes, cleanNamed(privacy.text)),
		deniedModels: config.deniedModels,
	});
	const pricing = createPricing();
	const output: ModelOutput = {
		...signals.output,
		episode(episode) {
			signals.output.episode(episode);
			options.onEpisode?.(episode, signals.contextOf(episode.ref, episode));
		},
		moment(moment) {
			signals.output.moment(moment);
			if (moment.kind !== "context.threshold") return;
			const { sessionId, usedRatio, threshold } = moment;
			const transcriptPath = tail.paths().find((path) => path.endsWith(`${sessionId}.jsonl`));
			options.onContextThreshold?.({ sessionId, usedRatio, threshold, transcriptPath });
		},
	};
	const context = { windowOf: pricing.windowOf, thresholds: config.contextThresholds };
	const model = createModel(
		{ price: pricing.price, isExcluded: createExclusion(config.toolsExclude), context },
		output,
	);
	const history = options.keepHistory ? createHistory() : undefined;
	const tail = createTranscriptTail(startedAt, take);
	const readOtlp = createOtlpReader();
	const agent = createAgentReader({ transcript: options.sessionPersistence });
	const passedOn = await passOn();

	/** Where claude's own telemetry goes on to, if anywhere. */
	async function passOn(): Promise<NativeForward | undefined> {
		if (Object.keys(options.native ?? {}).length === 0) return undefined;
		const { createNativeForward } = await import("./sinks/native-forward.ts");
		const redact = await createOtlpRedaction(cleanNamed(privacy.text));
		const { forwardRedact: redactAll, otel } = config;
		const destinations = options.native ?? {};
		return createNativeForward({ destinations, proxies: otel.proxies, diagnostics, redact, redactAll });
	}
	const finder = createSessionFinder(options, (path) => tail.follow(path));

	let calls = 0;
	let lastFactAt = clock();
	function take(raw: RawFact): void {
		const { branch, revision } = raw.cwd === undefined ? {} : repository(raw.cwd);
		const fact = privacy.protect({ ...raw, branch, revision });
		signals.metrics.fact(fact.source);
		lastFactAt = clock();
		if (fact.kind === "tool.requested") calls++;
		if (fact.kind === "message.seen") pricing.expect(fact.requestedModel, fact.at);
		if (fact.kind === "request.answered") pricing.expect(fact.model, fact.at);
		model.apply(fact);
		history?.note(fact);
		options.onFact?.(fact);
	}

	const usage = new Map<string, ProcessUsage>();
	let usageAt = Number.NEGATIVE_INFINITY;
	observeProcesses(sinks.meter, usage);

	function lookAtProcesses(): void {
		if (clock() - usageAt < USAGE_MS) return;
		usageAt = clock();
		for (const [name, pid] of [
			["claude", options.claudePid],
			["claude-otel", process.pid],
		] as const) {
			const sample = pid === undefined ? undefined : readProcessUsage(pid);
			if (sample) usage.set(name, sample);
		}
	}

	function tick(): void {
		lookAtProcesses();
		finder.look();
		tail.poll();
		model.advance(clock());
	}

	take({
		kind: "run.started",
		source: "launch",
		at: startedAt,
		sessionId: "",
		runId,
		sessionSource: options.sessionSource,
		interactive: options.interactive,
		argsCount: options.argsCount,
		argsPreview: options.argsPreview,
		native: options.native !== undefined,
		cwd: options.cwd,
	});
	sinks.warm();
	let timer = tickLater();

	function tickLater(): NodeJS.Timeout {
		const idle = clock() - lastFactAt > IDLE_AFTER_MS;
		const wait = idle ? IDLE_TICK_MS : finder.isSettled() ? TICK_MS : SEARCH_TICK_MS;
		return setTimeout(() => {
			guard(tick);
			timer = tickLater();
		}, wait).unref();
	}

	function guard(work: () => void): void {
		try {
			work();
		} catch (error) {
			diagnostics.say("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
		}
	}

	return {
		hook(body) {
			guard(() => {
				if (!finder.accepts(body.json)) return signals.metrics.dropped("hook");
				for (const fact of readHookPayload(body, options)) {
					agent.see(fact);
					take(fact);
				}
			});
		},
		message(json) {
			guard(() => {
				for (const fact of agent.read(json, clock())) {
					// The stream is this run's alone; its first message tells which session that is.
					finder.admits(fact.sessionId, true);
					take(fact);
				}
			});
		},
		otlp(request) {
			guard(() => {
				passedOn?.forward(request);
				for (const fact of readOtlp(request)) {
					if (finder.admits(fact.sessionId, fact.promptId !== undefined)) take(fact);
					else signals.metrics.dropped("native");
				}
			});
		},
		history: () => history?.entries() ?? [],
		async finish({ exitCode, signal }) {
			clearTimeout(timer);
			guard(() => {
				finder.lookLast();
				tail.poll();
				take({ kind: "run.ended", source: "launch", at: clock(), sessionId: "", exitCode, signal });
			});
			await pricing.ready();
			guard(() => model.settle());
			for (const problem of finder.problems(calls)) diagnostics.say("info", problem);
			const [{ line }, forwarded] = await Promise.all([
				sinks.shutdown(config.exitGraceMs),
				passedOn?.flush(config.exitGraceMs),
			]);
			const lines = [line, forwarded?.line].filter((told) => told !== undefined);
			return { undelivered: lines.length > 0 ? lines.join(" ") : undefined };
		},
	};
}

/** Names of tools, where `*` stands for any characters. */
function createExclusion(patterns: readonly string[]): (toolName: string) => boolean {
	const matchers = patterns.map(matchWildcard);
	return (toolName) => matchers.some((matches) => matches(toolName));
}

function cleanTexts(
	texts: Readonly<Record<string, string>>,
	clean: (text: string, name: string) => string,
): Record<string, string> {
	return Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, clean(value, name)]));
}

/** With its name before it: `password` says of any text that it is a secret. */
function cleanNamed(clean: (text: string) => string): (text: string, name?: string) => string {
	return (text, name) => {
		const named = name === undefined ? undefined : clean(`${name}=${text}`);
		return named?.startsWith(`${name}=`) ? named.slice(`${name}=`.length) : clean(text);
	};
}
