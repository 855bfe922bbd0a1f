// The hook table → the `hooks` of a settings file, for this run's door or for the installed forwarder, merged behind
// the hooks that are there already. All of them run, in parallel.
import hookTable from "../../hooks/hook-table.json" with { type: "json" };
import type { Json } from "../model/fact.ts";
import type { ClaudeArgs } from "./claude-args.ts";
import type { Settings } from "./settings-files.ts";

export type HookHandler = Record<string, Json>;

/** All that we listen to: what installed hooks tell, and a run that leaves no transcript. */
export const HOOK_EVENTS: readonly string[] = hookTable.events;
/** Only where a person sits: with -p the wrapper sees the end itself. Never over http, which prints when we are gone. */
export const END_EVENT: string = hookTable.endEvent;
const TIMEOUT_SECONDS: number = hookTable.timeout;

const TOKEN_VARIABLE = "CLAUDE_OTEL_TOKEN";

/**
 * The events of one run. Each costs claude some milliseconds every time, so what the transcript tells as well is left
 * to it: which calls were refused or unknown, and without a terminal when a turn began and ended (docs/decisions/0001).
 */
export function eventsOf(claudeArgs: Pick<ClaudeArgs, "interactive" | "sessionPersistence" | "flags">): string[] {
	if (!claudeArgs.sessionPersistence) return [...HOOK_EVENTS];
	const told: string[] = [...hookTable.toldByTranscript];
	// Prompts that come one after the other on stdin are typed while tools run, like those of a person.
	const single = !claudeArgs.interactive && !claudeArgs.flags.has("--input-format");
	if (single) told.push(...hookTable.toldByTranscriptWithoutTerminal);
	return HOOK_EVENTS.filter((event) => !told.includes(event));
}

/** Tools that only look something up or note it: their calls are over in milliseconds. */
export const QUICK_TOOLS: readonly string[] = hookTable.quickTools;

/**
 * Which tools an event is hooked for; undefined: all. The begin of a quick call is left to the transcript and to the
 * duration that its end tells: that halves what such a call waits for (docs/decisions/0001).
 */
export function matcherOf(
	event: string,
	{ sessionPersistence }: Pick<ClaudeArgs, "sessionPersistence">,
): string | undefined {
	return event === "PreToolUse" && sessionPersistence ? `^(?!(?:${QUICK_TOOLS.join("|")})$)` : undefined;
}

/** The token comes from the environment: an argument list can be read by everybody. */
export function httpHandler(url: string): HookHandler {
	return {
		type: "http",
		url,
		timeout: TIMEOUT_SECONDS,
		headers: { "x-claude-otel-token": `$${TOKEN_VARIABLE}` },
		allowedEnvVars: [TOKEN_VARIABLE],
	};
}

/** Started directly, without a shell. */
export function forwarderHandler(node: string, forwarder: string): HookHandler {
	return { type: "command", command: node, args: [forwarder], timeout: TIMEOUT_SECONDS };
}

/** For installed hooks: a line for the shell, which decides without starting Node whether anybody listens. */
export function shellHandler(command: string): HookHandler {
	return { type: "command", command, timeout: TIMEOUT_SECONDS };
}

/** Event → handler, and the tools that it is for. */
export type HookTable = ReadonlyMap<string, { handler: HookHandler; matcher?: string }>;

export function mergeHooks(settings: Settings, table: HookTable): Settings {
	if (table.size === 0) return settings;
	const hooks: Settings = { ...(settings.hooks as Settings | undefined) };
	for (const [event, { handler, matcher }] of table) {
		const entry: Json = matcher === undefined ? { hooks: [handler] } : { matcher, hooks: [handler] };
		hooks[event] = [...((hooks[event] as Json[] | undefined) ?? []), entry];
	}
	return { ...settings, hooks };
}

/** Where a list restricts http hooks, ours must be on it; where there is none, a list of ours would restrict the user's. */
export function allowHttpHooks(settings: Settings, others: readonly Settings[], url: string): Settings {
	const allowed = { ...settings };
	const all = [settings, ...others];
	if (all.some((one) => one.allowedHttpHookUrls !== undefined)) {
		allowed.allowedHttpHookUrls = [...((settings.allowedHttpHookUrls as Json[] | undefined) ?? []), url];
	}
	if (all.some((one) => one.httpHookAllowedEnvVars !== undefined)) {
		allowed.httpHookAllowedEnvVars = [
			...((settings.httpHookAllowedEnvVars as Json[] | undefined) ?? []),
			TOKEN_VARIABLE,
		];
	}
	return allowed;
}
