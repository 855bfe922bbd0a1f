// Honeycomb. It takes all three signals; metrics need a dataset of their own, or they end in `unknown_metrics`.
import type { Backend } from "./backend.ts";

export const HONEYCOMB: Backend<"honeycomb"> = {
	connect({ apiKey, endpoint = "https://api.honeycomb.io", dataset, metricsDataset = "claude-otel-metrics" }) {
		const named: Record<string, string> = dataset === undefined ? {} : { "x-honeycomb-dataset": dataset };
		return {
			base: endpoint,
			headers: { "x-honeycomb-team": apiKey },
			signals: { traces: named, metrics: { "x-honeycomb-dataset": metricsDataset }, logs: named },
		};
	},
	address: "endpoint",
	key: "apiKey",
};
