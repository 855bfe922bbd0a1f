// One run that was killed → told to its end. The same facts in the same order give the same spans and records, to the
// byte; those that its destinations have are left out, and its metrics go on where they were.
import type { Config } from "../config.ts";
import { createTranscriptTail, sessionOf } from "../intake/transcript-file.ts";
import type { RawFact } from "../model/fact.ts";
import { createRunPrivacy } from "../run-privacy.ts";
import { createPresetIds } from "../signals/ids.ts";
import { createSinks, type Sinks } from "../sinks/providers.ts";
import type { Journal } from "../store/journal.ts";
import type { AbandonedRun, Store } from "../store/store.ts";
import { VERSION } from "../version.ts";
import { cleanNamed, cleanResource } from "./clean-texts.ts";
import { findTranscripts } from "./find-transcripts.ts";
import { createFlow, type Flow } from "./flow.ts";
import type { RecoveryBounds, RecoveryOptions, ToldRun } from "./recovery.ts";
import { type RunContext, readContext, redactionMark, runStarted } from "./run-context.ts";
import { ownFacts } from "./shared-transcript.ts";

/** Work in one go, in milliseconds: a hook of the session beside it waits no longer. */
const STEP_MS = 5;
/** The export of one run. */
const EXPORT_MS = 10_000;
/** Metrics leave once, at the end. */
const NEVER_MS = 2 ** 31 - 1;

export interface RunRecovery extends RecoveryOptions, Pick<RecoveryBounds, "isStopped" | "over"> {
	store: Store;
}

/** Undefined where something is left: the next process goes on with it. */
export async function recoverRun(
	run: AbandonedRun,
	journal: Journal,
	options: RunRecovery,
): Promise<ToldRun | undefined> {
	const { isStopped, over } = options;
	const context = readContext(run.context);
	if (context === undefined) return { unreadable: true };
	const opened = await openFlow(run.runId, context, journal, options);
	const { flow, sinks } = opened;
	// It was killed before it could keep anything.
	if (journal.position() === 0) flow.take([runStarted(run.runId, context)]);
	else if (!(await replay(journal, opened, isStopped))) return undefined;
	const beyond = readBeyond(run, context, journal, options);
	// What was read of it is not all: series would fall, and what has arrived would be told again, as less than it was.
	if (options.store.damage() === "broken") return { damaged: true };
	if (beyond === undefined) return undefined;
	flow.take(beyond);
	await flow.pricing.ready();
	flow.settle();
	let isOver = false;
	const timeIsOver = async () => {
		await over;
		isOver = true;
	};
	const { line, signals } = await sinks.shutdown(EXPORT_MS, timeIsOver());
	// What the spool has is handed over; what has neither arrived nor been kept was not given its time, or may arrive later.
	if (isOver && signals.some(({ lost }) => lost > 0)) return undefined;
	return signals.some(({ retryable }) => retryable) ? { left: true, undelivered: line } : { undelivered: line };
}

interface Opened {
	flow: Flow;
	sinks: Sinks;
}

async function openFlow(
	runId: string,
	context: RunContext,
	journal: Journal,
	{ config, keeping, diagnostics }: RunRecovery,
): Promise<Opened> {
	const ids = createPresetIds();
	const asItWas = configOf(config, context);
	const privacy = createRunPrivacy(asItWas, []);
	const sinks = await createSinks({
		config: cleanResource(asItWas, cleanNamed(privacy.text)),
		runId,
		startedAt: context.startedAt,
		told: { until: journal.toldUntil, note: journal.told },
		resource: { "service.version": VERSION, "service.instance.id": runId, ...attributesOf(context.resource) },
		scope: { name: "claude-otel", version: VERSION },
		idGenerator: ids,
		diagnostics,
		writeAfter: () => {},
		onExportFailure: () => {},
		spool: keeping.spool,
		ledger(destination) {
			const taken = journal.deliveredTo(destination);
			return {
				has: (id) => taken.has(id),
				note: (delivered) => journal.delivered(destination, delivered),
				position: () => journal.position(),
				metered: (upTo) => journal.metered(destination, upTo),
			};
		},
	});
	const flow = createFlow({
		runId,
		told: context.told,
		extra: context.extra ?? {},
		sinks,
		ids,
		protect: privacy.protect,
		keep: (facts) => journal.keep(facts),
		onBug: (error) => diagnostics.say("error", error instanceof Error ? (error.stack ?? error.message) : String(error)),
	});
	await flow.pricing.load();
	// What the run itself may have left in the spool is older than all that is told now.
	await sinks.warm();
	return { flow, sinks };
}

