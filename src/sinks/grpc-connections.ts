// Comes in: where something goes by gRPC. Goes out: the credentials to connect with; and gRPC's own words and its choice
// of a proxy are brought under our rules. Loaded only where gRPC is used.
import { type ChannelCredentials, credentials, setLogger } from "@grpc/grpc-js";
import type { OtelConfig, OtlpTarget } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";
import { readIdentity } from "./identity.ts";
import { proxyFor } from "./proxy.ts";

export class GrpcConnections {
	/** The same files give the same credentials object, and that lets the signals share one connection. */
	private readonly shared = new Map<string, ChannelCredentials>();
	private readonly proxies: OtelConfig["proxies"];

	constructor(proxies: OtelConfig["proxies"], diagnostics: Diagnostics) {
		this.proxies = proxies;
		// gRPC would write to the terminal, which is claude's.
		const say = (message: unknown) => diagnostics.say("info", `grpc: ${String(message)}`);
		setLogger({ error: say, info: say, debug: say });
	}

	credentialsFor(target: OtlpTarget): ChannelCredentials {
		const key = target.insecure
			? "insecure"
			: JSON.stringify([target.certificate, target.clientKey, target.clientCertificate]);
		let found = this.shared.get(key);
		if (!found) {
			const identity = target.insecure ? undefined : readIdentity(target);
			found = identity
				? credentials.createSsl(identity.authority ?? null, identity.key ?? null, identity.certificate ?? null)
				: credentials.createInsecure();
			this.shared.set(key, found);
		}
		return found;
	}

	/**
	 * gRPC reads its proxy from the environment alone, and only in small letters. What our one rule decided is
	 * written there; claude has its own copy of the environment by now.
	 */
	chooseProxy(target: OtlpTarget): void {
		const { http, https, grpc } = this.proxies;
		if (target.url.startsWith("unix:") || (http ?? https ?? grpc) === undefined) return;
		const proxy = proxyFor(target.url, "grpc", this.proxies);
		if (proxy !== undefined) {
			process.env["grpc_proxy"] = proxy;
			process.env["no_grpc_proxy"] ??= " ";
			return;
		}
		const host = new URL(target.url).hostname.replace(/^\[|\]$/g, "");
		const listed = new Set((process.env["no_grpc_proxy"] ?? "").split(","));
		process.env["no_grpc_proxy"] = [...listed.add(host)].filter((entry) => entry.trim() !== "").join(",");
	}
}
