// Comes in: who we are, from the caller and the configuration. Goes out: the resource of every signal. No
// detector is ever asked: those of OpenTelemetry tell the command line (it holds the prompt), the owner and the host.
import type { Attributes } from "@opentelemetry/api";
import { SDK_INFO } from "@opentelemetry/core";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { OtelConfig } from "../config.ts";

export function createResource(otel: OtelConfig, attributes: Attributes): Resource {
	return resourceFromAttributes({
		...attributes,
		...otel.resourceAttributes,
		...SDK_INFO,
		"service.name": otel.serviceName,
		...(otel.serviceNamespace === undefined ? {} : { "service.namespace": otel.serviceNamespace }),
	});
}
