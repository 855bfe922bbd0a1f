// The table of back ends that have a preset: what each is called, and the variables that it is told by. How a batch
// reaches them is in src/sinks/backends/, which is loaded when claude has been started and only if one is chosen.
import { headerText, oneOf, type Parse, text, yesNo } from "./parse.ts";
import { dsn, gatewayOrZone, hostName, httpUrl } from "./parse-place.ts";
import type { Row } from "./row.ts";

type TextRow = Row<string | undefined>;
interface BackendRows {
	/** For sentences. */
	title: string;
	/** Without all of these it cannot be used. */
	needed: Record<string, TextRow>;
	optional: Record<string, TextRow>;
	/** Of the needed ones: where it is set, the back end is used without being chosen. */
	foundBy?: string;
}

export const BACKEND_TABLE = {
	logfire: {
		title: "Logfire",
		needed: { token: secret("LOGFIRE_TOKEN", "Logfire: write token of a project.") },
		optional: {
			baseUrl: row(
				"LOGFIRE_BASE_URL",
				httpUrl,
				"a URL",
				"the token's region",
				"Logfire: where it is, if hosted by you.",
			),
		},
		foundBy: "token",
	},
	sentry: {
		title: "Sentry",
		needed: {
			dsn: {
				...secret("SENTRY_DSN", "Sentry: DSN of a project."),
				parse: dsn,
				expects: "a DSN like https://KEY@HOST/PROJECT",
			},
		},
		optional: {},
		foundBy: "dsn",
	},
	langfuse: {
		title: "Langfuse",
		needed: {
			publicKey: secret("LANGFUSE_PUBLIC_KEY", "Langfuse: public key of a project."),
			secretKey: secret("LANGFUSE_SECRET_KEY", "Langfuse: secret key of a project."),
		},
		optional: {
			baseUrl: row(
				["LANGFUSE_BASE_URL", "LANGFUSE_HOST"],
				httpUrl,
				"a URL",
				"https://cloud.langfuse.com",
				"Langfuse: region, or where it is hosted by you.",
			),
		},
	},
	honeycomb: {
		title: "Honeycomb",
		needed: { apiKey: secret("HONEYCOMB_API_KEY", "Honeycomb: ingest key of an environment.") },
		optional: {
			endpoint: row(
				"HONEYCOMB_API_ENDPOINT",
				httpUrl,
				"a URL",
				"https://api.honeycomb.io",
				"Honeycomb: region; https://api.eu1.honeycomb.io for the EU.",
			),
			dataset: row(
				"HONEYCOMB_DATASET",
				headerText,
				"a name that a header can carry",
				"the service's name",
				"Honeycomb: dataset of spans and records, which only classic keys need.",
			),
			metricsDataset: row(
				"HONEYCOMB_METRICS_DATASET",
				headerText,
				"a name that a header can carry",
				"claude-otel-metrics",
				"Honeycomb: dataset of metrics.",
			),
		},
	},
	datadog: {
		title: "Datadog",
		needed: { apiKey: secret("DD_API_KEY", "Datadog: API key.") },
		optional: {
			site: row(
				"DD_SITE",
				hostName,
				"a site like datadoghq.eu",
				"datadoghq.com",
				"Datadog: site of your organization.",
			),
			endpoint: row(
				"DD_OTLP_ENDPOINT",
				httpUrl,
				"a URL",
				"https://otlp.SITE",
				"Datadog: where OTLP is taken, in place of the site's own intake.",
			),
			llmObs: row(
				"DD_LLMOBS_ENABLED",
				(value) => (yesNo(value) === undefined ? undefined : yesNo(value) ? "1" : "0"),
				"1 or 0",
				"0",
				"Datadog: `1` sends spans to LLM Observability.",
			),
		},
	},
	grafana: {
		title: "Grafana Cloud",
		needed: {
			instanceId: row(
				["GRAFANA_CLOUD_INSTANCE_ID", "GRAFANA_OTLP_CLOUD_INSTANCE_ID", "GRAFANA_OTLP_USERNAME"],
				text,
				"a number",
				"none",
				"Grafana Cloud: instance id, as its OpenTelemetry page shows it.",
			),
			token: secret(
				["GRAFANA_CLOUD_API_KEY", "GRAFANA_OTLP_CLOUD_API_KEY", "GRAFANA_OTLP_API_TOKEN"],
				"Grafana Cloud: token that may write metrics, logs and traces.",
			),
			endpoint: row(
				["GRAFANA_CLOUD_OTLP_ENDPOINT", "GRAFANA_OTLP_ENDPOINT", "GRAFANA_CLOUD_ZONE", "GRAFANA_OTLP_CLOUD_ZONE"],
				gatewayOrZone,
				"a URL like https://otlp-gateway-prod-eu-west-2.grafana.net/otlp, or a zone like prod-eu-west-2",
				"none",
				"Grafana Cloud: its OTLP gateway, or the zone in its name.",
			),
		},
		optional: {},
	},
	newrelic: {
		title: "New Relic",
		needed: { licenseKey: secret("NEW_RELIC_LICENSE_KEY", "New Relic: license key of an account.") },
		optional: {
			region: row("NEW_RELIC_REGION", oneOf("us", "eu"), "us or eu", "the key's region", "New Relic: `us` or `eu`."),
			endpoint: row(
				"NEW_RELIC_OTLP_ENDPOINT",
				httpUrl,
				"a URL",
				"the region's",
				"New Relic: where OTLP is taken, in place of the region's own endpoint.",
			),
		},
	},
} satisfies Record<string, BackendRows>;

function row(
	variable: TextRow["variable"],
	parse: Parse<string>,
	expects: string,
	initialText: string,
	meaning: string,
): TextRow {
	return { variable, parse, expects, initial: undefined, initialText, meaning };
}

function secret(variable: TextRow["variable"], meaning: string): TextRow {
	return { ...row(variable, headerText, "a key in one line, of ASCII characters", "none", meaning), secret: true };
}
