// An interactive run with open doors → a process beside it that holds their listening sockets and sleeps. When claude-otel
// is killed, the kernel closes the pipe between them: then it answers claude's hooks, which would show on the screen that
// they fail, until claude has gone (docs/decisions/0008). Of its own session: no terminal's signal reaches it.
import { type ChildProcess, spawn } from "node:child_process";

export interface GuardianOptions {
	/** hooks/guardian.mjs */
	script: string;
	/** As text, by the pipe alone: it may hold what nobody else is to read. */
	brief: unknown;
	/** Of the listening sockets; the guardian finds them from GUARDIAN_DESCRIPTOR on, in this order. */
	descriptors: readonly number[];
	env: NodeJS.ProcessEnv;
}

export interface Guardian {
	/** Resolves when it holds nothing any more. */
	end(): Promise<void>;
}

/** The first of its descriptors that is a door. */
export const GUARDIAN_DESCRIPTOR = 3;

export function startGuardian({ script, brief, descriptors, env }: GuardianOptions): Guardian {
	const child: ChildProcess = spawn(process.execPath, [script], {
		stdio: ["pipe", "ignore", "ignore", ...descriptors],
		detached: true,
		windowsHide: true,
		env,
	});
	const ended = new Promise<void>((resolve) => {
		child.once("exit", () => resolve()).once("error", () => resolve());
	});
	// It may be ended by anybody; the run goes on without.
	child.stdin?.on("error", () => {});
	child.stdin?.write(JSON.stringify(brief));
	child.unref();
	(child.stdin as unknown as { unref?(): void } | null)?.unref?.();
	return {
		end() {
			child.ref();
			child.kill("SIGKILL");
			return ended;
		},
	};
}
