// A back end on loopback that takes what its vendor would: compressed protobuf. In: the status to answer with. Out: each
// request as it came, and what was in it.

import { gunzipSync } from "node:zlib";
import { readBody, startHttp } from "../sinks/collectors.ts";
import { type LogRecord, type MetricPoint, plainLogs, plainMetrics, plainSpans, type Span } from "./otlp-plain.ts";
import { requestType } from "./otlp-proto.ts";

export interface BackendRequest {
	method: string;
	path: string;
	/** Those that say what it is and who sends it, not those of the connection. */
	headers: Record<string, unknown>;
}

export interface LoopbackBackend {
	url: string;
	requests: BackendRequest[];
	spans: Span[];
	metrics: MetricPoint[];
	logs: LogRecord[];
	/** Its first request for a signal. */
	requestFor(signal: "traces" | "metrics" | "logs"): BackendRequest | undefined;
	close(): Promise<void>;
}

const OF_THE_CONNECTION = ["host", "connection", "transfer-encoding", "content-length", "user-agent", "traceparent"];

/** @param answer what it says to each request: nothing, which is success, or an OTLP answer as protobuf */
export async function startBackend(status = 200, answer: Uint8Array = new Uint8Array()): Promise<LoopbackBackend> {
	const requests: BackendRequest[] = [];
	const spans: Span[] = [];
	const metrics: MetricPoint[] = [];
	const logs: LogRecord[] = [];
	const place = await startHttp(async (incoming, response) => {
		const bytes = await readBody(incoming);
		const path = incoming.url ?? "";
		const headers = Object.entries(incoming.headers).filter(([name]) => !OF_THE_CONNECTION.includes(name));
		requests.push({ method: incoming.method ?? "", path, headers: Object.fromEntries(headers) });
		const signal = (["traces", "metrics", "logs"] as const).find((name) => path.endsWith(`/v1/${name}`));
		if (signal !== undefined && status < 300) {
			const body = incoming.headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
			const request = requestType(signal).decode(body);
			if (signal === "traces") spans.push(...plainSpans(request));
			else if (signal === "metrics") metrics.push(...plainMetrics(request));
			else logs.push(...plainLogs(request));
		}
		response.writeHead(status, { "content-type": "application/x-protobuf" }).end(answer);
	});
	return {
		url: place.url,
		requests,
		spans,
		metrics,
		logs,
		requestFor: (signal) => requests.find(({ path }) => path.endsWith(`/v1/${signal}`)),
		close: place.close,
	};
}
