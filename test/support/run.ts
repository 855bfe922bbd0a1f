// Runs one command in a Claude home to its end. In: command, arguments, stdin. Out: what it wrote and how it ended.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { CLAUDE, CLAUDE_OTEL, type ClaudeHome } from "./claude-home.ts";

export type RunOptions = {
	stdin?: string;
	env?: Record<string, string>;
	cwd?: string;
	/** Called once, when the process has been started. */
	onStart?: (running: Running) => void | Promise<void>;
	/** After this the process and its group are killed and `timedOut` is set. */
	timeoutMs?: number;
};

export type Running = {
	pid: number;
	stdout(): string;
	stderr(): string;
	/** To the process alone, as `kill PID` does. */
	signal(name: NodeJS.Signals): void;
	/** To the process and its children, as a terminal's Ctrl-C does. */
	signalGroup(name: NodeJS.Signals): void;
};

export type RunResult = {
	stdout: string;
	stderr: string;
	code: number | null;
	signal: NodeJS.Signals | null;
	wallMs: number;
	pid: number;
	timedOut: boolean;
};

const DEFAULT_TIMEOUT_MS = 60_000;

/** The real Claude Code, as a user without us would run it. */
export function runClaude(home: ClaudeHome, args: string[], options?: RunOptions): Promise<RunResult> {
	return run(home, CLAUDE, args, options);
}

export function runClaudeOtel(home: ClaudeHome, args: string[], options?: RunOptions): Promise<RunResult> {
	return run(home, process.execPath, [CLAUDE_OTEL, ...args], options);
}

export function run(home: ClaudeHome, command: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
	return new Promise((resolve, reject) => {
		const startedAt = performance.now();
		// A group of its own, so that a timeout can end what the command started and nothing else.
		const child = spawn(command, args, {
			cwd: options.cwd ?? home.work,
			env: { ...home.env, ...options.env },
			detached: true,
			stdio: ["pipe", "pipe", "pipe"],
		});
		let stdout = "";
		let stderr = "";
		let timedOut = false;
		child.stdout.setEncoding("utf8").on("data", (text: string) => {
			stdout += text;
		});
		child.stderr.setEncoding("utf8").on("data", (text: string) => {
			stderr += text;
		});
		// A command that ends without reading its input is no failure of the test.
		child.stdin.on("error", () => {});
		child.stdin.end(options.stdin ?? "");

		const timer = setTimeout(() => {
			timedOut = true;
			signalGroup(child, "SIGKILL");
		}, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
		child.on("error", (error) => {
			clearTimeout(timer);
			reject(error);
		});
		child.on("close", (code, signal) => {
			clearTimeout(timer);
			resolve({ stdout, stderr, code, signal, wallMs: performance.now() - startedAt, pid: child.pid ?? 0, timedOut });
		});
		child.on("spawn", () => {
			Promise.resolve(
				options.onStart?.({
					pid: child.pid ?? 0,
					stdout: () => stdout,
					stderr: () => stderr,
					signal: (name) => void child.kill(name),
					signalGroup: (name) => signalGroup(child, name),
				}),
			).catch((error: unknown) => {
				signalGroup(child, "SIGKILL");
				reject(error);
			});
		});
	});
}

function signalGroup(child: ChildProcess, name: NodeJS.Signals): void {
	if (child.pid === undefined) return;
	try {
		process.kill(-child.pid, name);
	} catch {
		// It has ended already.
	}
}

/** Waits until `condition` holds, looking every 10 ms. */
export async function until(what: string, condition: () => boolean, timeoutMs = 20_000): Promise<void> {
	const giveUpAt = performance.now() + timeoutMs;
	while (!condition()) {
		if (performance.now() > giveUpAt) throw new Error(`Waited ${timeoutMs} ms in vain for: ${what}`);
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
}

/** The JSON lines of `--output-format stream-json`. */
export function jsonLines(stdout: string): Record<string, unknown>[] {
	return stdout
		.split("\n")
		.filter((line) => line.startsWith("{"))
		.map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Process ids; none where it has ended. Linux alone. */
export function childrenOf(pid: number): number[] {
	try {
		return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
	} catch {
		return []; // It has ended.
	}
}

/** A zombie has ended. Linux alone. */
export function isAlive(pid: number): boolean {
	try {
		return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
	} catch {
		return false;
	}
}
