// Comes in: an address and the proxy variables. Goes out: the proxy to go through, or nothing. One rule for
// all protocols, as curl and Go have it: lists of hosts, domains, networks, `*`; loopback is always reached
// directly, since a proxy elsewhere cannot reach our loopback.
import { BlockList, isIP } from "node:net";
import type { OtelConfig } from "../config.ts";

type Proxies = OtelConfig["proxies"];

export function proxyFor(url: string, protocol: string, proxies: Proxies): string | undefined {
	return chooseProxy(url, protocol, proxies)?.url;
}

/** For a person: the proxy without user and password, and the variable that names it. */
export interface ProxyTold {
	address: string;
	variable: string;
}

export function tellProxy(url: string, protocol: string, proxies: Proxies): ProxyTold | undefined {
	const proxy = chooseProxy(url, protocol, proxies);
	if (proxy === undefined) return undefined;
	const variable = proxies.variables?.[proxy.kind];
	return variable === undefined ? undefined : { address: proxy.url.replace(/\/\/[^/]*@/, "//****@"), variable };
}

function chooseProxy(url: string, protocol: string, proxies: Proxies) {
	const { protocol: scheme, hostname, port } = new URL(url);
	if (scheme === "unix:") return undefined;
	const own = scheme === "https:" ? "https" : "http";
	// gRPC implementations take whichever there is, since CONNECT serves both.
	const kinds = protocol === "grpc" ? (["grpc", "https", "http"] as const) : ([own] as const);
	const kind = kinds.find((name) => proxies[name] !== undefined);
	const proxy = kind && proxies[kind];
	if (kind === undefined || proxy === undefined) return undefined;
	const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
	if (isLoopback(host) || isExcluded(host, port || (scheme === "https:" ? "443" : "80"), proxies.none))
		return undefined;
	return { kind, url: proxy.includes("://") ? proxy : `http://${proxy}` };
}

export function isLoopback(host: string): boolean {
	if (host === "localhost" || host.endsWith(".localhost") || host === "::1") return true;
	return isIP(host) === 4 && host.startsWith("127.");
}

function isExcluded(host: string, port: string, list: string): boolean {
	return list
		.split(/[\s,]+/)
		.filter((entry) => entry !== "")
		.some((entry) => matches(host, port, entry.toLowerCase()));
}

function matches(host: string, port: string, entry: string): boolean {
	if (entry === "*") return true;
	if (entry.includes("/")) return isIP(host) !== 0 && isInNetwork(host, entry);
	const bare = entry.replace(/^\[(.*)\]$/, "$1");
	const [, name = bare, wantedPort] = isIP(bare) ? [] : (/^\[?(.*?)\]?:(\d+)$/.exec(entry) ?? []);
	if (wantedPort !== undefined && wantedPort !== port) return false;
	const domain = name.replace(/^\*?\./, "");
	return host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`));
}

function isInNetwork(host: string, network: string): boolean {
	const [address = "", bits] = network.split("/");
	const family = isIP(address) === 6 ? "ipv6" : "ipv4";
	try {
		const block = new BlockList();
		block.addSubnet(address, Number(bits), family);
		return block.check(host, isIP(host) === 6 ? "ipv6" : "ipv4");
	} catch {
		// Not a network after all: such an entry excludes nothing.
		return false;
	}
}
