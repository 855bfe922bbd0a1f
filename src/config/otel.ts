// Comes in: OpenTelemetry's variables. Goes out: what the sinks need, with nothing left to decide.
import { mistakes, warnings } from "../errors.ts";
import { OTEL_ROWS, type SamplerName, type Temporality } from "./otel-table.ts";
import { type OtlpTarget, type Proxies, readTargets } from "./otlp.ts";
import type { Reader, Setting, Signal } from "./row.ts";

export type ExporterName = "otlp" | "console";
export interface SignalConfig extends OtlpTarget {
	/** Empty: none. */
	exporters: ExporterName[];
	/** The user wants the signal sent nowhere, so no back end gets it either. */
	none: boolean;
}
export interface BatchConfig {
	delayMs: number;
	timeoutMs: number;
	queueLimit: number;
	batchLimit: number;
}
export interface OtelConfig {
	disabled: boolean;
	serviceName: string;
	serviceNamespace?: string;
	resourceAttributes: Record<string, string>;
	traces: SignalConfig;
	metrics: SignalConfig;
	logs: SignalConfig;
	sampler: { name: SamplerName; ratio: number };
	spanBatch: BatchConfig;
	logBatch: BatchConfig;
	metricIntervalMs: number;
	temporality: Temporality;
	histogram: "explicit_bucket_histogram" | "base2_exponential_bucket_histogram";
	spanLimits: {
		attributeValueLength?: number;
		attributeCount: number;
		eventCount: number;
		linkCount: number;
		attributesPerEvent: number;
		attributesPerLink: number;
	};
	logLimits: { attributeValueLength?: number; attributeCount: number };
	logLevel: "none" | "error" | "warn" | "info" | "debug" | "verbose" | "all";
	proxies: Proxies;
}

/** @param replacedBy the variable whose back ends take the place of the default endpoint */
export function readOtel(reader: Reader, replacedBy?: string): OtelConfig {
	const read = <K extends keyof typeof OTEL_ROWS>(key: K) => {
		const setting = reader.read<unknown>(OTEL_ROWS[key]);
		return setting.value as (typeof OTEL_ROWS)[K]["initial"];
	};
	const resourceAttributes = read("resourceAttributes");
	const exporters = {
		traces: chooseExporters(reader, reader.read(OTEL_ROWS.tracesExporter), "traces"),
		metrics: chooseExporters(reader, reader.read(OTEL_ROWS.metricsExporter), "metrics"),
		logs: chooseExporters(reader, reader.read(OTEL_ROWS.logsExporter), "logs"),
	};
	const targets = readTargets(reader, replacedBy);
	const signal = (name: Signal): SignalConfig => {
		const none = exporters[name].length === 0;
		const replaced = targets[name].isDefault && replacedBy !== undefined;
		return {
			...targets[name],
			exporters: exporters[name].filter((exporter) => exporter !== "otlp" || !replaced),
			none,
		};
	};
	const attributeValueLength = read("attributeLength");
	const attributeCount = read("attributeCount");
	const metrics = signal("metrics");
	return {
		disabled: read("disabled"),
		serviceName: read("serviceName") ?? resourceAttributes["service.name"] ?? "claude-otel",
		serviceNamespace: read("serviceNamespace") ?? resourceAttributes["service.namespace"],
		resourceAttributes,
		traces: signal("traces"),
		metrics: { ...metrics, timeoutMs: Math.min(metrics.timeoutMs, read("metricTimeout")) },
		logs: signal("logs"),
		sampler: { name: read("sampler"), ratio: read("samplerArg") },
		spanBatch: batch(reader, "OTEL_BSP", read("spanDelay"), read("spanTimeout"), read("spanQueue"), read("spanBatch")),
		logBatch: batch(reader, "OTEL_BLRP", read("logDelay"), read("logTimeout"), read("logQueue"), read("logBatch")),
		metricIntervalMs: read("metricInterval"),
		temporality: read("temporality"),
		histogram: read("histogram"),
		spanLimits: {
			attributeValueLength: read("spanAttributeLength") ?? attributeValueLength,
			attributeCount: read("spanAttributeCount") ?? attributeCount,
			eventCount: read("spanEvents"),
			linkCount: read("spanLinks"),
			attributesPerEvent: read("eventAttributes"),
			attributesPerLink: read("linkAttributes"),
		},
		logLimits: {
			attributeValueLength: read("logAttributeLength") ?? attributeValueLength,
			attributeCount: read("logAttributeCount") ?? attributeCount,
		},
		logLevel: read("logLevel"),
		proxies: readProxies(reader),
	};
}

function readProxies(reader: Reader): Proxies {
	const [http, https, grpc] = [OTEL_ROWS.proxyHttp, OTEL_ROWS.proxyHttps, OTEL_ROWS.proxyGrpc].map((row) =>
		reader.read(row),
	);
	return {
		http: http?.value,
		https: https?.value,
		grpc: grpc?.value,
		none: reader.read(OTEL_ROWS.noProxy).value ?? "",
		variables: { http: http?.origin, https: https?.origin, grpc: grpc?.origin },
	};
}

function chooseExporters(reader: Reader, setting: Setting<string[]>, signal: Signal): ExporterName[] {
	const variable = setting.origin ?? "";
	const chosen = new Set<ExporterName>();
	for (const name of setting.value) {
		if (name === "otlp" || name === "console") chosen.add(name);
		else if (name === "prometheus" && signal === "metrics") throw mistakes.prometheusNeedsService(variable);
		else if (name !== "none")
			reader.problems.push(warnings.ignoredSetting(variable, name, "otlp, console or none", "otlp"));
	}
	// A name that nobody knows counts as unset: better the default than silence. "none" means none.
	if (chosen.size === 0 && !setting.value.includes("none")) chosen.add("otlp");
	return [...chosen];
}

function batch(
	reader: Reader,
	prefix: string,
	delayMs: number,
	timeoutMs: number,
	queueLimit: number,
	batchLimit: number,
): BatchConfig {
	if (batchLimit > queueLimit) {
		reader.problems.push(warnings.batchLargerThanQueue(`${prefix}_MAX_EXPORT_BATCH_SIZE`, `${prefix}_MAX_QUEUE_SIZE`));
	}
	return { delayMs, timeoutMs, queueLimit, batchLimit: Math.min(batchLimit, queueLimit) };
}
