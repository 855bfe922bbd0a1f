// Claude Code's own telemetry on its way on. Comes in: what claude exported to us, and where the user wants it. Goes out:
// the same there, in the same protocol, with the same headers; and at the end what did not arrive. A destination that is
// slow or dead costs what is kept for it, never claude.
import type { NativeDestination, NativeDestinations } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { deliveryCures, deliveryLines } from "../errors.ts";
import { CountingExporter, newTally, type Tally } from "./counting-exporter.ts";
import { type Failure, noAnswerWithin } from "./failure.ts";
import type { ForwardRequest } from "./forward-request.ts";
import { openForwarder } from "./forwarder.ts";
import type { RetryingExporter } from "./retrying-exporter.ts";

export type { ForwardRequest } from "./forward-request.ts";

/** What waits for one destination; what comes beyond is dropped, counted and told. */
export const FORWARD_WAITING_MAX = 256;
export const FORWARD_WAITING_BYTES_MAX = 32 * 1024 * 1024;
/**
 * One after the other, as claude sends them. At the end events go all at once, for each tells its time, and what arrives
 * counts more than the order; of metrics some collectors refuse points that come out of order.
 */
const AT_ONCE_AT_END = { metrics: 1, logs: FORWARD_WAITING_MAX };

export interface NativeForwardOptions {
	destinations: NativeDestinations;
	diagnostics: Diagnostics;
	/** The same without secrets. Without it nothing goes to a destination of ours. */
	redact?(request: ForwardRequest): Pick<ForwardRequest, "headers" | "body">;
	/** CLAUDE_OTEL_FORWARD_REDACT: the user's own destination gets it redacted too. */
	redactAll: boolean;
}

export interface NativeForward {
	forward(request: ForwardRequest): void;
	/** Sends what waits and ends; takes no longer, and never rejects. */
	flush(timeoutMs: number): Promise<Forwarded>;
}

export interface Forwarded {
	signals: { signal: "metrics" | "logs"; destination: string; delivered: number; undelivered: number }[];
	/** For the user; undefined where all arrived. */
	line?: string;
}

export function createNativeForward(options: NativeForwardOptions): NativeForward {
	const { metrics, logs } = options.destinations;
	const lanes = {
		metrics: metrics && openLane("metrics", metrics, options),
		logs: logs && openLane("logs", logs, options),
	};
	return {
		forward(request) {
			if (request.signal !== "traces") lanes[request.signal]?.push(request);
		},
		async flush(timeoutMs) {
			const open = [lanes.metrics, lanes.logs].filter((lane) => lane !== undefined);
			const ends = await Promise.all(open.map((lane) => lane.end(timeoutMs)));
			const lines = ends.flatMap(({ line }) => line ?? []);
			return { signals: ends.map((end) => end.account), line: lines.length > 0 ? lines.join(" ") : undefined };
		},
	};
}

interface Lane {
	push(request: ForwardRequest): void;
	end(timeoutMs: number): Promise<{ account: Forwarded["signals"][number]; line?: string }>;
}

const FULL: Failure = { words: "more at once than is kept for it", cure: "forwardFull" };
const UNREDACTED: Failure = { words: "it could not be redacted", cure: "redaction" };

