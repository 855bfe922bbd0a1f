// What the Agent SDK asks to have started → claude as a process that the SDK can speak with, and how it ended.
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { SpawnOptions } from "@anthropic-ai/claude-agent-sdk";
import type { ClaudeEnd } from "./spawn-claude.ts";

export interface AgentProcess {
	/** For the SDK. */
	child: ChildProcess & { stdin: Writable; stdout: Readable };
	/** Rejects where the system did not start it: NodeJS.ErrnoException. */
	ended: Promise<ClaudeEnd>;
}

export interface AgentProcessOptions {
	/** For claude, behind what the SDK says. */
	moreArgs: readonly string[];
	/** Undefined: standard error is ours. */
	onStderr?(text: string): void;
	/** A process group of its own, so that a terminal's Ctrl-C is not for it. */
	ownGroup: boolean;
}

/** A claude that is ended writes what it has still to write in a moment. */
const KILL_AFTER_MS = 5_000;
/** What a claude that has gone wrote to standard error is still on its way; a process of its own may hold that open. */
const LAST_WORDS_LIMIT_MS = 300;

export function spawnAgent(
	{ command, args, env, cwd, signal }: SpawnOptions,
	{ moreArgs, onStderr, ownGroup }: AgentProcessOptions,
): AgentProcess {
	const child = spawn(command, [...args, ...moreArgs], {
		cwd,
		env,
		stdio: ["pipe", "pipe", onStderr === undefined ? "inherit" : "pipe"],
		detached: ownGroup && process.platform !== "win32",
		windowsHide: true,
	}) as AgentProcess["child"];
	child.stderr?.setEncoding("utf8").on("data", (text: string) => onStderr?.(text));
	// The SDK has closed its stdin before, and given it time to leave by itself.
	signal.addEventListener("abort", () => end(child), { once: true });
	const lastWords = new Promise<void>((resolve) => {
		if (child.stderr === null) resolve();
		else child.stderr.once("close", resolve);
	});
	const ended = new Promise<ClaudeEnd>((resolve, reject) => {
		// A signal that can no longer be delivered is an error too; then it has ended already.
		child.on("error", reject);
		child.once("exit", async (code, name) => {
			await Promise.race([lastWords, sleep(LAST_WORDS_LIMIT_MS, undefined, { ref: false })]);
			resolve(name === null ? { exitCode: code ?? 0 } : { signal: name });
		});
	});
	// Nobody may be waiting for it yet.
	ended.catch(() => {});
	return { child, ended };
}

function end(child: ChildProcess): void {
	child.kill("SIGTERM");
	const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS).unref();
	child.once("exit", () => clearTimeout(timer));
}
