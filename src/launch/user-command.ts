// A command of the user's and what it may know → started through the shell, beside claude: it writes nowhere, nobody
// waits for it, and it outlives us if it likes.
import { spawn } from "node:child_process";
import { envWithoutRun } from "./child-env.ts";

export function startUserCommand(
	command: string,
	variables: Readonly<Record<string, string>>,
	env: NodeJS.ProcessEnv,
	cwd: string,
	onError: (error: Error) => void,
): void {
	const child = spawn(command, {
		shell: true,
		cwd,
		env: { ...envWithoutRun(env), ...variables },
		stdio: "ignore",
		detached: true,
		windowsHide: true,
	});
	child.on("error", onError);
	child.unref();
}
