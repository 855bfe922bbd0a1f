// OTLP requests that Claude Code sends of its own → each one decoded, together with the bytes it came as. One room with
// several doors: http, on the port of the hooks, and gRPC. What may not come in is answered and counted, never thrown.
import { systemClock } from "../clock.ts";
import type { GiveAnswer, RequestHandler, RequestHead } from "./http-requests.ts";
import type { JsonObject } from "./json.ts";
import { inflate, isKnownEncoding } from "./otlp-inflate.ts";
import { readOtlpJson } from "./otlp-json.ts";
import {
	OTLP_BODY_MAX,
	OTLP_BODY_TIME_MS,
	OTLP_CONNECTIONS_MAX,
	OTLP_HELD_MAX,
	OTLP_REQUESTS_PER_SECOND,
} from "./otlp-limits.ts";
import { newCounts, type OtlpCounts, type Refusal, refusalAnswer, takenAnswer } from "./otlp-refusal.ts";
import { TOKEN_HEADER } from "./run-token.ts";

export type OtlpSignal = "traces" | "metrics" | "logs";
export type OtlpProtocol = "http/json" | "http/protobuf" | "grpc";

export interface OtlpRequest {
	signal: OtlpSignal;
	protocol: OtlpProtocol;
	/** Names in small letters, without the run's token and what concerns the connection alone. */
	headers: Readonly<Record<string, string>>;
	/** As it came, so that it can be passed on: over http in its content-encoding, over gRPC the message, uncompressed. */
	body: Buffer;
	/** The shape of OTLP/JSON for all protocols: ids in hexadecimal, 64 bit numbers as strings or numbers. */
	json: JsonObject;
	/** Arrival. */
	at: number;
}

export interface OtlpRoom {
	counts: OtlpCounts;
	/** An http request that has shown the token. */
	receive(connection: object, head: RequestHead, give: GiveAnswer): RequestHandler;
	/** False where there have been too many of late. */
	admit(): boolean;
	/** Whole and decoded; what is done with it is not the sender's fault. False where that failed. */
	take(request: OtlpRequest): boolean;
	leave(connection: object): void;
}

const PATHS: ReadonlyMap<string, OtlpSignal> = new Map([
	["/v1/traces", "traces"],
	["/v1/metrics", "metrics"],
	["/v1/logs", "logs"],
]);
/** Of the connection, not of what it brings. */
const NOT_PASSED_ON = new Set(
	"connection expect host keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split(
		" ",
	),
);

export function isOtlpPath(path: string): boolean {
	return PATHS.has(path);
}

/** @param onDropped a request of claude's could not be taken */
export function createOtlpRoom(onRequest: (request: OtlpRequest) => void, onDropped = () => {}): OtlpRoom {
	const counts = newCounts();
	const connections = new Set<object>();
	let held = 0;
	let allowance = OTLP_REQUESTS_PER_SECOND;
	let allowanceAt = performance.now();

	function receive(connection: object, head: RequestHead, give: GiveAnswer): RequestHandler {
		const { headers } = head;
		const type = headers.get("content-type")?.split(";")[0]?.trim().toLowerCase();
		const json = type !== "application/x-protobuf";
		const signal = PATHS.get(head.path);
		const refused = findRefusal(connection, head, type);
		if (refused !== undefined) refuse(refused);
		if (refused !== undefined || signal === undefined) return { push() {}, end() {}, answers: true };

		const at = systemClock();
		const chunks: Buffer[] = [];
		let bytes = 0;
		let open = true;
		const timer = setTimeout(() => stop("slow"), OTLP_BODY_TIME_MS);
		timer.unref();
		const admitted = admit();
		return {
			answers: true,
			push(chunk) {
				if (!open) return;
				bytes += chunk.length;
				held += chunk.length;
				if (bytes > OTLP_BODY_MAX) stop("large");
				else if (held > OTLP_HELD_MAX) stop("busy");
				else if (admitted) chunks.push(chunk);
			},
			end() {
				if (!open) return;
				clearTimeout(timer);
				if (admitted) void finish(signal).catch(fail).finally(letGo);
				else stop("rate");
			},
			gone() {
				if (!open) return;
				counts.cut++;
				letGo();
			},
		};

		async function finish(of: OtlpSignal): Promise<void> {
			// A copy, also of a single piece, which would keep the whole block that the kernel's bytes were read into.
			const body = Buffer.concat(chunks, bytes);
			const encoding = headers.get("content-encoding");
			const plain = encoding === undefined ? body : await inflate(body, encoding);
			if (typeof plain === "string") return refuse(plain);
			const decoded = json ? readOtlpJson(of, plain.toString()) : await readProtobuf(of, plain);
			if (decoded === undefined) return refuse("malformed");
			const protocol = json ? "http/json" : "http/protobuf";
			const taken = take({ signal: of, protocol, headers: passedOn(headers), body, json: decoded, at });
			give(taken ? takenAnswer(json) : refusalAnswer("failed", json));
		}

		/** A part of ours that cannot be loaded, as the package was replaced meanwhile, must not end the session. */
		function fail(): void {
			refuse("failed");
		}

		function stop(kind: Refusal): void {
			if (!open) return;
			letGo();
			refuse(kind);
		}

		function refuse(kind: Refusal): void {
			counts.refused[kind]++;
			if (kind !== "path" && kind !== "method") onDropped();
			give(refusalAnswer(kind, json));
		}

		function letGo(): void {
			open = false;
			clearTimeout(timer);
			held -= bytes;
			chunks.length = 0;
		}
	}

	function findRefusal(connection: object, head: RequestHead, type: string | undefined): Refusal | undefined {
		if (!PATHS.has(head.path)) return "path";
		if (head.method !== "POST") return "method";
		if (type !== "application/json" && type !== "application/x-protobuf") return "type";
		if (!isKnownEncoding(head.headers.get("content-encoding"))) return "encoding";
		if (Number(head.headers.get("content-length") ?? 0) > OTLP_BODY_MAX) return "large";
		if (!connections.has(connection) && connections.size >= OTLP_CONNECTIONS_MAX) return "busy";
		connections.add(connection);
		return undefined;
	}

	function admit(): boolean {
		const now = performance.now();
		const grown = allowance + ((now - allowanceAt) / 1000) * OTLP_REQUESTS_PER_SECOND;
		allowance = Math.min(OTLP_REQUESTS_PER_SECOND, grown);
		allowanceAt = now;
		if (allowance < 1) return false;
		allowance--;
		return true;
	}

	function take(request: OtlpRequest): boolean {
		try {
			onRequest(request);
			counts.taken++;
			return true;
		} catch {
			counts.refused.failed++;
			onDropped();
			return false;
		}
	}

	return { counts, receive, admit, take, leave: (connection) => connections.delete(connection) };
}

/** For both kinds of doors. */
export function passedOn(headers: Iterable<readonly [string, string]>): Record<string, string> {
	return Object.fromEntries([...headers].filter(([name]) => name !== TOKEN_HEADER && !NOT_PASSED_ON.has(name)));
}

/** Loaded for protobuf alone. */
async function readProtobuf(signal: OtlpSignal, body: Buffer): Promise<JsonObject | undefined> {
	const { decodeOtlp } = await import("./otlp-protobuf.ts");
	return decodeOtlp(signal, body);
}
