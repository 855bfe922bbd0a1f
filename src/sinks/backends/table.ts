// The back ends that have a preset, by the names that CLAUDE_OTEL_BACKEND knows.
import type { BackendName } from "../../config.ts";
import type { Backend } from "./backend.ts";
import { DATADOG } from "./datadog.ts";
import { GRAFANA } from "./grafana.ts";
import { HONEYCOMB } from "./honeycomb.ts";
import { LANGFUSE } from "./langfuse.ts";
import { LOGFIRE } from "./logfire.ts";
import { NEWRELIC } from "./newrelic.ts";
import { SENTRY } from "./sentry.ts";

export const BACKENDS: { readonly [N in BackendName]: Backend<N> } = {
	logfire: LOGFIRE,
	sentry: SENTRY,
	langfuse: LANGFUSE,
	honeycomb: HONEYCOMB,
	datadog: DATADOG,
	grafana: GRAFANA,
	newrelic: NEWRELIC,
};
