// claude's arguments → the prompt, what of the flags the Agent SDK has an option for, and the rest, which the SDK hands
// on to claude as it stands. `--flag value` and `--flag=value` are the same.
import type { Options } from "@anthropic-ai/claude-agent-sdk";
import { type Arg, parseArgs } from "./parse-args.ts";

export type SdkOptions = Options;

export interface SdkArgs {
	/** The first argument that is no flag's: claude looks at no other. */
	prompt?: string;
	options: SdkOptions;
	/** For claude itself: flags that `extraArgs` cannot hold as they stand. */
	moreArgs: string[];
	/** What is printed, and what is read from stdin: `claude -p` has the same words for it. */
	outputFormat: string;
	inputFormat: string;
	verbose: boolean;
	/** The user wants to see the answer's pieces. */
	partialMessages: boolean;
}

type Values = readonly string[];
/** Undefined where claude had better judge the value itself. */
type ToOptions = (values: Values) => SdkOptions | undefined;

const OPTIONS: Readonly<Record<string, ToOptions>> = {
	"--add-dir": (folders) => ({ additionalDirectories: [...folders] }),
	"--agent": text((agent) => ({ agent })),
	"--allow-dangerously-skip-permissions": () => ({ allowDangerouslySkipPermissions: true }),
	"--allowedTools": (tools) => ({ allowedTools: [...tools] }),
	"--continue": () => ({ continue: true }),
	"--disallowedTools": (tools) => ({ disallowedTools: [...tools] }),
	"--fallback-model": text((fallbackModel) => ({ fallbackModel })),
	"--fork-session": () => ({ forkSession: true }),
	"--include-hook-events": () => ({ includeHookEvents: true }),
	"--max-budget-usd": number((maxBudgetUsd) => ({ maxBudgetUsd })),
	"--max-thinking-tokens": number((maxThinkingTokens) => ({ maxThinkingTokens })),
	"--max-turns": number((maxTurns) => ({ maxTurns })),
	"--model": text((model) => ({ model })),
	"--no-session-persistence": () => ({ persistSession: false }),
	"--permission-mode": ([mode]) => (isPermissionMode(mode) ? { permissionMode: mode } : undefined),
	"--permission-prompt-tool": text((permissionPromptToolName) => ({ permissionPromptToolName })),
	"--resume": text((resume) => ({ resume })),
	"--resume-session-at": text((resumeSessionAt) => ({ resumeSessionAt })),
	"--session-id": text((sessionId) => ({ sessionId })),
	"--setting-sources": ([list = ""]) => {
		const sources = list.split(",").map((source) => source.trim());
		return sources.every(isSettingSource) ? { settingSources: sources } : undefined;
	},
	"--settings": text((settings) => ({ settings })),
	"--strict-mcp-config": () => ({ strictMcpConfig: true }),
};

/** Of the command line alone: the SDK speaks its own format with claude. */
const OURS: ReadonlySet<string> = new Set([
	"--include-partial-messages",
	"--input-format",
	"--output-format",
	"--print",
	"--verbose",
]);

export function parseClaudeArgs(args: readonly string[]): SdkArgs {
	const parsed = parseArgs(args);
	const flags = valuesByFlag(parsed);
	const last = (name: string) => flags.get(name)?.flat().at(-1);
	const parsedArgs: SdkArgs = {
		prompt: parsed.find((arg) => arg.kind === "operand")?.text,
		options: {
			// What `claude` reads where nothing is said; the SDK alone would leave the user's settings out.
			settingSources: ["user", "project", "local"],
			// The user's own goes to claude as the flag that it is: from the SDK it would come with other words before it.
			systemPrompt: { type: "preset", preset: "claude_code" },
		},
		moreArgs: [],
		outputFormat: last("--output-format") ?? "text",
		inputFormat: last("--input-format") ?? "text",
		verbose: flags.has("--verbose"),
		partialMessages: flags.has("--include-partial-messages"),
	};
	for (const [name, uses] of flags) if (!OURS.has(name)) place(name, uses, parsedArgs);
	return parsedArgs;
}

/** A flag's values, one list for each time that it stands there. */
function valuesByFlag(parsed: readonly Arg[]): Map<string, Values[]> {
	const flags = new Map<string, Values[]>();
	for (const arg of parsed) {
		if (arg.kind !== "flag") continue;
		const values = arg.values.map((value) => value.text);
		// One that nobody knows stays in one piece, so that claude names it as it was typed.
		const [name, used] = arg.known || values.length === 0 ? [arg.name, values] : [`${arg.text}=${values.join()}`, []];
		flags.set(name, [...(flags.get(name) ?? []), used]);
	}
	return flags;
}

function place(name: string, uses: readonly Values[], { options, moreArgs }: SdkArgs): void {
	const known = OPTIONS[name]?.(uses.flat());
	if (known !== undefined) {
		Object.assign(options, known);
		return;
	}
	const [values = []] = uses;
	if (uses.length === 1 && values.length <= 1 && /^--[^=]+$/.test(name)) {
		options.extraArgs = { ...options.extraArgs, [name.slice(2)]: values[0] ?? null };
	} else for (const used of uses) moreArgs.push(name, ...used);
}

function text(toOptions: (value: string) => SdkOptions): ToOptions {
	return (values) => {
		const value = values.at(-1);
		return value === undefined ? undefined : toOptions(value);
	};
}

function number(toOptions: (value: number) => SdkOptions): ToOptions {
	return (values) => {
		const value = values.at(-1);
		return value === undefined || value.trim() === "" || !Number.isFinite(Number(value))
			? undefined
			: toOptions(Number(value));
	};
}

function isPermissionMode(mode: string | undefined): mode is NonNullable<Options["permissionMode"]> {
	return ["default", "acceptEdits", "bypassPermissions", "plan", "dontAsk", "auto"].includes(mode ?? "");
}

function isSettingSource(source: string): source is "user" | "project" | "local" {
	return ["user", "project", "local"].includes(source);
}
