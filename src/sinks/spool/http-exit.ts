// Spooled bytes → one POST with the headers of today, and what the collector said of it.
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { gzipSync } from "node:zlib";
import type { OtelConfig, OtlpTarget } from "../../config.ts";
import { describeFailure } from "../failure.ts";
import { isWebPage, WebPageAnswer } from "../is-web-page.ts";
import { createAgent } from "../otlp-http.ts";
import { proxyFor } from "../proxy.ts";
import { readRetryAfter } from "../retry-after.ts";
import type { Exit, Outcome } from "./exit.ts";
import { isPermanent } from "./is-permanent.ts";
import { rejectedIn } from "./rejected-in.ts";

/** An answer is an OTLP message of a few bytes; of a longer one the rest is not read. */
const ANSWER_MAX_BYTES = 64 * 1024;

/** Throws where a certificate cannot be read. */
export function createHttpExit(target: OtlpTarget, proxies: OtelConfig["proxies"]): Exit {
	const agent = createAgent(target, proxyFor(target.url, target.protocol, proxies));
	const start = target.insecure ? requestPlain : requestSecure;
	const json = target.protocol === "http/json";
	const gzip = target.compression === "gzip";

	function send(plain: Uint8Array): Promise<Outcome> {
		const body = gzip ? gzipSync(plain) : plain;
		const headers = {
			...target.headers,
			"content-type": json ? "application/json" : "application/x-protobuf",
			"content-length": body.length,
			...(gzip ? { "content-encoding": "gzip" } : {}),
		};
		return new Promise((resolve) => {
			const fail = (error: unknown) => resolve({ kind: "later", failure: describeFailure(error) });
			const outgoing = start(target.url, { method: "POST", agent, headers }, (response) => {
				const chunks: Buffer[] = [];
				let length = 0;
				response.on("error", fail).on("data", (chunk: Buffer) => {
					length += chunk.length;
					if (length <= ANSWER_MAX_BYTES) chunks.push(chunk);
				});
				response.on("end", () => {
					clearTimeout(timer);
					const status = response.statusCode ?? 0;
					if (status >= 200 && status <= 299) {
						const answer = Buffer.concat(chunks);
						if (isWebPage(answer)) return fail(new WebPageAnswer());
						return resolve({ kind: "taken", rejected: rejectedIn(answer, json) });
					}
					const failure = describeFailure({ code: status });
					if (isPermanent({ code: status })) return resolve({ kind: "refused", failure });
					resolve({ kind: "later", failure, retryAfterMs: readRetryAfter(response.headers["retry-after"]) });
				});
			});
			const timer = setTimeout(() => outgoing.destroy(new Error("timed out")), target.timeoutMs);
			outgoing.on("error", (error) => {
				clearTimeout(timer);
				fail(error);
			});
			outgoing.end(body);
		});
	}

	return { send, close: () => agent.destroy() };
}
