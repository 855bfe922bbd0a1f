// Comes in: the tallies of all exporters at the end of a run. Goes out: what arrived and what did not, and the
// one line that tells the user about it.
import { backendCures, deliveryCures, deliveryLines, proxyFailure } from "../errors.ts";
import type { Tally } from "./counting-exporter.ts";
import type { Batches } from "./exporter.ts";
import type { Failure } from "./failure.ts";
import type { ProxyTold } from "./proxy.ts";

export interface SignalDelivery {
	signal: keyof Batches;
	destination: string;
	variable: string;
	/** The variable that lets us in, of a back end that was chosen by its name. */
	credentials?: string;
	/** What stands between us and it. */
	proxy?: ProxyTold;
	exported: number;
	/** Given to the exporter, and it failed or was given up. */
	failed: number;
	/** Never reached the exporter: the queue was full, or time was over. */
	dropped: number;
	/** Waits in the spool. */
	waiting: number;
	/** What will be missing at the destination: failed and dropped, of cumulative metrics the last batch alone. */
	lost: number;
	/** Of that something failed, and not for good: told again, it may arrive. */
	retryable: boolean;
	failure?: Failure;
}

export interface Delivery {
	signals: SignalDelivery[];
	/** Ends without a line end; undefined where all arrived. */
	line?: string;
}

export interface Counted {
	signal: keyof Batches;
	destination: string;
	variable: string;
	credentials?: string;
	proxy?: ProxyTold;
	tally: Tally;
	/** Each batch of metrics repeats the totals. */
	cumulative: boolean;
}

export function summarize(counted: Counted[]): Delivery {
	const signals = counted.map(
		({ tally, cumulative, signal, destination, variable, credentials, proxy }): SignalDelivery => {
			const { exported, failed, refused } = tally;
			const waiting = tally.spooled;
			const dropped = signal === "metrics" ? 0 : Math.max(0, tally.offered - exported - waiting - failed);
			const lost = signal === "metrics" && cumulative ? tally.lastFailed : failed + dropped;
			const retryable = lost > 0 && failed > refused;
			const failure = tally.failure ?? (dropped > 0 ? QUEUE_FULL : undefined);
			const where = { signal, destination, variable, credentials, proxy };
			return { ...where, exported, failed, dropped, waiting, lost, retryable, failure };
		},
	);
	const lines = [tell(signals, "lost"), tell(signals, "waiting")].filter((line) => line !== undefined);
	return { signals, line: lines.length > 0 ? lines.join(" ") : undefined };
}

/** One sentence per destination, of what it has taken. */
export function tellDelivered(signals: readonly SignalDelivery[]): string[] {
	return [...new Set(signals.map(({ destination }) => destination))].map((destination) => {
		const taken = signals.filter((delivery) => delivery.destination === destination && delivery.exported > 0);
		const amounts = taken.map((delivery) => amount({ ...delivery, lost: 0 }, delivery.exported));
		return amounts.length > 0
			? deliveryLines.delivered(join(amounts), destination)
			: deliveryLines.nothingDelivered(destination);
	});
}

const QUEUE_FULL: Failure = { words: "more at once than the queue holds", cure: "queueFull" };

/** One sentence per destination, all on one line. */
function tell(signals: readonly SignalDelivery[], what: "lost" | "waiting"): string | undefined {
	const missing = signals.filter((delivery) => delivery[what] > 0);
	const sentences = [...new Set(missing.map(({ destination }) => destination))].map((destination) => {
		const here = missing.filter((delivery) => delivery.destination === destination);
		const failure = here.find((delivery) => delivery.failure)?.failure ?? QUEUE_FULL;
		const { reason, cure } = tellFailure(failure, here[0] ?? { variable: "OTEL_EXPORTER_OTLP_ENDPOINT" });
		const amounts = join(here.map((delivery) => amount(delivery, delivery[what])));
		return deliveryLines[what === "lost" ? "undelivered" : "waiting"](amounts, destination, reason, cure);
	});
	return sentences.length > 0 ? sentences.join(" ") : undefined;
}

/** Why, and what to do about it: at a collector, at a back end, or at the proxy before them, which is all that we connect to. */
export function tellFailure(
	{ words, cure }: Failure,
	{ variable, credentials, proxy }: Pick<SignalDelivery, "variable" | "credentials" | "proxy">,
): { reason: string; cure: string } {
	if (proxy !== undefined && cure === "unreachable") return proxyFailure(proxy.address, words, proxy.variable);
	const ofBackend = credentials === undefined ? undefined : backendCures[cure]?.(variable, credentials);
	return { reason: words, cure: ofBackend ?? deliveryCures[cure](variable) };
}

function amount({ signal, lost, waiting }: SignalDelivery, count: number): string {
	// Of their batches some may wait, and others have found the disk full.
	if (signal === "metrics") return lost > 0 && waiting > 0 ? "some metrics" : "the metrics";
	const noun = signal === "traces" ? "span" : "log record";
	return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function join(parts: string[]): string {
	return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
