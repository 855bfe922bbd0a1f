// Each route of a signal → a line: the route with everything that counts, keeps and remembers wrapped around it.
import type { OtelConfig } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { CountingExporter, newTally } from "./counting-exporter.ts";
import { DeliveredOnceExporter, idOfRecord, idOfSpan, type TakenIds } from "./delivered-once.ts";
import type { Counted } from "./delivery.ts";
import { type BatchExporter, type Batches, pointsIn, type Route, recordsIn, spansIn } from "./exporter.ts";
import { describeFailure, type Failure } from "./failure.ts";
import { type Metered, MeteredExporter } from "./metered-exporter.ts";
import { SplittingExporter } from "./splitting-exporter.ts";
import { createLane, type Lane } from "./spool/lane.ts";
import type { Spool } from "./spool/spool.ts";
import { SpoolingExporter } from "./spool/spooling-exporter.ts";
import { type SeriesTold, SteadySeriesExporter } from "./steady-series.ts";

export interface Line<B> extends Counted {
	route: Route<B>;
	counting: CountingExporter<B>;
	lane?: Lane;
	/** Names the destination in the ledger. */
	key: string;
	/** What is on its way is given up: into the spool, or lost. */
	abandon(failure: Failure): Promise<void>;
}

/** What a destination has taken of this run before, and now. */
export type Ledger = (destination: string) => TakenIds & Metered;

export interface LineOptions {
	otel: Pick<OtelConfig, "temporality">;
	runId: string;
	/** When the run began: milliseconds since the epoch. */
	startedAt: number;
	told?: SeriesTold;
	spool?: Spool;
	ledger?: Ledger;
	diagnostics: Diagnostics;
	onExportFailure?: (signal: keyof Batches, count: number, reason: string) => void;
}

type Wrap<B> = (exporter: BatchExporter<B>, key: string) => BatchExporter<B>;

export function traceLines(routes: Route<Batches["traces"]>[], options: LineOptions): Line<Batches["traces"]>[] {
	const once: Wrap<Batches["traces"]> = (exporter, key) =>
		options.ledger ? new DeliveredOnceExporter(exporter, idOfSpan, options.ledger(key)) : exporter;
	return routes.map((route) =>
		lineOf("traces", route, spansIn, options, (exporter, key) => new SplittingExporter(once(exporter, key))),
	);
}

export function logLines(routes: Route<Batches["logs"]>[], options: LineOptions): Line<Batches["logs"]>[] {
	const once: Wrap<Batches["logs"]> = (exporter, key) =>
		options.ledger ? new DeliveredOnceExporter(exporter, idOfRecord, options.ledger(key)) : exporter;
	return routes.map((route) =>
		lineOf("logs", route, recordsIn, options, (exporter, key) => new SplittingExporter(once(exporter, key))),
	);
}

export function metricLines(routes: Route<Batches["metrics"]>[], options: LineOptions): Line<Batches["metrics"]>[] {
	return routes.map((route) => {
		const ledger = temporalityOf(route, options) === "cumulative" ? undefined : options.ledger;
		const metered: Wrap<Batches["metrics"]> = (exporter, key) =>
			ledger ? new MeteredExporter(exporter, ledger(key)) : exporter;
		const wrap: Wrap<Batches["metrics"]> = (exporter, key) => new SteadySeriesExporter(metered(exporter, key), options);
		return lineOf("metrics", route, pointsIn, options, wrap);
	});
}

function lineOf<S extends keyof Batches>(
	signal: S,
	route: Route<Batches[S]>,
	sizeOf: (batch: Batches[S]) => number,
	options: LineOptions,
	wrap: Wrap<Batches[S]>,
): Line<Batches[S]> {
	const { destination, variable, credentials, proxy, spoolable } = route;
	const { spool, diagnostics } = options;
	const tally = newTally();
	const key = spoolable?.lane ?? `${signal} ${destination}`;
	// No warnings, batch by batch: the account at the end tells the user once what did not arrive.
	const tell = (count: number, failure: Failure, error?: Error) => {
		const told = `${count} ${signal} not delivered to ${destination}: ${failure.words}`;
		diagnostics.say("info", error ? `${told} (${String(error)})` : told);
		options.onExportFailure?.(signal, count, failure.words);
	};
	const lane =
		spool &&
		spoolable &&
		createLane({
			...spoolable,
			spool,
			signal,
			destination,
			runId: options.runId,
			listener: {
				delivered(items, own) {
					diagnostics.say("info", `${items} ${signal} from the spool were delivered to ${destination}`);
					if (!own) return;
					tally.spooled -= items;
					tally.exported += items;
				},
				refused(items, own, failure) {
					if (own) {
						tally.spooled -= items;
						tally.failed += items;
						tally.refused += items;
						tally.lastFailed = items;
						tally.failure = failure;
					}
					tell(items, failure);
				},
				waits(failure) {
					tally.failure = failure;
					diagnostics.say("info", `${signal} wait in the spool for ${destination}: ${failure.words}`);
				},
			},
		});
	const spooling =
		lane && spoolable
			? new SpoolingExporter(route.exporter, { ...spoolable, sizeOf, lane, lastFailure: () => tally.failure })
			: undefined;
	const counting = new CountingExporter(wrap(spooling ?? route.exporter, key), sizeOf, tally, tell);
	return {
		signal,
		destination,
		variable,
		credentials,
		proxy,
		tally,
		cumulative: temporalityOf(route, options) === "cumulative",
		route,
		counting,
		lane,
		key,
		async abandon(failure) {
			await spooling?.abandon(failure);
			counting.abandon(failure);
		},
	};
}

function temporalityOf(route: Route<never>, { otel }: LineOptions): OtelConfig["temporality"] {
	return route.temporality ?? otel.temporality;
}

/** From now on nobody waits for another attempt: the lane makes it. Without one, nobody does where there is no hope. */
export function closeRoute<B>({ route, lane }: Line<B>): void {
	route.close?.(lane ? undefined : isUnreachable);
}

function isUnreachable(error: Error): boolean {
	return describeFailure(error).cure === "unreachable";
}
