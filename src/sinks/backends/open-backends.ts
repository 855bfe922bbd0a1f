// Comes in: the back ends that were chosen, with their settings. Goes out: for each signal a route to each of them that
// takes it. Loaded only where one was chosen.
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import type { BackendName, BackendSettings, ChosenBackend, Config, OtlpTarget } from "../../config.ts";
import type { Diagnostics } from "../../diagnostics.ts";
import type { Batches, Route } from "../exporter.ts";
import { HttpRoutes } from "../otlp-http.ts";
import { spoolableTo } from "../spool/spoolable.ts";
import { AdaptingExporter } from "./adapting-exporter.ts";
import type { Backend, Connection } from "./backend.ts";
import { BACKENDS } from "./table.ts";
import { withAttributes } from "./with-attributes.ts";

export type BackendRoutes = { [S in keyof Batches]: () => Route<Batches[S]>[] };

export function openBackends(
	{ otel, backends }: Pick<Config, "otel" | "backends">,
	diagnostics: Diagnostics,
): BackendRoutes {
	const http = new HttpRoutes(otel.proxies);
	const opened = backends.map(openBackend);
	const create = <S extends keyof Batches>(signal: S) =>
		opened.flatMap((backend) => {
			const headers = backend.connection.signals[signal];
			if (headers === undefined) return [];
			const target = targetOf(signal, headers, backend, otel[signal].timeoutMs);
			const { temporality, credentials } = backend;
			const route: Route<Batches[S]> = http.create(signal, target);
			const spoolable = spoolableTo(signal, target, otel.proxies, diagnostics);
			return [{ backend, route: { ...route, temporality, credentials, spoolable } }];
		});
	return {
		traces: () => create("traces").map(({ backend, route }) => forSpans(route, backend)),
		metrics: () => create("metrics").map(({ route }) => route),
		logs: () => create("logs").map(({ route }) => route),
	};
}

/** What each signal of each back end goes to: for whoever sends later what was kept for it. */
export function backendTargets({ otel, backends }: Pick<Config, "otel" | "backends">) {
	return backends.map(openBackend).flatMap((backend) =>
		(["traces", "metrics", "logs"] as const).flatMap((signal) => {
			const headers = backend.connection.signals[signal];
			if (headers === undefined) return [];
			return [{ signal, target: targetOf(signal, headers, backend, otel[signal].timeoutMs) }];
		}),
	);
}

interface OpenedBackend extends Pick<Backend<BackendName>, "temporality" | "attributesOf" | "pendingOf"> {
	connection: Connection;
	title: string;
	/** The variables that would change the address, and let us in. */
	address: string;
	credentials: string;
}

function openBackend<N extends BackendName>({ name, title, settings, variables }: ChosenBackend<N>): OpenedBackend {
	const { connect, address, key, ...rest }: Backend<N> = BACKENDS[name];
	const variableOf = (setting: keyof BackendSettings<N>) => variables[String(setting)] ?? String(setting);
	return {
		...rest,
		title,
		connection: connect(settings),
		address: variableOf(address),
		credentials: variableOf(key),
	};
}

/** http/protobuf is the one protocol that all of them take; compressed, because some of them refuse what is large. */
function targetOf(
	signal: keyof Batches,
	headers: Record<string, string>,
	{ connection, title, address }: OpenedBackend,
	timeoutMs: number,
): OtlpTarget {
	const url = `${connection.base}/v1/${signal}`;
	return {
		protocol: "http/protobuf",
		url,
		endpoint: `${title} at ${new URL(url).origin}`,
		endpointVariable: address,
		isDefault: false,
		headers: { ...connection.headers, ...headers },
		timeoutMs,
		compression: "gzip",
		insecure: url.startsWith("http:"),
	};
}

function forSpans(route: Route<ReadableSpan[]>, { attributesOf, pendingOf }: OpenedBackend): Route<ReadableSpan[]> {
	if (attributesOf === undefined) return route;
	const standIns = new WeakSet<ReadableSpan>();
	const adapt = (batch: ReadableSpan[]) =>
		withoutOverdue(batch, standIns).map((span) => withAttributes(span, attributesOf(span)));
	const { spoolable: plain } = route;
	const adapted = {
		...route,
		exporter: new AdaptingExporter(route.exporter, adapt),
		spoolable: plain && { ...plain, serialize: (batch: ReadableSpan[]) => plain.serialize(adapt(batch)) },
	};
	if (pendingOf === undefined) return adapted;
	return {
		...adapted,
		pendingOf(span) {
			const standIn = pendingOf(span);
			standIns.add(standIn);
			return standIn;
		},
	};
}

/** Nobody needs a stand-in for a span that has come to its end in the same batch. */
function withoutOverdue(batch: ReadableSpan[], standIns: WeakSet<ReadableSpan>): ReadableSpan[] {
	const ended = new Set(batch.map((span) => span.spanContext().spanId));
	return batch.filter((span) => !standIns.has(span) || !ended.has(span.parentSpanContext?.spanId ?? ""));
}
