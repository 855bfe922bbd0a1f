// An interactive claude whose claude-otel is killed: a shell lies between the terminal and claude-otel, so that claude keeps
// its terminal. In: a stage. Out: the terminal, and the processes.
import { CLAUDE_OTEL } from "./claude-home.ts";
import { childrenOf, isAlive, until } from "./run.ts";
import type { Stage } from "./stage.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

export type Outlived = {
	terminal: Terminal;
	claude: number;
	/** The process beside claude-otel that stands in for it. */
	guardian: number;
	/** SIGKILL of claude-otel. */
	kill(): Promise<void>;
	/** Leaves claude by a command, and waits until nothing of the run is left. */
	leave(): Promise<void>;
};

export async function openOutlived(
	stage: Stage,
	args: string[] = [],
	env: Record<string, string> = {},
): Promise<Outlived> {
	const command = ['"$0" "$@"; sleep 100', process.execPath, CLAUDE_OTEL, "--permission-mode", "acceptEdits", ...args];
	const terminal = await openTerminal(stage.home, "/bin/sh", ["-c", ...command], { env: { ...stage.env, ...env } });
	await terminal.waitForText("accept edits on", 30_000);
	const [wrapper = 0] = childrenOf(terminal.pid);
	await until("the guardian", () => childrenOf(wrapper).length === 2);
	const [claude = 0, guardian = 0] = childrenOf(wrapper);
	return {
		terminal,
		claude,
		guardian,
		async kill() {
			process.kill(wrapper, "SIGKILL");
			await until("the end of claude-otel", () => !isAlive(wrapper));
		},
		async leave() {
			await terminal.submit("/exit");
			await until("claude's end", () => !isAlive(claude));
			await until("the guardian's end", () => !isAlive(guardian));
			terminal.signal("SIGKILL");
			await terminal.exit;
		},
	};
}
