// The configuration → a canary of each signal sent by the real exporters to every destination, and what became of it.
// Nothing is kept: not in the spool, not in the file of CLAUDE_OTEL_FILE.
import { randomUUID } from "node:crypto";
import type { Config, SignalConfig } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { sendCanary } from "../signals/canary.ts";
import { createPresetIds } from "../signals/ids.ts";
import { resourceOf } from "../signals/resource.ts";
import { type SignalDelivery, tellFailure } from "../sinks/delivery.ts";
import type { Batches } from "../sinks/exporter.ts";
import { createSinks } from "../sinks/providers.ts";
import { VERSION } from "../version.ts";

export interface ProbedSignal {
	signal: keyof Batches;
	destination: string;
	/** Of a collector; back ends choose their own. */
	protocol?: SignalConfig["protocol"];
	/** Why it was not taken; undefined: it was. */
	failure?: { reason: string; cure: string };
}

/** Of one export, retries included: a run waits no longer either. */
const EXPORT_LIMIT_MS = 3_000;
/** Of all of them. */
const PROBE_LIMIT_MS = 5_000;

export async function probeDelivery(config: Config, diagnostics: Diagnostics): Promise<ProbedSignal[]> {
	const { otel, backends } = config;
	const runId = randomUUID();
	const sinks = await createSinks({
		config: {
			backends,
			file: undefined,
			otel: {
				...otel,
				traces: hurried(otel.traces),
				metrics: hurried(otel.metrics),
				logs: hurried(otel.logs),
				sampler: { name: "always_on", ratio: 1 },
				// A canary tells nothing of whoever sends it.
				resourceAttributes: {},
			},
		},
		runId,
		startedAt: Date.now(),
		resource: resourceOf({ runId, version: VERSION, clean: (text) => text }),
		scope: { name: "claude-otel", version: VERSION },
		idGenerator: createPresetIds(),
		diagnostics,
		writeAfter: () => {},
	});
	sendCanary(sinks);
	const { signals } = await sinks.shutdown(PROBE_LIMIT_MS);
	return signals.map((delivery) => probed(delivery, otel[delivery.signal]));
}

function hurried(signal: SignalConfig): SignalConfig {
	return {
		...signal,
		exporters: signal.exporters.filter((exporter) => exporter === "otlp"),
		timeoutMs: Math.min(signal.timeoutMs, EXPORT_LIMIT_MS),
	};
}

function probed(delivery: SignalDelivery, { protocol }: SignalConfig): ProbedSignal {
	const { signal, destination, credentials, failure, exported } = delivery;
	return {
		signal,
		destination,
		protocol: credentials === undefined ? protocol : undefined,
		failure:
			exported > 0
				? undefined
				: failure === undefined
					? { reason: "it was not sent", cure: NO_REASON }
					: tellFailure(failure, delivery),
	};
}

const NO_REASON = "run it with --claude-otel-debug to see why";
