// Comes in: requests and where they go by http. Goes out: each as one POST with the same headers and the same bytes.
import { type ClientRequest, request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import type { NativeDestination } from "../config.ts";
import type { BatchExporter } from "./exporter.ts";
import { type ForwardRequest, httpHeaders } from "./forward-request.ts";
import { HttpRefusal } from "./http-post.ts";
import { createAgent } from "./otlp-http.ts";
import { proxyFor } from "./proxy.ts";

/** Throws where a certificate cannot be read. `authorities`: in place of the usual ones. */
export function createHttpForwarder(
	target: NativeDestination,
	authorities?: readonly string[],
): BatchExporter<ForwardRequest> {
	const { passphrase, unverified } = target.tls;
	const agent = createAgent(target, proxyFor(target.url, target.protocol, target.proxies), {
		...(authorities && { ca: [...authorities] }),
		...(passphrase && { passphrase }),
		...(unverified && { rejectUnauthorized: false }),
	});
	const start = target.insecure ? requestPlain : requestSecure;
	/** Those too that wait for a connection, for which the agent would open one as soon as another ends. */
	const underway = new Set<ClientRequest>();
	let closed = false;

	function send(request: ForwardRequest, done: (result: ExportResult) => void): void {
		let settled = false;
		const settle = (result: ExportResult) => {
			clearTimeout(timer);
			underway.delete(outgoing);
			if (!settled) done(result);
			settled = true;
		};
		const fail = (error: Error) => settle({ code: ExportResultCode.FAILED, error });
		const outgoing = start(target.url, { method: "POST", agent, headers: httpHeaders(request) }, (response) => {
			const { statusCode = 0 } = response;
			response.on("error", fail).on("end", () => {
				const taken = statusCode >= 200 && statusCode <= 299;
				if (taken) settle({ code: ExportResultCode.SUCCESS });
				else fail(new HttpRefusal(statusCode, response.headers["retry-after"]));
			});
			response.resume();
		});
		const timer = setTimeout(() => outgoing.destroy(new Error("timed out")), target.timeoutMs);
		underway.add(outgoing);
		outgoing.on("error", (error) => {
			if (closed || !isStale(outgoing, error)) return fail(error);
			clearTimeout(timer);
			underway.delete(outgoing);
			send(request, done);
		});
		outgoing.end(request.body);
	}

	return {
		export: send,
		async shutdown() {
			closed = true;
			for (const outgoing of underway) outgoing.destroy();
			agent.destroy();
		},
	};
}

/** The receiver has ended a connection that rested in the moment in which we began to use it. */
function isStale(outgoing: ClientRequest, error: NodeJS.ErrnoException): boolean {
	return outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
}
