// What the user typed → our own words, and what goes to claude unchanged. Ours are few and count only in front of the
// first argument that is not ours: `--append-system-prompt --help` is claude's business, and so is all behind `--`.

export type OwnCommand = "install-hooks" | "uninstall-hooks" | "demo" | "config" | "version" | "help";

export type SplitArgs =
	| { kind: "claude"; args: string[]; debug?: true | string; useSdk?: true }
	| { kind: "own"; command: OwnCommand; args: string[]; debug?: true | string };

const COMMANDS: ReadonlyMap<string, OwnCommand> = new Map([
	["install-hooks", "install-hooks"],
	["uninstall-hooks", "uninstall-hooks"],
	["demo", "demo"],
	["--config", "config"],
	["--version", "version"],
	["--help", "help"],
]);

const SDK_FLAG = "--use-sdk";
const DEBUG_FLAG = "--claude-otel-debug";

export function splitArgs(args: readonly string[]): SplitArgs {
	let debug: true | string | undefined;
	let useSdk: true | undefined;
	let index = 0;
	for (; index < args.length; index++) {
		const arg = args[index] as string;
		if (arg === DEBUG_FLAG) debug = true;
		else if (arg === SDK_FLAG) useSdk = true;
		else if (arg.startsWith(`${DEBUG_FLAG}=`)) debug = arg.slice(DEBUG_FLAG.length + 1) || true;
		else break;
	}
	if (useSdk) return { kind: "claude", args: args.slice(index), debug, useSdk };
	const command = COMMANDS.get(args[index] ?? "");
	if (command === undefined) return { kind: "claude", args: args.slice(index), debug };
	return { kind: "own", command, args: args.slice(index + 1), debug };
}
