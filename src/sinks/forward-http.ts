// Comes in: requests and where they go by http. Goes out: each as one POST with the same headers and the same bytes.
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { OtelConfig, OtlpTarget } from "../config.ts";
import type { BatchExporter } from "./exporter.ts";
import { type ForwardRequest, httpHeaders } from "./forward-request.ts";
import { createAgent } from "./otlp-http.ts";
import { proxyFor } from "./proxy.ts";

/** Throws where a certificate cannot be read. */
export function createHttpForwarder(target: OtlpTarget, proxies: OtelConfig["proxies"]): BatchExporter<ForwardRequest> {
	const agent = createAgent(target, proxyFor(target.url, target.protocol, proxies));
	const start = target.insecure ? requestPlain : requestSecure;

	function send(request: ForwardRequest, done: (result: ExportResult) => void): void {
		let settled = false;
		const settle = (result: ExportResult) => {
			clearTimeout(timer);
			if (!settled) done(result);
			settled = true;
		};
		const fail = (error: Error) => settle({ code: ExportResultCode.FAILED, error });
		const outgoing = start(target.url, { method: "POST", agent, headers: httpHeaders(request) }, (response) => {
			const { statusCode = 0 } = response;
			response.on("error", fail).on("end", () => {
				const taken = statusCode >= 200 && statusCode <= 299;
				return taken ? settle({ code: ExportResultCode.SUCCESS }) : fail(new RefusedByHttp(statusCode));
			});
			response.resume();
		});
		const timer = setTimeout(() => outgoing.destroy(new Error("timed out")), target.timeoutMs);
		outgoing.on("error", fail).end(request.body);
	}

	return {
		export: send,
		async shutdown() {
			agent.destroy();
		},
	};
}

/** Of an answer nothing but its number is kept. */
class RefusedByHttp extends Error {
	readonly code: number;

	constructor(code: number) {
		super(`HTTP ${code}`);
		this.code = code;
	}
}
