// The flow on one screen: hooks and transcripts → facts → privacy → model → signals → sinks. Loaded when claude
// has been started; nothing in here can reach claude or its terminal.

import { forgetBegun } from "./begun-runs.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Config, NativeDestinations } from "./config.ts";
import type { Diagnostics } from "./diagnostics.ts";
import { readUserId } from "./intake/claude-files.ts";
import type { HookBody } from "./intake/hook-body.ts";
import type { OtlpRequest } from "./intake/otlp-server.ts";
import { createRepositoryReader } from "./intake/repository.ts";
import type { Episode } from "./model/episode.ts";
import type { Fact, Json } from "./model/fact.ts";
import { createHistory, type HistoryEntry } from "./model/history.ts";
import { cleanNamed, cleanResource, cleanTexts } from "./pipeline/clean-texts.ts";
import { createFlow } from "./pipeline/flow.ts";
import { NOTHING_KEPT, openKeeping } from "./pipeline/keeping.ts";
import { openPassOn } from "./pipeline/pass-on.ts";
import { createRecovery } from "./pipeline/recovery.ts";
import { type RunContext, runStarted, writeContext } from "./pipeline/run-context.ts";
import { createUsageWatch } from "./pipeline/usage-watch.ts";
import { createWitnesses } from "./pipeline/witnesses.ts";
import { identityOf } from "./process-identity.ts";
import { createRunPrivacy } from "./run-privacy.ts";
import { createPresetIds, type PresetIds, parseTraceparent, sessionTraceId } from "./signals/ids.ts";
import { resourceOf } from "./signals/resource.ts";
import { tellDelivered } from "./sinks/delivery.ts";
import type { Ledger } from "./sinks/lines.ts";
import { createSinks } from "./sinks/providers.ts";
import type { Journal } from "./store/journal.ts";
import { VERSION } from "./version.ts";

export { flushSpool } from "./pipeline/flush-spool.ts";
export { type InspectedDatabase, type InspectedKeeping, inspectKeeping } from "./pipeline/inspect-keeping.ts";
export { openKeeping } from "./pipeline/keeping.ts";
export { type ProbedSignal, probeDelivery } from "./pipeline/probe-delivery.ts";
export { isGivenUp, type RecoveredRun, type RecoveryBounds, recoverRuns } from "./pipeline/recovery.ts";

export interface PipelineOptions {
	config: Config;
	runId: string;
	/** What is kept of the run, so that another process can tell it. */
	context: Omit<RunContext, "resource" | "extra">;
	token: string;
	/** Per-run key of input digests. */
	digestKey: Uint8Array;
	cwd: string;
	/** claude has been told to run our hooks. */
	hooked?: boolean;
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
	/** What claude sent could not be taken. */
	dropped(source: "hook" | "native"): void;
	history(): HistoryEntry[];
	/** Reads what is left, closes and delivers everything. Never rejects; takes no longer than the exit grace. */
	finish(end: { exitCode?: number; signal?: string }): Promise<Finished>;
}

export interface Finished {
	undelivered?: string;
	traces: {
		/** Some span has arrived somewhere. */
		exported: boolean;
		/** Each turn is a trace of its own. */
		perTurn: boolean;
		/** Of the n-th session of the run. */
		idOf(session: number): string;
	};
}

/** How often transcripts are read and complete things handed on. */
const TICK_MS = 200;
/** The same until the transcript is found: claude's file of a short run is there for a moment only. */
const SEARCH_TICK_MS = 50;
/** The same while nothing happens, and how long nothing must have happened. */
const IDLE_TICK_MS = 1000;
const IDLE_AFTER_MS = 5000;
/** How often others are told that this run goes on. */
const ALIVE_MS = 60_000;

