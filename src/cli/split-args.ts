// What the user typed → our own words, and what goes to claude unchanged. Ours are few and count only in front of the
// first argument that is not ours: `--append-system-prompt --help` is claude's business, and so is all behind `--`.

export type OwnCommand =
	| "install-hooks"
	| "uninstall-hooks"
	| "recover"
	| "flush"
	| "demo"
	| "check"
	| "config"
	| "version"
	| "help";

export type SplitArgs = { debug?: true | string; summary?: true; emoji?: false } & (
	| { kind: "claude"; args: string[]; useSdk?: true }
	| { kind: "own"; command: OwnCommand; args: string[] }
);

const COMMANDS: ReadonlyMap<string, OwnCommand> = new Map([
	["install-hooks", "install-hooks"],
	["uninstall-hooks", "uninstall-hooks"],
	["recover", "recover"],
	["flush", "flush"],
	["demo", "demo"],
	["check", "check"],
	["--config", "config"],
	["--version", "version"],
	["--help", "help"],
]);

const SDK_FLAG = "--use-sdk";
const DEBUG_FLAG = "--claude-otel-debug";
const SUMMARY_FLAG = "--summary";
const NO_EMOJI_FLAG = "--no-emoji";

export function splitArgs(args: readonly string[]): SplitArgs {
	let debug: true | string | undefined;
	let summary: true | undefined;
	let useSdk: true | undefined;
	let emoji: false | undefined;
	let index = 0;
	for (; index < args.length; index++) {
		const arg = args[index] as string;
		if (arg === DEBUG_FLAG) debug = true;
		else if (arg === SDK_FLAG) useSdk = true;
		else if (arg.startsWith(`${DEBUG_FLAG}=`)) debug = arg.slice(DEBUG_FLAG.length + 1) || true;
		else if (arg === SUMMARY_FLAG) summary = true;
		else if (arg === NO_EMOJI_FLAG) emoji = false;
		else break;
	}
	if (useSdk) return { kind: "claude", args: args.slice(index), debug, summary, emoji, useSdk };
	const command = COMMANDS.get(args[index] ?? "");
	if (command === undefined) return { kind: "claude", args: args.slice(index), debug, summary, emoji };
	return { kind: "own", command, args: args.slice(index + 1), debug, summary, emoji };
}
