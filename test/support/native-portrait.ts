// What a receiver has got of Claude Code's own telemetry → what of it is the same in every run of one script.
import packageFile from "../../package.json" with { type: "json" };
import type { Attributes } from "./otlp-plain.ts";
import type { Receiver } from "./receiver.ts";

/** Other in every run: ids, times, durations, and the number of an event in its session. */
const VARYING =
	/^(user\.id|session\.id|prompt\.id|request_id|message\.uuid|tool_use_id|agent_id|parent_agent_id|event\.(timestamp|sequence)|(\w+_)?duration_ms|ttft_ms|tool_result_size_bytes)$/;
/** Of our hooks: claude tells of them as of any hook. */
export const OF_HOOKS = /^hook_(registered|execution_start|execution_complete)$/;
/** Some time after the start, where a run lasts so long. */
const BY_CHANCE = "retention_sweep";
/** Of ours, where both go to one place. */
const OURS = ["claude-otel/", `/${packageFile.devDependencies["@opentelemetry/exporter-logs-otlp-grpc"]}`];

function steady(attributes: Attributes): Attributes {
	return Object.fromEntries(
		Object.entries(attributes)
			.toSorted(([a], [b]) => (a < b ? -1 : 1))
			.map(([name, value]) => [name, VARYING.test(name) ? "…" : value]),
	);
}

/** Claude Code's own alone: the same endpoint can be ours too. */
export function eventsOf({ logs }: Receiver) {
	return logs.filter(
		({ scope, attributes }) =>
			scope.name === "com.anthropic.claude_code.events" && attributes["event.name"] !== BY_CHANCE,
	);
}

export function metricsOf({ metrics }: Receiver) {
	return metrics.filter(({ scope }) => scope.name === "com.anthropic.claude_code");
}

export function namesOf(own: Receiver): string[] {
	return eventsOf(own).map(({ attributes }) => String(attributes["event.name"]));
}

/** All that is the same in every run of the script. */
export function portrait(own: Receiver) {
	const events = eventsOf(own)
		.filter(({ attributes }) => !OF_HOOKS.test(String(attributes["event.name"])))
		.map(({ body, severityNumber, attributes }) => JSON.stringify([body, severityNumber, steady(attributes)]))
		.toSorted();
	const sums = new Map<string, number>();
	for (const { name, unit, type, temporality, monotonic, attributes, value } of metricsOf(own)) {
		const series = JSON.stringify([name, unit, type, temporality, monotonic, steady(attributes)]);
		const before = sums.get(series) ?? 0;
		const sum = temporality === "delta" ? before + value : Math.max(before, value);
		// How long claude was active is another time in every run.
		sums.set(series, name === "claude_code.active_time.total" ? 1 : sum);
	}
	const all = [...eventsOf(own), ...metricsOf(own)];
	return {
		events,
		sums: [...sums].map(([series, sum]) => `${series} ${sum.toFixed(9)}`).toSorted(),
		resources: [...new Set(all.map(({ resource }) => JSON.stringify(resource)))],
		scopes: [...new Set(all.map(({ scope }) => JSON.stringify(scope)))].toSorted(),
		requests: requestsOf(own),
	};
}

/** Paths and headers, but for what belongs to one connection or one body. gRPC names itself; there are two of it. */
export function requestsOf({ requests }: Receiver): string[] {
	const seen = requests.map(({ path, headers, metadata }) => {
		const all = headers ?? (JSON.parse(JSON.stringify(metadata ?? {})) as Record<string, unknown>);
		if (OURS.some((ours) => String(all["user-agent"]).includes(ours))) return [];
		const ofConnection = ["host", "content-length", ...(headers === undefined ? ["user-agent"] : [])];
		const theirs = Object.entries(all).filter(([name]) => !ofConnection.includes(name));
		return [JSON.stringify([path, theirs.toSorted(([a], [b]) => (a < b ? -1 : 1))])];
	});
	return [...new Set(seen.flat())].toSorted();
}
