// What waits in the spool → its destinations, as today's configuration reaches them. Lanes that go elsewhere wait on.
import { systemClock } from "../clock.ts";
import type { Config, OtlpTarget } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { tellFailure } from "../sinks/delivery.ts";
import type { Batches } from "../sinks/exporter.ts";
import type { Failure } from "../sinks/failure.ts";
import { tellProxy } from "../sinks/proxy.ts";
import { createLane } from "../sinks/spool/lane.ts";
import type { Spool, WaitingLane } from "../sinks/spool/spool.ts";
import { laneOf, openExit } from "../sinks/spool/spoolable.ts";

export interface FlushedLane {
	signal: WaitingLane["signal"];
	destination: string;
	delivered: number;
	refused: number;
	/** Still there. */
	waiting: number;
	/** Why, and what to do about it. */
	failure?: { reason: string; cure: string };
	/**
	 * Today's configuration does not send there, or no such signal at all; another process delivers it now; the collector asked
	 * for patience.
	 */
	because?: "elsewhere" | "silent" | "taken" | "patience";
	/** The end of its patience: milliseconds since the epoch. */
	until?: number;
	/** The variable that names the destination, or that says that nothing is sent. */
	variable: string;
}

const SIGNALS = ["traces", "metrics", "logs"] as const satisfies (keyof Batches)[];

export async function flushSpool(spool: Spool, config: Config, diagnostics: Diagnostics): Promise<FlushedLane[]> {
	const { otel } = config;
	const own = SIGNALS.map((signal) => ({ signal, target: otel[signal] as OtlpTarget }));
	const chosen =
		config.backends.length === 0 ? [] : (await import("../sinks/backends/open-backends.ts")).backendTargets(config);
	const targets = new Map([...own, ...chosen].map((here) => [laneOf(here.signal, here.target), here] as const));
	const flushed: FlushedLane[] = [];
	for (const { lane, signal, destination, items } of await spool.waiting()) {
		const here = targets.get(lane);
		const result: FlushedLane = {
			signal,
			destination,
			delivered: 0,
			refused: 0,
			waiting: items,
			variable: here?.target.endpointVariable ?? "OTEL_EXPORTER_OTLP_ENDPOINT",
		};
		flushed.push(result);
		const silent = silencedBy(signal, config);
		if (here === undefined || silent !== undefined) {
			result.because = silent === undefined ? "elsewhere" : "silent";
			result.variable = silent ?? result.variable;
			continue;
		}
		const proxy = tellProxy(here.target.url, here.target.protocol, otel.proxies);
		const fail = (failure: Failure) => {
			result.failure = tellFailure(failure, { ...result, proxy });
		};
		const way = createLane({
			spool,
			lane,
			signal,
			destination,
			runId: "",
			openExit: () => openExit(signal, here.target, otel.proxies, diagnostics),
			listener: {
				delivered(count) {
					result.delivered += count;
				},
				refused(count, _own, failure) {
					result.refused += count;
					fail(failure);
				},
				waits: fail,
			},
		});
		await way.deliver();
		way.stop();
		result.waiting = (await spool.waiting()).find((left) => left.lane === lane)?.items ?? 0;
		if (result.waiting === 0 || result.failure !== undefined) continue;
		result.until = await spool.heldUntil(lane, systemClock());
		result.because = result.until === undefined ? "taken" : "patience";
	}
	return flushed;
}

/** The variable by which nothing of the signal is sent. */
function silencedBy(signal: WaitingLane["signal"], config: Config): string | undefined {
	if (config.level === "off") return "CLAUDE_OTEL_LEVEL";
	if (config.otel.disabled) return "OTEL_SDK_DISABLED";
	const { exporters } = config.otel[signal];
	return config.backends.length > 0 || exporters.includes("otlp") ? undefined : `OTEL_${signal.toUpperCase()}_EXPORTER`;
}
