// Datadog, without an agent. It takes all three signals by http/protobuf, metrics as deltas alone: cumulative ones are
// refused.
import type { Backend } from "./backend.ts";

export const DATADOG: Backend<"datadog"> = {
	connect: ({ apiKey, site = "datadoghq.com", endpoint, llmObs }) => ({
		base: endpoint ?? `https://otlp.${site}`,
		headers: { "dd-api-key": apiKey },
		signals: {
			// Without being asked, Datadog makes no metrics of spans that come this way.
			traces: { compute_stats: "true", ...(llmObs === "1" ? { "dd-otlp-source": "llmobs" } : {}) },
			metrics: {},
			logs: {},
		},
	}),
	address: "site",
	key: "apiKey",
	temporality: "delta",
};
