// What every way to run claude is given: the configuration, where we are, and who may write where.
import type { Config } from "../config.ts";
import type { Diagnostics } from "../diagnostics.ts";

export interface RunContext {
	config: Config;
	diagnostics: Diagnostics;
	env: NodeJS.ProcessEnv;
	cwd: string;
	/** Where our own files lie. */
	packageRoot: string;
	/** In a program of somebody else's: the process is not ours to change. */
	embedded?: boolean;
	stdoutIsTerminal: boolean;
	stderrIsTerminal: boolean;
	stderrColorLevel(): 0 | 1 | 2 | 3;
	/** Undefined where it is no terminal. */
	stderrColumns(): number | undefined;
	/** To standard error, once claude has left the terminal. */
	writeAfter(line: string): void;
}

export function tellBug(diagnostics: Diagnostics): (error: unknown) => void {
	return (error) => diagnostics.say("error", error instanceof Error ? (error.stack ?? error.message) : String(error));
}
