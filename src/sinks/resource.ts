// Comes in: who we are, from the caller and the configuration. Goes out: the resource of every signal. No
// detector is ever asked: those of OpenTelemetry tell the command line (it holds the prompt), the owner and the host.
import type { Attributes } from "@opentelemetry/api";
import { SDK_INFO } from "@opentelemetry/core";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { OtelConfig } from "../config.ts";

export function createResource(otel: OtelConfig, attributes: Attributes): Resource {
	// telemetry.sdk.* alone: which runtime we are is nobody's question.
	const sdk = Object.fromEntries(Object.entries(SDK_INFO).filter(([key]) => key.startsWith("telemetry.")));
	return resourceFromAttributes({
		...attributes,
		...otel.resourceAttributes,
		...sdk,
		"service.name": otel.serviceName,
		...(otel.serviceNamespace === undefined ? {} : { "service.namespace": otel.serviceNamespace }),
	});
}
