// Comes in: where a signal goes by http/protobuf or http/json. Goes out: the exporter of that protocol with an agent
// of ours, which knows proxy and certificates, keeps connections open, and tells when the collector cannot be
// reached: the exporter itself would silently try again for seconds.
import { EventEmitter } from "node:events";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsOptions } from "node:https";
import type { Duplex } from "node:stream";
import type { OtelConfig, OtlpTarget } from "../config.ts";
import type { Batches, Route } from "./exporter.ts";
import { readIdentity } from "./identity.ts";
import { createHttpExporter } from "./otlp-http-exporter.ts";
import { proxyFor, tellProxy } from "./proxy.ts";

/** Connections to one collector; more batches than that wait for one of them. */
export const SOCKET_LIMIT = 8;

export class HttpRoutes {
	/** Signals that go to the same place in the same way share their connections. */
	private readonly agents = new Map<string, ObservedAgent>();
	private readonly proxies: OtelConfig["proxies"];

	constructor(proxies: OtelConfig["proxies"]) {
		this.proxies = proxies;
	}

	create<S extends keyof Batches>(signal: S, target: OtlpTarget, concurrencyLimit: number): Route<Batches[S]> {
		const observed = this.agentFor(target);
		const rejections = new EventEmitter<{ rejected: [count: number] }>();
		const tell = (count: number) => void rejections.emit("rejected", count);
		return {
			exporter: createHttpExporter(signal, target, concurrencyLimit, observed.agent, tell),
			onRejected: (listener) => void rejections.on("rejected", listener),
			destination: target.endpoint,
			variable: target.endpointVariable,
			proxy: tellProxy(target.url, target.protocol, this.proxies),
			close: (onDown) => observed.close(onDown),
			destroy: () => observed.destroy(),
		};
	}

	private agentFor(target: OtlpTarget): ObservedAgent {
		const proxy = proxyFor(target.url, target.protocol, this.proxies);
		const tls = target.insecure ? [] : [target.certificate, target.clientKey, target.clientCertificate];
		const key = JSON.stringify([new URL(target.url).origin, proxy, ...tls]);
		let found = this.agents.get(key);
		if (!found) {
			found = new ObservedAgent(createAgent(target, proxy));
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

/** An agent, and what became of its last attempt to connect. */
class ObservedAgent {
	readonly agent: HttpAgent;
	private lastError: unknown;
	private ended = false;
	private readonly listeners: ((error: unknown) => void)[] = [];

	constructor(agent: HttpAgent) {
		this.agent = agent;
		const connect = agent.createConnection.bind(agent);
		agent.createConnection = (options, callback) => {
			// The exporter does not try again after an error without a code of the network, and so lets the process end.
			if (this.ended) throw new Error("the run is over");
			const socket = connect(options, (error, stream) => {
				if (error) this.failed(error);
				callback?.(error, stream);
			});
			if (socket) this.observe(socket);
			return socket;
		};
	}

	/** From now on a failed connection is the end: what waits for another attempt is given up. */
	close(onDown: (error: unknown) => void): void {
		if (this.lastError !== undefined) onDown(this.lastError);
		this.listeners.push(onDown);
	}

	destroy(): void {
		this.ended = true;
		this.agent.destroy();
	}

	private observe(socket: Duplex): void {
		const onError = (error: unknown) => this.failed(error);
		socket.once("error", onError);
		socket.once("connect", () => {
			this.lastError = undefined;
			socket.off("error", onError);
		});
	}

	private failed(error: unknown): void {
		this.lastError = error;
		for (const listener of this.listeners) listener(error);
	}
}
