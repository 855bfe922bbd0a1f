// `claude-otel --use-sdk` at a terminal, without a prompt: a conversation. Prompts are read one after the other and sent to
// one session of the Agent SDK, each turn a trace of its own; what comes of them is shown by views/repl.
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { UserMistake } from "../../errors.ts";
import type { AgentSdk, CanUseTool, SDKMessage, TracedAgent } from "../../launch/agent-runner.ts";
import type { ClaudeEnd } from "../../launch/spawn-claude.ts";
import { askUser } from "../../views/repl/ask-user.ts";
import { showBanner } from "../../views/repl/banner.ts";
import { completeCommand, LEAVING, OWN_COMMANDS } from "../../views/repl/completion.ts";
import { createConversationView } from "../../views/repl/conversation-view.ts";
import { openKeyboard } from "../../views/repl/keyboard.ts";
import { createLineReader } from "../../views/repl/line-reader.ts";
import { showPanel } from "../../views/repl/panel.ts";
import { createPastedBlocks } from "../../views/repl/pasted-blocks.ts";
import { plainText } from "../../views/repl/plain-text.ts";
import { openPromptHistory } from "../../views/repl/prompt-history.ts";
import { createScreen } from "../../views/repl/screen.ts";
import { permissionWords, replWords } from "../../views/repl/sentences.ts";
import { collectSessionFigures, isTurn, showSessionLine } from "../../views/repl/session-figures.ts";
import { createTheme } from "../../views/repl/theme.ts";
import { showTools } from "../../views/repl/tools-panel.ts";
import { colorLevelOf } from "../color-level.ts";
import { bannerOf } from "../repl-banner.ts";
import type { RunContext } from "../run-context.ts";
import { traceAgent } from "../trace-agent.ts";

export interface Conversation {
	sdk: AgentSdk;
	args: readonly string[];
	context: RunContext;
	process: NodeJS.Process;
	emoji: boolean;
}

/** Ctrl-C a second time leaves, so soon after the first. */
const TWICE_MS = 1_000;
/** A turn that does not end so long after Ctrl-C is ended with its claude by the next one. */
const CANCEL_LIMIT_MS = 2_000;
/** What shells answer for a program that Ctrl-C has ended. */
const EXIT_INTERRUPTED = 130;
const CANCELLED = { behavior: "deny", message: permissionWords.cancelled(), interrupt: true } as const;
const HISTORY_FILE = "prompt-history";
const LEAVING_SIGNALS = ["SIGTERM", "SIGHUP"] as const;

