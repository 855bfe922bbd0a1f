// Events → POST requests of JSON, one after the other, from a queue that holds so many and no more. Nobody waits for it but
// the end of a run, and that only for the time that it is given. What is dropped is counted.
import { mistakes } from "../errors.ts";
import { areHeaders } from "./are-headers.ts";
import type { TelemetryEvent } from "./events.ts";

export interface WebhookOptions {
	/** Each event is one POST of its JSON to this address. */
	url: string;
	headers?: Readonly<Record<string, string>>;
	/** Which kinds are sent. Default: `request`, `response` and `toolCall`. */
	events?: readonly TelemetryEvent["event"][];
	/** Events that wait at most; of more the newest are dropped. Default: 1000. */
	queueMax?: number;
	/** Milliseconds that one answer may take. Default: 5000. */
	timeoutMs?: number;
}

export interface WebhookStats {
	sent: number;
	/** Refused by the receiver (4xx and 5xx), or not reached. */
	failed: number;
	/** The queue was full, or the end came before their turn. */
	dropped: number;
}

export interface Webhook {
	send(event: TelemetryEvent): void;
	/** Resolves when the queue is empty or time is over; never rejects. */
	flush(timeoutMs: number): Promise<void>;
	stats(): WebhookStats;
}

const DEFAULT_EVENTS: readonly string[] = ["request", "response", "toolCall"];
const QUEUE_MAX = 1_000;
const TIMEOUT_MS = 5_000;

/** Throws a UserMistake where no request can be made of the options. */
export function createWebhook(options: WebhookOptions, onFailure: (reason: string) => void): Webhook {
	const { url, headers = {}, events = DEFAULT_EVENTS, queueMax = QUEUE_MAX, timeoutMs = TIMEOUT_MS } = options;
	// Who knows the address of a webhook can write there: it is not repeated.
	if (!isAddress(url)) throw mistakes.unreadableSecret("webhook.url", "a URL of http or https, without a user in it");
	if (!areHeaders(headers)) {
		throw mistakes.unreadableSecret("webhook.headers", "names and values that a request can carry");
	}
	const { origin } = new URL(url);
	const queue: TelemetryEvent[] = [];
	const stats: WebhookStats = { sent: 0, failed: 0, dropped: 0 };
	let cut = new AbortController();
	let working: Promise<void> | undefined;

	async function work(): Promise<void> {
		for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
			const reason = await post(event);
			if (reason === undefined) stats.sent++;
			else {
				stats.failed++;
				onFailure(`The webhook ${origin} did not take an event (${reason}).`);
			}
		}
		working = undefined;
	}

	/** Why it was not taken, if it was not. */
	async function post(event: TelemetryEvent): Promise<string | undefined> {
		try {
			const answer = await fetch(url, {
				method: "POST",
				headers: { "content-type": "application/json", ...headers },
				body: JSON.stringify(event),
				signal: AbortSignal.any([cut.signal, AbortSignal.timeout(timeoutMs)]),
				redirect: "error",
			});
			// Nobody reads what it answers.
			await answer.body?.cancel();
			return answer.ok ? undefined : `status ${answer.status}`;
		} catch (error) {
			if (!(error instanceof Error)) return String(error);
			return error.cause instanceof Error && "code" in error.cause ? String(error.cause.code) : error.name;
		}
	}

	return {
		send(event) {
			if (!events.includes(event.event)) return;
			if (queue.length >= queueMax) stats.dropped++;
			else queue.push(event);
			working ??= work();
		},
		async flush(limitMs) {
			if (working === undefined) return;
			let timer: NodeJS.Timeout | undefined;
			const late = new Promise<"late">((resolve) => {
				timer = setTimeout(resolve, limitMs, "late");
			});
			if ((await Promise.race([working, late])) === "late") {
				stats.dropped += queue.splice(0).length;
				cut.abort();
				cut = new AbortController();
			}
			clearTimeout(timer);
		},
		stats: () => ({ ...stats }),
	};
}

/** fetch takes no other. */
function isAddress(url: string): boolean {
	if (!URL.canParse(url)) return false;
	const { protocol, username, password } = new URL(url);
	return /^https?:$/.test(protocol) && username + password === "";
}
