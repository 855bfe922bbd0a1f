// One scene of an end-to-end test: the scripted model, a home for claude and an OTLP receiver, and claude-otel between them.
// In: a script. Out: runs of claude-otel, and what arrived at the receiver.

import type { Script, ScriptedModel } from "../../src/testing/scripted-model.ts";
import { startScriptedModel } from "../../src/testing/scripted-model.ts";
import { type ClaudeHome, makeClaudeHome } from "./claude-home.ts";
import { type Receiver, startReceiver } from "./receiver.ts";
import { type RunOptions, type RunResult, runClaudeOtel } from "./run.ts";
import { claudeOtelInTerminal, type Terminal, type TerminalOptions } from "./terminal.ts";

export type Stage = {
	model: ScriptedModel;
	home: ClaudeHome;
	receiver: Receiver;
	/** For claude-otel, beside what the home needs. */
	env: Record<string, string>;
	/** `claude-otel ARGS` to its end, which must come by itself. */
	run(args: string[], options?: RunOptions): Promise<RunResult>;
	/** `claude-otel -p PROMPT` that may use every tool. */
	print(prompt: string, args?: string[], options?: RunOptions): Promise<RunResult>;
	/** claude-otel in a pseudo-terminal, ready for the first prompt. */
	terminal(args?: string[], options?: TerminalOptions): Promise<Terminal>;
	close(): Promise<void>;
};

export const PROTOCOLS = ["grpc", "http/protobuf", "http/json"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export type StageOptions = { protocol?: Protocol; env?: Record<string, string> };

export const FREE_HAND = "--dangerously-skip-permissions";

export async function openStage(script: Script, options: StageOptions = {}): Promise<Stage> {
	const model = await startScriptedModel(script);
	const receiver = await startReceiver();
	const home = makeClaudeHome(model.url);
	const env = { ...exportTo(receiver, options.protocol ?? "http/protobuf"), ...options.env };
	const terminals: Terminal[] = [];

	async function run(args: string[], runOptions: RunOptions = {}): Promise<RunResult> {
		const result = await runClaudeOtel(home, args, { ...runOptions, env: { ...env, ...runOptions.env } });
		if (result.timedOut)
			throw new Error(`claude-otel ${args.join(" ")} did not end:\n${result.stdout}${result.stderr}`);
		return result;
	}
	return {
		model,
		home,
		receiver,
		env,
		run,
		print: (prompt, args = [], runOptions) => run(["-p", prompt, FREE_HAND, ...args], runOptions),
		async terminal(args = [], terminalOptions = {}) {
			const terminal = await claudeOtelInTerminal(home, ["--permission-mode", "manual", ...args], {
				...terminalOptions,
				env: { ...env, ...terminalOptions.env },
			});
			terminals.push(terminal);
			await terminal.waitForText("manual mode on", 30_000);
			return terminal;
		},
		async close() {
			for (const terminal of terminals) terminal.signal("SIGKILL");
			await Promise.all(terminals.map((terminal) => terminal.exit));
			await Promise.all([model.close(), receiver.close()]);
			home.remove();
		},
	};
}

export function exportTo(receiver: Receiver, protocol: Protocol): Record<string, string> {
	return {
		OTEL_EXPORTER_OTLP_ENDPOINT: protocol === "grpc" ? receiver.grpc : receiver.http,
		OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
	};
}