function openLane(signal: "metrics" | "logs", destination: NativeDestination, options: NativeForwardOptions): Lane {
	const { diagnostics } = options;
	const tally = newTally();
	const waiting: ForwardRequest[] = [];
	let bytes = 0;
	let underway = 0;
	let ended = false;
	let onEmpty: (() => void) | undefined;
	const tell = (count: number, failure: Failure, error?: Error) => {
		const told = `${count} of claude's own ${signal} exports not passed on to ${destination.endpoint}: ${failure.words}`;
		diagnostics.say("info", error ? `${told} (${String(error)})` : told);
	};
	let exits: Exits | undefined;
	const opening = open();

	async function open(): Promise<void> {
		const retrying = await openForwarder(destination, diagnostics);
		exits = { retrying, counting: new CountingExporter(retrying, () => 1, tally, tell) };
		sendNext();
	}

	function sendNext(): void {
		const opened = exits;
		if (opened === undefined) return;
		while (underway < (ended ? AT_ONCE_AT_END[signal] : 1)) {
			const request = waiting.shift();
			if (request === undefined) break;
			bytes -= request.body.length;
			underway++;
			opened.counting.export(request, () => {
				underway--;
				sendNext();
			});
		}
		if (waiting.length === 0 && underway === 0) onEmpty?.();
	}

	/** Nothing is tried again from here on. */
	async function sendRest(empty: Promise<void>): Promise<void> {
		await opening;
		exits?.retrying.close();
		sendNext();
		await empty;
	}

	function drop(count: number, failure: Failure, error?: Error): void {
		tally.failed += count;
		tally.failure ??= failure;
		tell(count, failure, error);
	}

	return {
		push(request) {
			if (ended) return drop(1, FULL);
			const passed = clean(request, destination, options, (error) => drop(1, UNREDACTED, error));
			if (passed === undefined) return;
			if (waiting.length >= FORWARD_WAITING_MAX || bytes + passed.body.length > FORWARD_WAITING_BYTES_MAX) {
				return drop(1, FULL);
			}
			waiting.push(passed);
			bytes += passed.body.length;
			sendNext();
		},
		async end(timeoutMs) {
			ended = true;
			const empty = new Promise<void>((resolve) => {
				onEmpty = resolve;
			});
			let timer: NodeJS.Timeout | undefined;
			const late = new Promise<void>((resolve) => {
				timer = setTimeout(resolve, timeoutMs);
			});
			await Promise.race([sendRest(empty), late]);
			clearTimeout(timer);
			const slow = noAnswerWithin(timeoutMs);
			if (waiting.length > 0) drop(waiting.splice(0).length, slow);
			exits?.counting.abandon(slow);
			await exits?.counting.shutdown();
			const { exported, failed, failure = slow } = tally;
			return {
				account: { signal, destination: destination.endpoint, delivered: exported, undelivered: failed },
				line: failed === 0 ? undefined : lineOf(signal, destination, { exported, failed, failure }),
			};
		},
	};
}

interface Exits {
	retrying: RetryingExporter<ForwardRequest>;
	counting: CountingExporter<ForwardRequest>;
}

/** What may go there, or undefined: rather nothing than a secret. Decoded it would take many times the room. */
function clean(
	{ json, ...request }: ForwardRequest,
	destination: NativeDestination,
	{ redact, redactAll }: NativeForwardOptions,
	onError: (error?: Error) => void,
): ForwardRequest | undefined {
	const headers = headersFor(request, destination);
	if (destination.of === "user" && !redactAll) return { ...request, headers };
	try {
		if (redact === undefined) throw new Error("nothing redacts here");
		return { ...request, ...redact({ ...request, headers, json }) };
	} catch (error) {
		onError(error instanceof Error ? error : undefined);
		return undefined;
	}
}

/** What is not the user's: the kind of the message and who made it. */
const OF_MESSAGE = /^(content-(type|encoding)|accept|user-agent)$/;

/** The user's headers are for the user's own destination. */
function headersFor({ headers }: ForwardRequest, destination: NativeDestination): Record<string, string> {
	if (destination.headersOf === "claude") return headers;
	const ofMessage = Object.entries(headers).filter(([name]) => OF_MESSAGE.test(name));
	const named = Object.entries(destination.headers).map(([name, value]) => [name.toLowerCase(), value]);
	return Object.fromEntries([...ofMessage, ...named]) as Record<string, string>;
}

function lineOf(
	signal: "metrics" | "logs",
	{ endpoint, endpointVariable }: NativeDestination,
	{ exported, failed, failure }: Pick<Tally, "exported" | "failed"> & { failure: Failure },
): string {
	const what = signal === "logs" ? "events" : "metrics";
	const cure = deliveryCures[failure.cure](endpointVariable);
	return deliveryLines.notPassedOn(what, failed, exported + failed, endpoint, failure.words, cure);
}