/** Where things go is of today, how they look is of then. */
function configOf(config: Config, { told, redaction, resource }: RunContext): Config {
	const { sampler, spanLimits, logLimits, temporality, histogram } = told;
	const text = (name: string) => (typeof resource?.[name] === "string" ? resource[name] : undefined);
	const withoutConsole = <T extends { exporters: string[] }>(signal: T): T => ({
		...signal,
		exporters: signal.exporters.filter((name) => name !== "console"),
	});
	const otel = {
		...config.otel,
		sampler,
		spanLimits,
		logLimits,
		temporality,
		histogram,
		traces: withoutConsole(config.otel.traces),
		metrics: withoutConsole(config.otel.metrics),
		logs: withoutConsole(config.otel.logs),
		metricIntervalMs: NEVER_MS,
		...(resource === undefined
			? {}
			: {
					resourceAttributes: {},
					serviceName: text("service.name") ?? config.otel.serviceName,
					serviceNamespace: text("service.namespace"),
				}),
	};
	// Under other rules of redaction than then, what is still to be read is told without texts.
	const sameRules = redactionMark({ ...config, level: told.level }) === redaction;
	return { ...config, otel, level: sameRules ? told.level : "minimal" };
}

/** False where it was stopped. */
async function replay(journal: Journal, { flow, sinks }: Opened, isStopped: () => boolean): Promise<boolean> {
	const meters = sinks.meters.map(({ key, forget }) => ({ forget, upTo: journal.meteredTo(key) }));
	/** What a destination has of increments before this entry is not sent again. */
	const forgetBefore = async (seq: number) => {
		for (const meter of meters) {
			if (meter.upTo === 0 || meter.upTo >= seq) continue;
			meter.upTo = 0;
			await meter.forget();
		}
	};
	let since = performance.now();
	for (const entry of journal.entries()) {
		await forgetBefore(entry.seq);
		if (entry.kind === "fact") flow.apply(entry.fact);
		else flow.advance(entry.at, entry.late);
		if (performance.now() - since < STEP_MS) continue;
		await new Promise((resolve) => setImmediate(resolve));
		if (isStopped()) return false;
		since = performance.now();
	}
	await forgetBefore(Number.POSITIVE_INFINITY);
	return true;
}

/** What its transcripts tell until another run went on with them; undefined where it cannot be told which they are. */
function readBeyond(
	run: AbandonedRun,
	context: RunContext,
	journal: Journal,
	{ store, clock }: RunRecovery,
): RawFact[] | undefined {
	const paths = findTranscripts(run, context, journal, store, clock);
	if (paths === "undecided") return undefined;
	const facts: RawFact[] = [];
	const tail = createTranscriptTail(context.startedAt, (fact) => facts.push(fact), context);
	for (const path of paths) tail.follow(path);
	tail.poll();
	return paths.flatMap((path) => {
		const sessionId = sessionOf(path);
		const told = facts.filter((fact) => fact.sessionId === sessionId);
		return ownFacts(told, context.startedAt, journal, store.othersIn(sessionId, run.id));
	});
}

function attributesOf(resource: RunContext["resource"]): Record<string, string> {
	return Object.fromEntries(
		Object.entries(resource ?? {}).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
	);
}
