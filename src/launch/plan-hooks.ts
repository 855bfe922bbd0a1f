// One run and its settings → how its hooks reach us, or one sentence that says why they cannot. Decides, and opens nothing.
import type { Config } from "../config.ts";
import type { ClaudeArgs } from "./claude-args.ts";
import { chooseTransport, type TransportChoice } from "./hook-transport.ts";
import type { RunSettings } from "./run-settings.ts";

export type NoHooks =
	| { because: "sources" }
	/** They come another way. */
	| { because: "sdk" }
	| { because: "flag"; flag: string }
	| { because: "hook-events" }
	| { because: "disabled"; path: string }
	| { because: "managed-only"; path: string }
	| { because: "settings"; value: string };

const SILENCING_FLAGS = ["--bare", "--safe-mode"];

export function planHooks(
	claudeArgs: ClaudeArgs,
	config: Pick<Config, "hookTransport" | "sources">,
	env: NodeJS.ProcessEnv,
	settings: RunSettings | undefined,
): TransportChoice | NoHooks {
	if (!config.sources.includes("hooks")) return { because: "sources" };
	const flag = SILENCING_FLAGS.find((name) => claudeArgs.flags.has(name));
	if (flag !== undefined) return { because: "flag", flag };
	// It shows every hook on stdout: ours would be seen.
	if (claudeArgs.flags.has("--include-hook-events")) return { because: "hook-events" };
	if (settings === undefined) return { because: "settings", value: claudeArgs.settings?.text ?? "" };
	const { ranked } = settings;
	const disabling = ranked.findLast((file) => typeof file.settings.disableAllHooks === "boolean");
	if (disabling?.settings.disableAllHooks === true) return { because: "disabled", path: disabling.path };
	const managed = ranked.find((file) => file.scope === "managed" && file.settings.allowManagedHooksOnly === true);
	if (managed !== undefined) return { because: "managed-only", path: managed.path };
	return chooseTransport(config.hookTransport, env, ranked);
}
