// What `install-hooks` writes, and how it is known again: ours of any version, and those of the Python predecessor that
// ours replace.
import { join } from "node:path";
import { END_EVENT, forwarderHandler, HOOK_EVENTS, type HookHandler, shellHandler } from "../launch/hook-settings.ts";
import type { Json } from "../model/fact.ts";

export interface InstalledHooksOptions {
	runDir: string;
	packageRoot: string;
	node: string;
	platform: NodeJS.Platform;
}

/** Sessions without the wrapper have their end told as well. */
export const INSTALLED_EVENTS: readonly string[] = [...HOOK_EVENTS, END_EVENT];

const FORWARDER = /[\\/]hooks[\\/]forwarder\.mjs/;
const PREDECESSOR = /\bclaude-otel-(?:pre-tool|post-tool|pre-compact)\b|\bhooks[\\/](?:pre|post)_tool(?:_use)?\.py\b/;

/** Where a service that stays would listen. */
export function serviceSocket({ runDir, platform }: Pick<InstalledHooksOptions, "runDir" | "platform">): string {
	return platform === "win32" ? "\\\\.\\pipe\\claude-otel-serve" : join(runDir, "serve.sock");
}

/** Starts no Node under the wrapper, whose own hooks tell everything, nor while no service listens. */
export function installedHandler(options: InstalledHooksOptions): HookHandler {
	const forwarder = join(options.packageRoot, "hooks", "forwarder.mjs");
	const socket = serviceSocket(options);
	if (options.platform === "win32") {
		const handler = forwarderHandler(options.node, forwarder);
		return { ...handler, args: [forwarder, socket] };
	}
	const [quotedNode, quotedForwarder, quotedSocket] = [options.node, forwarder, socket].map(quoteForShell);
	return shellHandler(
		`[ -n "$CLAUDE_OTEL_RUN" ] || [ ! -S ${quotedSocket} ] || exec ${quotedNode} ${quotedForwarder} ${quotedSocket}`,
	);
}

export function isOurs(handler: Json): boolean {
	const text = commandOf(handler);
	return FORWARDER.test(text) && (text.includes("CLAUDE_OTEL_RUN") || text.includes("claude-otel"));
}

export function isPredecessors(handler: Json): boolean {
	return PREDECESSOR.test(commandOf(handler));
}

function commandOf(handler: Json): string {
	// The predecessor's own instructions write the bare command where Claude Code expects an object.
	if (typeof handler === "string") return handler;
	if (typeof handler !== "object" || handler === null || Array.isArray(handler)) return "";
	const args = Array.isArray(handler.args) ? handler.args : [];
	return [handler.command, ...args].filter((part) => typeof part === "string").join(" ");
}

function quoteForShell(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}
