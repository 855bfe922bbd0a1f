// The second way to run claude: by the Agent SDK's query(). In: prompts, the SDK's options, and who wants to hear. Out:
// every hook payload and every message, as they come, and how it ended. The SDK starts the user's own claude, and speaks
// with it over its stdin and stdout; we see to the process, so that its id, its signals and its end are known.
import type {
	CanUseTool,
	HookCallbackMatcher,
	HookEvent,
	Options,
	Query,
	query,
	SDKMessage,
	SDKResultMessage,
	SDKUserMessage,
} from "@anthropic-ai/claude-agent-sdk";
import type { Json } from "../model/fact.ts";
import type { HistoryEntry } from "../model/history.ts";
import { type AgentProcess, spawnAgent } from "./agent-process.ts";
import { createPromptQueue, promptMessage } from "./prompt-queue.ts";
import type { SdkArgs } from "./sdk-args.ts";
import { holdSignals, type Release } from "./signals.ts";
import type { ClaudeEnd } from "./spawn-claude.ts";

/** As much of the SDK as we need. */
export interface AgentSdk {
	query: typeof query;
}
export type { CanUseTool, Query, SDKMessage, SDKResultMessage, SDKUserMessage } from "@anthropic-ai/claude-agent-sdk";

export interface AgentHook {
	event: string;
	/** Tools, as a regular expression; undefined: all. */
	matcher?: string;
}

export interface AgentOptions {
	sdk: AgentSdk;
	/** The claude to run; undefined: the one that the SDK brings along. */
	command?: string;
	args: Pick<SdkArgs, "options" | "moreArgs">;
	env: NodeJS.ProcessEnv;
	cwd: string;
	/** One prompt, after whose answer claude leaves. Undefined: prompts are sent, until `close`. */
	prompt?: string;
	/** Which hooks `onHook` gets: payloads as Claude Code gives them to a command. It must not throw. */
	hooks?: readonly AgentHook[];
	onHook?(payload: Record<string, Json>): void;
	/** Pieces of answers among them, with `partialMessages`. */
	onMessage?(message: SDKMessage): void;
	partialMessages?: boolean;
	/** Asked before a tool that no rule allows or denies; undefined: it is denied, as with `claude -p`. */
	canUseTool?: CanUseTool;
	/**
	 * `forward`: claude is in our process group, and signals to us are handed on to it. `keep`: it has a group of its own,
	 * so that a terminal's Ctrl-C is for the caller alone, who may `interrupt`.
	 */
	signals: "forward" | "keep";
	/** What claude writes to standard error; undefined: it goes to ours. */
	onStderr?(text: string): void;
}

export interface AgentEnd extends ClaudeEnd {
	/** One for each turn. */
	results: SDKResultMessage[];
	/** Why the SDK gave up, where claude's results do not say it. */
	error?: Error;
}

export interface Agent {
	/** Of claude; undefined where the system did not start it. */
	pid: number | undefined;
	/** A further prompt, now or while a turn goes on. */
	send(prompt: string | SDKUserMessage): void;
	/** No further prompt: claude leaves when all are answered. */
	close(): void;
	/** Ends the turn that goes on, not the session. */
	interrupt(): Promise<void>;
	/** Ends claude, whatever it does. */
	stop(): void;
	/** For models, permission modes and what else the SDK can change while claude runs. */
	query: Query;
	/** Rejects where claude could not be started: NodeJS.ErrnoException. */
	ended: Promise<AgentEnd>;
	/** Signals mean again what they mean without us. */
	release: Release;
}

/** One whose trace is made. */
export interface TracedAgent extends Omit<Agent, "release"> {
	/** Resolves when the trace has been delivered, too. */
	ended: Promise<AgentEnd>;
	/** What was said and done so far, with as many of its words as the level allows; empty where it is `off`. */
	history(): HistoryEntry[];
}

/** A hook that we do not answer in this time does not hold claude up. */
const HOOK_TIMEOUT_SECONDS = 1;

export function startAgent(options: AgentOptions): Agent {
	const signals = options.signals === "forward" ? holdSignals() : undefined;
	const prompts = createPromptQueue();
	const abort = new AbortController();
	let claude: AgentProcess | undefined;
	const running = start();

	function start(): Query {
		try {
			return options.sdk.query({ prompt: options.prompt ?? prompts.messages, options: queryOptions() });
		} catch (error) {
			// Options that the SDK does not take.
			signals?.release();
			throw error;
		}
	}

	function queryOptions(): Options {
		return {
			...options.args.options,
			...(options.command === undefined ? {} : { pathToClaudeCodeExecutable: options.command }),
			cwd: options.cwd,
			env: options.env,
			includePartialMessages: options.partialMessages === true,
			hooks: hookCallbacks(options),
			...(options.canUseTool === undefined ? {} : { canUseTool: options.canUseTool }),
			abortController: abort,
			spawnClaudeCodeProcess(asked) {
				const { onStderr, args } = options;
				const { child, ended } = spawnAgent(asked, {
					moreArgs: args.moreArgs,
					onStderr,
					ownGroup: options.signals === "keep",
				});
				claude = { child, ended };
				signals?.handTo((name) => void child.kill(name));
				return child;
			},
		};
	}

	async function listen(): Promise<AgentEnd> {
		const results: SDKResultMessage[] = [];
		let error: Error | undefined;
		try {
			for await (const message of running) {
				if (message.type === "result") {
					results.push(message);
					prompts.answered(message);
				}
				options.onMessage?.(message);
			}
		} catch (caught) {
			error = caught instanceof Error ? caught : new Error(String(caught));
		}
		prompts.end();
		// The SDK throws what an erroneous result has said, and where claude was ended.
		const told = results.at(-1)?.is_error === true || abort.signal.aborted;
		const ending = claude === undefined ? { exitCode: 1 } : await claude.ended;
		return { ...ending, results, ...(error === undefined || told ? {} : { error }) };
	}

	const ended = listen();
	ended.catch(() => {});
	return {
		get pid() {
			return claude?.child.pid;
		},
		send: (prompt) => prompts.push(typeof prompt === "string" ? promptMessage(prompt) : prompt),
		close: prompts.close,
		interrupt: async () => void (await running.interrupt()),
		stop: () => abort.abort(),
		query: running,
		ended,
		release: () => signals?.release(),
	};
}

/** Beside the caller's own. Ours are answered with nothing: they decide nothing and add nothing. */
export function hookCallbacks({ hooks = [], onHook, args }: Pick<AgentOptions, "hooks" | "onHook" | "args">) {
	const callbacks: NonNullable<Options["hooks"]> = { ...args.options.hooks };
	for (const { event, matcher } of hooks) {
		const entry: HookCallbackMatcher = {
			timeout: HOOK_TIMEOUT_SECONDS,
			hooks: [
				async (input) => {
					onHook?.({ ...input } as unknown as Record<string, Json>);
					return {};
				},
			],
		};
		const own = callbacks[event as HookEvent] ?? [];
		callbacks[event as HookEvent] = [...own, matcher === undefined ? entry : { ...entry, matcher }];
	}
	return callbacks;
}