export async function converse({ sdk, args, context, process, emoji }: Conversation): Promise<ClaudeEnd> {
	const { config, cwd, env } = context;
	const { stdin, stdout } = process;
	/** A terminal that can only write on. */
	const dumb = env.TERM === "dumb";
	const theme = createTheme(dumb ? 0 : colorLevelOf(stdout), emoji);
	const { color, icons } = theme;
	const history = openPromptHistory(join(config.dataDir, HISTORY_FILE));
	const figures = collectSessionFigures();
	const leaving = new AbortController();
	let turn: { done(): void; cancelledAt?: number } | undefined;
	let lastInterrupt = Number.NEGATIVE_INFINITY;
	let bySignal: NodeJS.Signals | undefined;
	let claudeGone = false;
	/** Claude has taken its arguments. */
	let started = false;
	/** It has not, and said why. */
	let refused = false;
	let stopped = false;
	/** A turn that nobody typed asks, too: over the open prompt. */
	let questions = 0;
	let tools: string[] | undefined;
	let commands: string[] = [];
	const calls = new Map<string, number>();
	/** Questions are put one after the other. */
	let asking: Promise<unknown> = Promise.resolve();

	const screen = createScreen(stdout, theme, !dumb, () => reader);
	const view = createConversationView({ theme, cwd, columns: screen.columns, now, show: screen.print });
	const status = () => view.status() ?? replWords.thinking();
	const agent = await traceAgent({
		sdk,
		args,
		context,
		interactive: true,
		signals: "keep",
		partialMessages: true,
		canUseTool: (...asked) => {
			const answer = asking.then(() => ask(...asked));
			asking = answer.catch(() => {});
			return answer;
		},
		onStderr(text) {
			if (!started) refused = true;
			screen.print([color.dim(plainText(text).trimEnd())]);
		},
		onMessage: hear,
	});
	const blocks = createPastedBlocks();
	const keyboard = openKeyboard({
		stdin,
		write: (codes) => void (dumb || stdout.write(codes)),
		onInterrupt,
		onSuspend,
		onEnd: () => leaveBy("SIGHUP"),
	});
	const reader = createLineReader(keyboard, stdout, blocks, !dumb);
	const gone: Promise<undefined> = agent.ended.then(onGone, onGone);
	// Whoever showed our output has gone.
	stdout.on("error", () => leaveBy("SIGHUP"));
	for (const name of LEAVING_SIGNALS) process.on(name, leaveBy);
	process.on("SIGINT", onInterrupt);
	void learnCommands();

	try {
		screen.print(showBanner(bannerOf(config, args), theme, screen.columns()));
		for (;;) {
			const prompt = await reader.read({
				prompt: "> ",
				continuation: "… ",
				history: history.entries(),
				complete: (line) => completeCommand(line, commands),
				signal: leaving.signal,
			});
			if (prompt === undefined || LEAVING.has(prompt.trim())) break;
			if (prompt.trim() === "") continue;
			const reason = history.add(prompt);
			if (reason !== undefined) screen.print([color.yellow(replWords.notKept(reason))]);
			if (!runOwn(prompt.trim())) await runTurn(agent, prompt);
			if (leaving.signal.aborted) break;
		}
		// A claude whose last turn was cancelled leaves with 1, though nothing went wrong.
		const left = !claudeGone;
		agent.close();
		screen.work(replWords.delivering);
		const { exitCode, signal, error } = await agent.ended;
		await gone;
		const told = error instanceof UserMistake || (refused && !started);
		if (!left && bySignal === undefined && !stopped && !told) screen.print([color.red(replWords.gone())]);
		if (error instanceof UserMistake || (error !== undefined && exitCode === 0)) throw error;
		if (bySignal !== undefined) return { signal: bySignal };
		if (stopped) return { exitCode: EXIT_INTERRUPTED };
		if (left) return { exitCode: 0 };
		return signal === undefined ? { exitCode } : { signal };
	} finally {
		screen.rest();
		keyboard.close();
		for (const name of LEAVING_SIGNALS) process.off(name, leaveBy);
		process.off("SIGINT", onInterrupt);
	}

	async function learnCommands(): Promise<void> {
		try {
			const known = await agent.query.supportedCommands();
			started = true;
			commands = [...new Set([...commands, ...known.map(({ name }) => name)])];
		} catch {
			// A claude that has gone, or one that does not tell them: then Tab completes ours.
		}
	}

	async function runTurn({ send }: TracedAgent, prompt: string): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		turn = { done: resolve };
		screen.work(status);
		send(prompt);
		await Promise.race([promise, gone]);
		turn = undefined;
		screen.rest();
	}

	function hear(message: SDKMessage): void {
		figures.message(message);
		if (message.type === "system" && message.subtype === "init") {
			tools = message.tools;
			commands = [...new Set([...commands, ...message.slash_commands])];
		}
		if (message.type === "assistant") {
			for (const block of message.message.content) {
				if (block.type === "tool_use") calls.set(block.name, (calls.get(block.name) ?? 0) + 1);
			}
		}
		view.message(message);
		// Turns that nobody typed end between, or over the open prompt.
		if (message.type !== "result" || (message.queued_turn_count ?? 0) > 0) return;
		screen.rest();
		if (isTurn(message)) {
			screen.print(showSessionLine(figures.figures(), !message.is_error, theme, screen.columns()));
		}
		turn?.done();
	}

	async function ask(...call: Parameters<CanUseTool>): ReturnType<CanUseTool> {
		const { signal: withdrawn, toolUseID } = call[2];
		const signal = AbortSignal.any([withdrawn, leaving.signal]);
		if (signal.aborted || turn?.cancelledAt !== undefined) return CANCELLED;
		const answered = view.asked(toolUseID);
		screen.rest();
		questions++;
		const answer = await askUser(call, signal, { reader, screen, theme, cwd }).finally(() => questions--);
		// Ctrl-D is a way to say that, too.
		if (answer === undefined && !signal.aborted) cancel();
		answered(answer?.behavior === "allow" ? "allowed" : "denied");
		if (turn !== undefined) screen.work(status);
		return answer ?? CANCELLED;
	}

	/** True: ours. */
	function runOwn(line: string): boolean {
		const options = { columns: screen.columns(), color };
		switch (line) {
			case "/help": {
				const names = OWN_COMMANDS.map(({ name, description }) => `${name} (${description})`).join(", ");
				screen.print(showPanel(`${icons.question} claude-otel`, replWords.help(names), options));
				return true;
			}
			case "/tools":
				screen.print(showTools(tools, calls, theme, screen.columns()));
				return true;
			default:
				return false;
		}
	}

	function onInterrupt(): void {
		const at = now();
		if (turn !== undefined || questions > 0) {
			if (turn?.cancelledAt === undefined) cancel();
			else if (at - turn.cancelledAt > CANCEL_LIMIT_MS) stop();
			return;
		}
		// Between the last prompt and the end there is only the delivery.
		if (at - lastInterrupt < TWICE_MS || leaving.signal.aborted) {
			leaving.abort();
			return;
		}
		lastInterrupt = at;
		reader.clear();
		screen.print([color.dim(replWords.again())]);
	}

	function stop(): void {
		stopped = true;
		agent.stop();
	}

	function cancel(): void {
		if (turn !== undefined) turn.cancelledAt = now();
		view.cancelled();
		agent.interrupt().catch(() => {});
	}

	function onGone(): undefined {
		claudeGone = true;
		leaving.abort();
	}

	function leaveBy(name: NodeJS.Signals): void {
		bySignal ??= name;
		leaving.abort();
		agent.stop();
	}

	function onSuspend(): void {
		if (process.platform === "win32") return;
		stdin.setRawMode(false);
		process.kill(process.pid, "SIGTSTP");
		// Here it goes on, at once where nobody could wake it.
		onContinue();
	}

	function onContinue(): void {
		keyboard.resume();
		reader.hide();
		reader.show();
	}
}

function now(): number {
	return performance.now();
}
