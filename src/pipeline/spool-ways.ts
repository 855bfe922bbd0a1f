// The configuration → for each lane of the spool the target that takes it today, or why there is none.
import type { Config, OtlpTarget } from "../config.ts";
import type { Batches } from "../sinks/exporter.ts";
import { type LanePlace, laneOf, placeOf } from "../sinks/spool/lane-name.ts";
import type { WaitingLane } from "../sinks/spool/spool.ts";

export type Way =
	| { target: OtlpTarget }
	/** Nothing of the signal is sent, by this variable. */
	| { because: "silent"; variable: string }
	/** To the same host and port, but as JSON in place of protobuf, the other way round, or to another path. */
	| { because: "otherwise"; place: LanePlace }
	| { because: "elsewhere" };

const SIGNALS = ["traces", "metrics", "logs"] as const satisfies (keyof Batches)[];

export async function openWays(config: Config): Promise<(lane: Pick<WaitingLane, "lane" | "signal">) => Way> {
	const own = SIGNALS.map((signal) => ({ signal, target: config.otel[signal] as OtlpTarget }));
	const chosen =
		config.backends.length === 0 ? [] : (await import("../sinks/backends/open-backends.ts")).backendTargets(config);
	const all = [...own, ...chosen];
	const targets = new Map(all.map(({ signal, target }) => [laneOf(signal, target), target] as const));
	return ({ lane, signal }) => {
		const variable = silencedBy(signal, config);
		if (variable !== undefined) return { because: "silent", variable };
		const target = targets.get(lane);
		if (target !== undefined) return { target };
		const place = placeOf(lane);
		const isNear = place !== undefined && all.some((here) => here.signal === signal && isSameHost(here.target, place));
		return isNear ? { because: "otherwise", place } : { because: "elsewhere" };
	};
}

/** The variable by which nothing of the signal is sent. */
function silencedBy(signal: WaitingLane["signal"], config: Config): string | undefined {
	if (config.level === "off") return "CLAUDE_OTEL_LEVEL";
	if (config.otel.disabled) return "OTEL_SDK_DISABLED";
	const { exporters } = config.otel[signal];
	return config.backends.length > 0 || exporters.includes("otlp") ? undefined : `OTEL_${signal.toUpperCase()}_EXPORTER`;
}

function isSameHost(one: { url: string }, other: { url: string }): boolean {
	const { host } = new URL(one.url);
	return host !== "" && host === new URL(other.url).host;
}
