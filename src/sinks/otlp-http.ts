// Comes in: where a signal goes by http/protobuf or http/json. Goes out: the exporter of that protocol, which retries, with
// an agent that knows proxy and certificates and keeps connections open.
import { EventEmitter } from "node:events";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsOptions } from "node:https";
import type { OtelConfig, OtlpTarget } from "../config.ts";
import type { Batches, Route } from "./exporter.ts";
import { readIdentity } from "./identity.ts";
import { isHttpRetryable } from "./is-retryable.ts";
import { createHttpExporter } from "./otlp-http-exporter.ts";
import { proxyFor, tellProxy } from "./proxy.ts";
import { RetryingExporter } from "./retrying-exporter.ts";

/** Connections to one collector; more batches than that wait for one of them. */
export const SOCKET_LIMIT = 8;

export class HttpRoutes {
	/** Signals that go to the same place in the same way share their connections. */
	private readonly agents = new Map<string, EndableAgent>();
	private readonly proxies: OtelConfig["proxies"];

	constructor(proxies: OtelConfig["proxies"]) {
		this.proxies = proxies;
	}

	create<S extends keyof Batches>(signal: S, target: OtlpTarget): Route<Batches[S]> {
		const endable = this.agentFor(target);
		const rejections = new EventEmitter<{ rejected: [count: number] }>();
		const tell = (count: number) => void rejections.emit("rejected", count);
		const once = createHttpExporter(signal, target, endable.agent, tell);
		const exporter = new RetryingExporter(once, target.timeoutMs, isHttpRetryable);
		return {
			exporter,
			onRejected: (listener) => void rejections.on("rejected", listener),
			destination: target.endpoint,
			variable: target.endpointVariable,
			proxy: tellProxy(target.url, target.protocol, this.proxies),
			close: (isOver) => exporter.close(isOver),
			destroy: () => endable.end(),
		};
	}

	private agentFor(target: OtlpTarget): EndableAgent {
		const proxy = proxyFor(target.url, target.protocol, this.proxies);
		const tls = target.insecure ? [] : [target.certificate, target.clientKey, target.clientCertificate];
		const key = JSON.stringify([new URL(target.url).origin, proxy, ...tls]);
		let found = this.agents.get(key);
		if (!found) {
			found = new EndableAgent(createAgent(target, proxy));
			this.agents.set(key, found);
		}
		return found;
	}
}

/** `more`: of TLS, over what the target says. */
export function createAgent(target: OtlpTarget, proxy: string | undefined, more: HttpsOptions = {}): HttpAgent {
	const common = {
		keepAlive: true,
		maxSockets: SOCKET_LIMIT,
		proxyEnv: proxy ? { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } : {},
	};
	if (target.insecure) return new HttpAgent(common);
	const { authority, key, certificate } = readIdentity(target);
	return new HttpsAgent({ ...common, ca: authority, key, cert: certificate, ...more });
}

/** An agent that opens no connection when it has been ended: what waits for one would have it, and hold the process. */
class EndableAgent {
	readonly agent: HttpAgent;
	private ended = false;

	constructor(agent: HttpAgent) {
		this.agent = agent;
		const connect = agent.createConnection.bind(agent);
		agent.createConnection = (options, callback) => {
			if (this.ended) throw new Error("the run is over");
			return connect(options, callback);
		};
	}

	end(): void {
		this.ended = true;
		this.agent.destroy();
	}
}
