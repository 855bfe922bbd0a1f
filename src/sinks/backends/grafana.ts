// Grafana Cloud. It takes all three signals; metrics go into a Prometheus store, which takes cumulative ones alone.
import type { Backend } from "./backend.ts";
import { basicAuth } from "./basic-auth.ts";

export const GRAFANA: Backend<"grafana"> = {
	connect: ({ instanceId, token, endpoint }) => ({
		base: endpoint,
		headers: { authorization: basicAuth(instanceId, token) },
		signals: { traces: {}, metrics: {}, logs: {} },
	}),
	address: "endpoint",
	key: "token",
	temporality: "cumulative",
};
