// The table of OpenTelemetry's own variables, with the meaning that its specification gives them and
// our defaults. A value that cannot be read is told and the default used, as the specification asks.
import { fraction, integer, oneOf, type Parse, pairs, text, trueFalse } from "./parse.ts";
import type { Row } from "./row.ts";

export type Temporality = "cumulative" | "delta" | "lowmemory";
export type SamplerName =
	| "always_on"
	| "always_off"
	| "traceidratio"
	| "parentbased_always_on"
	| "parentbased_always_off"
	| "parentbased_traceidratio";

/** A session of 20,000 tool calls hands over its spans in one burst; the SDK's own default of 2,048 would lose most. */
export const SPAN_QUEUE_LIMIT = 65_536;
export const LOG_QUEUE_LIMIT = 65_536;

const milliseconds = integer(1);
const count = integer(1);
const limit = integer(0);

export const OTEL_ROWS = {
	disabled: row("OTEL_SDK_DISABLED", trueFalse, "true or false", false, "`true`: claude is run, nothing is exported."),
	serviceName: row<string | undefined>(
		"OTEL_SERVICE_NAME",
		text,
		"a name",
		undefined,
		"Resource attribute `service.name`.",
		"claude-otel",
	),
	serviceNamespace: row<string | undefined>(
		"OTEL_SERVICE_NAMESPACE",
		text,
		"a name",
		undefined,
		"Resource attribute `service.namespace`.",
		"none",
	),
	resourceAttributes: row<Record<string, string>>(
		"OTEL_RESOURCE_ATTRIBUTES",
		pairs,
		"key=value pairs separated by commas",
		{},
		"Further resource attributes, `key=value,key=value`, percent-encoded.",
		"none",
	),
	tracesExporter: exporters(
		"TRACES",
		"Comma list of `otlp`, `console` (to standard error when claude has left the terminal), `none`.",
	),
	metricsExporter: exporters("METRICS", "The same for metrics."),
	logsExporter: exporters("LOGS", "The same for log records."),
	sampler: row<SamplerName>(
		"OTEL_TRACES_SAMPLER",
		oneOf(
			"always_on",
			"always_off",
			"traceidratio",
			"parentbased_always_on",
			"parentbased_always_off",
			"parentbased_traceidratio",
		),
		"always_on, always_off, traceidratio or one of these after parentbased_",
		"parentbased_always_on",
		"Which traces are exported; metrics and log records are not sampled.",
	),
	samplerArg: row(
		"OTEL_TRACES_SAMPLER_ARG",
		fraction,
		"a number from 0 to 1",
		1,
		"Share of traces for the traceidratio samplers.",
	),
	spanDelay: row(
		"OTEL_BSP_SCHEDULE_DELAY",
		integer(0),
		"milliseconds",
		5000,
		"Longest wait of an ended span for its batch.",
	),
	spanTimeout: row(
		"OTEL_BSP_EXPORT_TIMEOUT",
		milliseconds,
		"milliseconds from 1",
		30_000,
		"Longest time for one batch of spans.",
	),
	spanQueue: row(
		"OTEL_BSP_MAX_QUEUE_SIZE",
		count,
		"a whole number from 1",
		SPAN_QUEUE_LIMIT,
		"Most spans that wait; more are dropped, counted and told.",
	),
	spanBatch: row("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", count, "a whole number from 1", 512, "Most spans in one export."),
	logDelay: row(
		"OTEL_BLRP_SCHEDULE_DELAY",
		integer(0),
		"milliseconds",
		1000,
		"Longest wait of a log record for its batch.",
	),
	logTimeout: row(
		"OTEL_BLRP_EXPORT_TIMEOUT",
		milliseconds,
		"milliseconds from 1",
		30_000,
		"Longest time for one batch of log records.",
	),
	logQueue: row(
		"OTEL_BLRP_MAX_QUEUE_SIZE",
		count,
		"a whole number from 1",
		LOG_QUEUE_LIMIT,
		"Most log records that wait; more are dropped, counted and told.",
	),
	logBatch: row(
		"OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
		count,
		"a whole number from 1",
		512,
		"Most log records in one export.",
	),
	metricInterval: row(
		"OTEL_METRIC_EXPORT_INTERVAL",
		milliseconds,
		"milliseconds from 1",
		60_000,
		"Time between two exports of metrics; the last comes at exit.",
	),
	metricTimeout: row(
		"OTEL_METRIC_EXPORT_TIMEOUT",
		milliseconds,
		"milliseconds from 1",
		30_000,
		"Longest time for one export of metrics.",
	),
	temporality: row<Temporality>(
		"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
		oneOf("cumulative", "delta", "lowmemory"),
		"cumulative, delta or lowmemory",
		"cumulative",
		"`delta` is what teams want whose runs are short and end in Prometheus (with the collector's deltatocumulative).",
	),
	histogram: row(
		"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
		oneOf("explicit_bucket_histogram", "base2_exponential_bucket_histogram"),
		"explicit_bucket_histogram or base2_exponential_bucket_histogram",
		"explicit_bucket_histogram",
		"Kind of histogram.",
	),
	attributeLength: row<number | undefined>(
		"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
		limit,
		"a whole number",
		undefined,
		"Longest attribute value, for the SDK; CLAUDE_OTEL_MAX_ATTR_LENGTH cuts before it.",
		"no limit",
	),
	attributeCount: row(
		"OTEL_ATTRIBUTE_COUNT_LIMIT",
		limit,
		"a whole number",
		128,
		"Most attributes of a span or log record.",
	),
	spanAttributeLength: row<number | undefined>(
		"OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
		limit,
		"a whole number",
		undefined,
		"The same for spans alone.",
		"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
	),
	spanAttributeCount: row<number | undefined>(
		"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
		limit,
		"a whole number",
		undefined,
		"Most attributes of a span.",
		"OTEL_ATTRIBUTE_COUNT_LIMIT",
	),
	spanEvents: row("OTEL_SPAN_EVENT_COUNT_LIMIT", limit, "a whole number", 128, "Most events of a span."),
	spanLinks: row("OTEL_SPAN_LINK_COUNT_LIMIT", limit, "a whole number", 128, "Most links of a span."),
	eventAttributes: row(
		"OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
		limit,
		"a whole number",
		128,
		"Most attributes of a span event.",
	),
	linkAttributes: row(
		"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
		limit,
		"a whole number",
		128,
		"Most attributes of a span link.",
	),
	logAttributeLength: row<number | undefined>(
		"OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
		limit,
		"a whole number",
		undefined,
		"The same for log records alone.",
		"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
	),
	logAttributeCount: row<number | undefined>(
		"OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
		limit,
		"a whole number",
		undefined,
		"Most attributes of a log record.",
		"OTEL_ATTRIBUTE_COUNT_LIMIT",
	),
	logLevel: row(
		"OTEL_LOG_LEVEL",
		oneOf("none", "error", "warn", "info", "debug", "verbose", "all"),
		"none, error, warn, info, debug, verbose or all",
		"debug",
		"How much claude-otel's diagnostics say; they go where CLAUDE_OTEL_DEBUG tells, never to the console.",
	),
	proxyHttp: proxy(["http_proxy", "HTTP_PROXY"], "Proxy for http endpoints."),
	proxyHttps: proxy(["https_proxy", "HTTPS_PROXY"], "Proxy for https endpoints."),
	proxyGrpc: proxy(["grpc_proxy", "GRPC_PROXY"], "Proxy for grpc endpoints; unset: those above."),
	noProxy: row<string | undefined>(
		["no_proxy", "NO_PROXY"],
		text,
		"a list of hosts",
		undefined,
		"Hosts, domains and networks that are reached directly; loopback always is.",
		"none",
	),
};

function row<T>(
	variable: Row<T>["variable"],
	parse: Parse<T>,
	expects: string,
	initial: T,
	meaning: string,
	initialText?: string,
): Row<T> {
	return { variable, parse, expects, initial, initialText, meaning };
}

function exporters(signal: string, meaning: string): Row<string[]> {
	const names = (value: string) =>
		value
			.split(",")
			.map((name) => name.trim().toLowerCase())
			.filter((name) => name !== "");
	return row(`OTEL_${signal}_EXPORTER`, names, "otlp, console or none", ["otlp"], meaning);
}

function proxy(variables: [string, string], meaning: string): Row<string | undefined> {
	return row<string | undefined>(variables, text, "a URL", undefined, meaning, "none");
}
