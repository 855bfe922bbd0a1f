// An OTLP endpoint that we did not write: Elastic's mock server, grpc and http in this process.
// In: exports over grpc, http/protobuf or http/json. Out: spans, log records and metric points as plain objects.

import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import { type LogRecord, type MetricPoint, plainLogs, plainMetrics, plainSpans, type Span } from "./otlp-plain.ts";
import { until } from "./run.ts";

// The package is CommonJS and its types want packages that are not there.
type MockOtlpServer = {
	start(): Promise<void>;
	close(): Promise<void>;
	httpUrl: URL;
	grpcUrl: URL;
	_grpcService: { _grpcServer: { handlers: Map<string, { func: GrpcHandler }> } };
};
type GrpcHandler = (...args: unknown[]) => unknown;
type MockOtlpOptions = {
	logLevel: string;
	services: ("http" | "grpc")[];
	httpHostname: string;
	grpcHostname: string;
	httpPort: number;
	grpcPort: number;
	onTrace(request: unknown): void;
	onMetrics(request: unknown): void;
	onLogs(request: unknown): void;
	onRequest(request: OtlpRequest): void;
};
const { MockOtlpServer } = createRequire(import.meta.url)("@elastic/mockotlpserver") as {
	MockOtlpServer: new (options: MockOtlpOptions) => MockOtlpServer;
};

export type OtlpRequest = {
	transport: string;
	method?: string;
	path: string;
	headers?: Record<string, string>;
	metadata?: unknown;
};

export type Receiver = {
	/** For OTEL_EXPORTER_OTLP_ENDPOINT with grpc. */
	grpc: string;
	/** For OTEL_EXPORTER_OTLP_ENDPOINT with http/protobuf and http/json. */
	http: string;
	spans: Span[];
	logs: LogRecord[];
	/** One entry per data point and export. */
	metrics: MetricPoint[];
	requests: OtlpRequest[];
	/** All that came in, as one text to look for secrets in. */
	rawBytes(): string;
	waitForSpans(count: number, timeoutMs?: number): Promise<void>;
	close(): Promise<void>;
};

// The mock server hands everything to diagnostics channels, which all servers of a process share;
// the asynchronous context in which a server was started tells whose request it is.
const owner = new AsyncLocalStorage<symbol>();

export async function startReceiver(): Promise<Receiver> {
	const self = Symbol("receiver");
	const spans: Span[] = [];
	const logs: LogRecord[] = [];
	const metrics: MetricPoint[] = [];
	const requests: OtlpRequest[] = [];
	let raw = "";
	const ours =
		<T>(take: (request: T) => void) =>
		(request: T) => {
			if (owner.getStore() === self) take(request);
		};
	const server = new MockOtlpServer({
		logLevel: "fatal",
		services: ["http", "grpc"],
		httpHostname: "127.0.0.1",
		grpcHostname: "127.0.0.1",
		httpPort: 0,
		grpcPort: 0,
		onTrace: ours((request) => {
			const decoded = plainSpans(request);
			raw += text(decoded);
			spans.push(...decoded);
		}),
		onMetrics: ours((request) => {
			const decoded = plainMetrics(request);
			raw += text(decoded);
			metrics.push(...decoded);
		}),
		onLogs: ours((request) => {
			const decoded = plainLogs(request);
			raw += text(decoded);
			logs.push(...decoded);
		}),
		onRequest: ours((request) => {
			raw += text(request);
			requests.push(request);
		}),
	});
	await owner.run(self, () => server.start());
	// grpc-js loses the context between a call's headers and its message, so it is put back around each handler.
	for (const handler of server._grpcService._grpcServer.handlers.values()) {
		const { func } = handler;
		handler.func = (...args) => owner.run(self, () => func(...args));
	}
	return {
		grpc: server.grpcUrl.origin,
		http: server.httpUrl.origin,
		spans,
		logs,
		metrics,
		requests,
		rawBytes: () => raw,
		waitForSpans: (count, timeoutMs) => until(`${count} spans`, () => spans.length >= count, timeoutMs),
		close: () => server.close(),
	};
}

function text(value: unknown): string {
	return `${JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? String(item) : item))}\n`;
}
