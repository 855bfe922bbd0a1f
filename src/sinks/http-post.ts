// The bytes of one OTLP request → one POST, and the body of the answer where a collector took them. Else it rejects with
// the reason: what went wrong on the network, or the status and how long the collector wants to be left alone.
import type { Agent } from "node:http";
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { OtlpTarget } from "../config.ts";
import { VERSION } from "../version.ts";
import { isWebPage, WebPageAnswer } from "./is-web-page.ts";
import { readRetryAfter } from "./retry-after.ts";

/** An answer is an OTLP message of a few bytes; of a longer one the rest is not kept. */
const ANSWER_MAX_BYTES = 64 * 1024;

export type HttpPost = (plain: Uint8Array) => Promise<Buffer>;

export function createHttpPost(target: OtlpTarget, agent: Agent): HttpPost {
	const compress = target.compression === "gzip" ? promisify(gzip) : undefined;
	const headers = {
		"user-agent": `claude-otel/${VERSION}`,
		...target.headers,
		"content-type": target.protocol === "http/json" ? "application/json" : "application/x-protobuf",
		...(compress ? { "content-encoding": "gzip" } : {}),
	};
	return async (plain) => {
		const body = compress ? await compress(plain) : plain;
		const answer = await send(target, agent, { ...headers, "content-length": body.length }, body);
		if (isWebPage(answer)) throw new WebPageAnswer();
		return answer;
	};
}

function send(
	{ url, insecure, timeoutMs }: OtlpTarget,
	agent: Agent,
	headers: Record<string, string | number>,
	body: Uint8Array,
): Promise<Buffer> {
	const start = insecure ? requestPlain : requestSecure;
	return new Promise((resolve, reject) => {
		const outgoing = start(url, { method: "POST", agent, headers }, (response) => {
			const { statusCode = 0 } = response;
			const chunks: Buffer[] = [];
			let length = 0;
			response.on("error", reject).on("data", (chunk: Buffer) => {
				length += chunk.length;
				if (length <= ANSWER_MAX_BYTES) chunks.push(chunk);
			});
			response.on("end", () => {
				clearTimeout(timer);
				if (statusCode >= 200 && statusCode <= 299) resolve(Buffer.concat(chunks));
				else reject(new HttpRefusal(statusCode, response.headers["retry-after"]));
			});
		});
		// What waits for a connection alone holds no process.
		const timer = setTimeout(() => outgoing.destroy(new Error("timed out")), timeoutMs).unref();
		outgoing.on("error", (error) => {
			clearTimeout(timer);
			reject(error);
		});
		outgoing.end(body);
	});
}

/** Of an answer that is none of success nothing but its numbers is kept. */
export class HttpRefusal extends Error {
	readonly code: number;
	readonly retryAfterMs: number | undefined;

	constructor(code: number, retryAfter: string | undefined) {
		super(`HTTP ${code}`);
		this.code = code;
		this.retryAfterMs = readRetryAfter(retryAfter);
	}
}
