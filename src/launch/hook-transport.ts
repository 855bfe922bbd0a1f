// What the user chose and what stands in the way → how hooks reach us. Http starts no process and is the main door;
// the socket costs a Node process per hook, and works where http cannot.
import type { SettingsFile } from "./settings-files.ts";

export interface TransportChoice {
	transport: "http" | "socket";
	/** Why auto did not take http, with what that costs. */
	why?: string;
	/** The variable that is in the way of http. */
	proxy?: string;
}

/** Claude Code sends its http hooks through these; ALL_PROXY does not concern them. */
const PROXY_VARIABLES = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"];
const NO_PROXY_VARIABLES = ["no_proxy", "NO_PROXY"];

export function chooseTransport(
	wanted: "auto" | "http" | "socket",
	env: NodeJS.ProcessEnv,
	settings: readonly SettingsFile[],
): TransportChoice {
	if (wanted !== "auto") return { transport: wanted };
	const proxy = proxyInTheWay(env, settings);
	if (proxy === undefined) return { transport: "http" };
	return {
		transport: "socket",
		proxy,
		why: `${proxy} would send http hooks to the proxy, so they come over the socket, which costs about 30 ms a hook: add 127.0.0.1 to NO_PROXY to avoid it.`,
	};
}

function proxyInTheWay(env: NodeJS.ProcessEnv, settings: readonly SettingsFile[]): string | undefined {
	// A settings file's `env` goes over the process environment; the last file wins.
	const merged: Record<string, unknown> = { ...env };
	for (const file of settings) Object.assign(merged, file.settings.env);
	const proxy = PROXY_VARIABLES.find((name) => typeof merged[name] === "string" && merged[name] !== "");
	if (proxy === undefined) return undefined;
	const direct = NO_PROXY_VARIABLES.flatMap((name) => String(merged[name] ?? "").split(/[\s,]+/));
	return direct.includes("127.0.0.1") || direct.includes("*") ? undefined : proxy;
}
