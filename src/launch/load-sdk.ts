// The Agent SDK, where it is installed: it is no dependency of ours, for most runs do not need it, and its licence is
// not ours to hand on.
import type { AgentSdk } from "./agent-runner.ts";

/** Undefined where it is not installed. */
export async function loadSdk(): Promise<AgentSdk | undefined> {
	try {
		return await import("@anthropic-ai/claude-agent-sdk");
	} catch (error) {
		if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") return undefined;
		throw error;
	}
}
