// New Relic. It takes all three signals; it recommends http/protobuf, and deltas for metrics.
import type { Backend } from "./backend.ts";

const REGIONS = { us: "https://otlp.nr-data.net", eu: "https://otlp.eu01.nr-data.net" };

export const NEWRELIC: Backend<"newrelic"> = {
	connect({ licenseKey, region, endpoint }) {
		// Keys of accounts in the EU begin with the name of their region.
		const eu = region === undefined ? /^eu/i.test(licenseKey) : region === "eu";
		return {
			base: endpoint ?? REGIONS[eu ? "eu" : "us"],
			headers: { "api-key": licenseKey },
			signals: { traces: {}, metrics: {}, logs: {} },
		};
	},
	address: "endpoint",
	key: "licenseKey",
	temporality: "delta",
};
