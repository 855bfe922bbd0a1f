// What waits in the spool → its destinations, as today's configuration reaches them. Lanes that go elsewhere wait on.
import { systemClock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { tellFailure } from "../sinks/delivery.ts";
import type { Failure } from "../sinks/failure.ts";
import { tellProxy } from "../sinks/proxy.ts";
import { createLane } from "../sinks/spool/lane.ts";
import type { LanePlace } from "../sinks/spool/lane-name.ts";
import type { Spool, WaitingLane } from "../sinks/spool/spool.ts";
import { openExit } from "../sinks/spool/spoolable.ts";
import { openWays } from "./spool-ways.ts";

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
	 * Today's configuration does not send there, or in another way, or no such signal at all; another process delivers it now;
	 * the collector asked for patience.
	 */
	because?: "elsewhere" | "otherwise" | "silent" | "taken" | "patience";
	/** What it would take where today's configuration sends in another way. */
	place?: LanePlace;
	/** The end of its patience: milliseconds since the epoch. */
	until?: number;
	/** The variable that names the destination, or that says that nothing is sent. */
	variable: string;
}

export async function flushSpool(spool: Spool, config: Config, diagnostics: Diagnostics): Promise<FlushedLane[]> {
	const { otel } = config;
	const wayOf = await openWays(config);
	const flushed: FlushedLane[] = [];
	for (const { lane, signal, destination, items } of await spool.waiting()) {
		const way = wayOf({ lane, signal });
		const target = "target" in way ? way.target : undefined;
		const result: FlushedLane = {
			signal,
			destination,
			delivered: 0,
			refused: 0,
			waiting: items,
			variable: target?.endpointVariable ?? "OTEL_EXPORTER_OTLP_ENDPOINT",
		};
		flushed.push(result);
		if (target === undefined) {
			Object.assign(result, way);
			continue;
		}
		const proxy = tellProxy(target.url, target.protocol, otel.proxies);
		const fail = (failure: Failure) => {
			result.failure = tellFailure(failure, { ...result, proxy });
		};
		const delivery = createLane({
			spool,
			lane,
			signal,
			destination,
			runId: "",
			openExit: () => openExit(signal, target, otel.proxies, diagnostics),
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
		await delivery.deliver();
		delivery.stop();
		result.waiting = (await spool.waiting()).find((left) => left.lane === lane)?.items ?? 0;
		if (result.waiting === 0 || result.failure !== undefined) continue;
		result.until = await spool.heldUntil(lane, systemClock());
		result.because = result.until === undefined ? "taken" : "patience";
	}
	return flushed;
}
