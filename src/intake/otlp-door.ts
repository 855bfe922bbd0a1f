// The OTLP half of the loopback door: heads and bodies of `POST /v1/{signal}` → whole requests, within limits. What they
// mean, and with which status they are answered, is for whoever takes them: that part is loaded when claude runs.
import { type Reply, type RequestHandler, type RequestHead } from "./http-requests.ts";

/** Bytes of one body, as it comes over the wire. */
export const OTLP_BODY_MAX = 16 * 1024 * 1024;
/** Bodies that are being read or answered at once, of all connections together. */
export const OTLP_REQUESTS_AT_ONCE_MAX = 16;
/** Claude Code sends two a second at most. */
export const OTLP_REQUESTS_PER_SECOND = 200;
/** A body that is not whole after this is given up. */
export const OTLP_BODY_TIME_MS = 10_000;

const PATHS = { "/v1/traces": "traces", "/v1/metrics": "metrics", "/v1/logs": "logs" } as const;

export interface OtlpRequest {
	signal: "traces" | "metrics" | "logs";
	contentType: string;
	contentEncoding: string;
	body: Buffer;
}

export type TakeOtlp = (request: OtlpRequest) => Promise<Reply>;

export interface OtlpDoor {
	/** A head whose token is right. `giveUp` ends its connection. */
	begin(head: RequestHead, giveUp: () => void): RequestHandler | Reply;
	/** How often each status was answered. */
	counts: Map<number, number>;
	/** Requests on their way. */
	open(): number;
}

export function isOtlpPath(path: string): path is keyof typeof PATHS {
	return Object.hasOwn(PATHS, path);
}

export function createOtlpDoor(take: TakeOtlp, now: () => number): OtlpDoor {
	const counts = new Map<number, number>();
	let open = 0;
	let second = 0;
	let inSecond = 0;

	function counted(reply: Reply): Reply {
		counts.set(reply.status, (counts.get(reply.status) ?? 0) + 1);
		return reply;
	}

	function refuse(status: number, message: string, retryAfter?: number): Reply {
		return counted({ ...statusReply(status, message), retryAfter, close: true });
	}

	function isTooFast(): boolean {
		const current = Math.floor(now() / 1000);
		if (current !== second) [second, inSecond] = [current, 0];
		return ++inSecond > OTLP_REQUESTS_PER_SECOND;
	}

	return {
		counts,
		open: () => open,
		begin({ method, path, headers }, giveUp) {
			if (!isOtlpPath(path)) return refuse(404, "there is no such path");
			if (method !== "POST") return refuse(405, "only POST is taken");
			if (Number(headers.get("content-length") ?? 0) > OTLP_BODY_MAX) return refuse(413, "the body is too large");
			if (isTooFast() || open >= OTLP_REQUESTS_AT_ONCE_MAX) return refuse(429, "too many requests", 1);
			const chunks: Buffer[] = [];
			let bytes = 0;
			let whole = false;
			open++;
			const end = () => {
				clearTimeout(timer);
				if (!whole) open--;
				whole = true;
			};
			const timer = setTimeout(() => {
				end();
				counted({ status: 408, body: "" });
				giveUp();
			}, OTLP_BODY_TIME_MS).unref();
			return {
				push(chunk) {
					bytes += chunk.length;
					// A body without a length is cut off here.
					if (bytes <= OTLP_BODY_MAX) chunks.push(chunk);
					else chunks.length = 0;
				},
				end,
				abort: end,
				async reply() {
					if (bytes > OTLP_BODY_MAX) return refuse(413, "the body is too large");
					const [contentType = ""] = (headers.get("content-type") ?? "").split(";");
					const contentEncoding = headers.get("content-encoding") ?? "identity";
					const request = {
						signal: PATHS[path],
						contentType: contentType.trim(),
						contentEncoding,
						body: Buffer.concat(chunks),
					};
					try {
						return counted(await take(request));
					} catch {
						return refuse(503, "not now", 1);
					}
				},
			};
		},
	};
}

/** google.rpc.Status as OTLP/HTTP asks for it. */
export function statusReply(status: number, message: string): Reply {
	return { status, contentType: "application/json", body: JSON.stringify({ code: RPC_CODES[status] ?? 2, message }) };
}

const RPC_CODES: Record<number, number> = { 400: 3, 404: 5, 405: 12, 413: 8, 415: 3, 429: 8, 503: 14 };
