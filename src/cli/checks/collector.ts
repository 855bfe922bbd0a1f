// The destinations → which of them takes which signal, tried with a span, a point and a record by the real exporters.
import type { ProbedSignal } from "../../pipeline.ts";
import type { Check, Finding } from "./check.ts";
import { findings } from "./findings.ts";

export const checkCollector: Check = async ({ config, mistake, diagnostics }) => {
	if (mistake !== undefined) return [findings.notAsked("collector", "the configuration cannot be read")];
	// What is said of that stands under the configuration.
	if (config.otel.disabled || config.level === "off") return [];
	const { probeDelivery } = await import("../../pipeline.ts");
	const probed = await probeDelivery(config, diagnostics);
	if (probed.length === 0) return [config.file === undefined ? findings.sentNowhere() : findings.sentToFile()];
	return grouped(probed).map(tell);
};

/** The three signals mostly share their fate: that is one sentence. */
function grouped(probed: readonly ProbedSignal[]): ProbedSignal[][] {
	const groups = new Map<string, ProbedSignal[]>();
	for (const one of probed) {
		const key = JSON.stringify([one.destination, one.protocol, one.failure]);
		groups.set(key, [...(groups.get(key) ?? []), one]);
	}
	return [...groups.values()];
}

function tell(group: readonly ProbedSignal[]): Finding {
	const [{ destination, protocol, failure }] = group as [ProbedSignal];
	const signals = inWords(group.map(({ signal }) => signal));
	return failure === undefined
		? findings.arrived(signals, destination, protocol)
		: findings.refused(signals, destination, protocol, failure.reason, failure.cure);
}

function inWords(names: readonly string[]): string {
	return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}
