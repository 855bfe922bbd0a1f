// A process as far as the command line looks at one. In: arguments, environment, folder. Out: what a user would read.
import { EventEmitter } from "node:events";

export interface FakeProcess {
	process: NodeJS.Process;
	stdout(): string;
	stderr(): string;
}

export function fakeProcess(args: readonly string[], env: Record<string, string>, cwd: string): FakeProcess {
	let stdout = "";
	let stderr = "";
	const fake = Object.assign(new EventEmitter(), {
		argv: [process.execPath, "claude-otel", ...args],
		env,
		platform: process.platform,
		execPath: process.execPath,
		cwd: () => cwd,
		stdout: Object.assign(new EventEmitter(), { write: (text: string) => ((stdout += text), true) }),
		stderr: Object.assign(new EventEmitter(), { write: (text: string) => ((stderr += text), true) }),
	});
	return { process: fake as unknown as NodeJS.Process, stdout: () => stdout, stderr: () => stderr };
}