export async function startPipeline(options: PipelineOptions): Promise<Pipeline> {
	const { config, runId, diagnostics, clock = systemClock } = options;
	const { told, startedAt } = options.context;
	const inbound = parseTraceparent(told.inbound.traceparent, told.inbound.tracestate);
	// What goes to a program's own providers is that program's to keep.
	const keeping = options.destination ? NOTHING_KEPT : await openKeeping(config, diagnostics);
	const privacy = createRunPrivacy(config, [options.token]);
	const clean = cleanNamed(privacy.text);
	const repository = createRepositoryReader(clock);
	const ids = options.destination?.ids ?? createPresetIds();
	let journal: Journal | undefined;
	const sinks = await (options.destination?.open ?? createSinks)({
		config: cleanResource(config, clean),
		runId,
		startedAt,
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
		onExportFailure: (signal, count) => flow.metrics.exportFailed(signal, count),
		spool: keeping.spool,
		told: { until: () => startedAt, note: (at) => journal?.told(at) },
		ledger: ledgerOf(() => journal),
	});
	const extra = cleanTexts(config.attributes, clean);
	const owner = identityOf(process.pid);
	const claude = options.claudePid === undefined ? undefined : identityOf(options.claudePid);
	const context = writeContext({ ...options.context, resource: sinks.resource, extra });
	const forget = () => forgetBegun(config.dataDir, runId);
	journal = keeping.store?.begin({ runId, owner, claude, startedAt, context, onKept: forget });
	const flow = createFlow({
		runId,
		told,
		extra,
		sinks,
		ids,
		protect(raw) {
			const { branch, revision } = raw.cwd === undefined ? {} : repository(raw.cwd);
			return privacy.protect({ ...raw, branch, revision });
		},
		keep: (facts) => journal?.keep(facts),
		onFact(fact) {
			history?.note(fact);
			options.onFact?.(fact);
		},
		onAdvanced: (at, late) => journal?.advanced(at, late),
		onEpisode: options.onEpisode,
		onContextThreshold: options.onContextThreshold,
		transcriptOf: (sessionId) => witnesses.transcriptOf(sessionId),
		onBug: tellBug,
	});
	if (keeping.spool) flow.metrics.watchSpool(keeping.spool.bytes);
	const history = options.keepHistory ? createHistory() : undefined;
	const passedOn = await openPassOn(options.native, config, clean, diagnostics);
	const witnesses = createWitnesses({
		run: options,
		clock,
		take: (facts) => flow.take(facts),
		passOn: passedOn?.forward,
		onSession: (sessionId) => journal?.session(sessionId),
		onDropped: (source) => flow.metrics.dropped(source),
		onBug: tellBug,
	});
	const recovery = createRecovery({ config, keeping, diagnostics, clock });
	const usage = createUsageWatch(sinks.meter, options.claudePid, clock);
	let aliveAt = startedAt;

	function tick(): void {
		usage.look();
		witnesses.look();
		flow.advance(clock());
		if (witnesses.isSettled()) recovery.start();
		if (Math.abs(clock() - aliveAt) < ALIVE_MS) return;
		aliveAt = clock();
		journal?.alive(aliveAt);
	}

	flow.take([runStarted(runId, options.context, options.cwd)]);
	void sinks.warm();
	let timer = tickLater();

	function tickLater(): NodeJS.Timeout {
		const idle = clock() - witnesses.lastFactAt() > IDLE_AFTER_MS;
		const wait = idle ? IDLE_TICK_MS : witnesses.isSettled() ? TICK_MS : SEARCH_TICK_MS;
		return setTimeout(() => {
			guard(tick);
			timer = tickLater();
		}, wait).unref();
	}

	function guard(work: () => void): void {
		try {
			work();
		} catch (error) {
			tellBug(error);
		}
	}

	function tellBug(error: unknown): void {
		diagnostics.say("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
	}

	return {
		hook: witnesses.hook,
		message: witnesses.message,
		otlp: witnesses.otlp,
		dropped: (source) => flow.metrics.dropped(source),
		history: () => history?.entries() ?? [],
		async finish({ exitCode, signal }) {
			clearTimeout(timer);
			guard(() => {
				usage.lookLast();
				witnesses.lookLast();
				flow.take([{ kind: "run.ended", source: "launch", at: clock(), sessionId: "", exitCode, signal }]);
			});
			await flow.pricing.ready();
			guard(() => flow.settle());
			for (const problem of witnesses.problems()) diagnostics.say("info", problem);
			const [{ line, signals: delivered }, forwarded] = await Promise.all([
				sinks.shutdown(config.exitGraceMs),
				passedOn?.flush(config.exitGraceMs),
				recovery.finish(config.exitGraceMs),
			]);
			for (const sentence of tellDelivered(delivered)) diagnostics.say("info", sentence);
			journal?.end(clock());
			forget();
			const lines = [line, forwarded?.line, ...keeping.problems].filter((told) => told !== undefined);
			return {
				undelivered: lines.length > 0 ? lines.join(" ") : undefined,
				traces: {
					exported: delivered.some(({ signal, exported }) => signal === "traces" && exported > 0),
					perTurn: inbound === undefined && told.shape === "turn",
					idOf: (session) => inbound?.traceId ?? sessionTraceId(runId, session),
				},
			};
		},
	};
}

/** What the sinks ask and tell of this run's deliveries; without a store nothing is remembered. */
function ledgerOf(journal: () => Journal | undefined): Ledger {
	return (destination) => ({
		has: () => false,
		note: (ids) => journal()?.delivered(destination, ids),
		position: () => journal()?.position() ?? 0,
		metered: (upTo) => journal()?.metered(destination, upTo),
	});
}
