// `--agent NAME` → the prompt waits until claude has said that it has that agent. From the SDK claude would take a name that
// it does not know for none, where `claude -p` refuses it: a job with a typing mistake would pass.
import type { Agent, AgentEnd, AgentOptions } from "../launch/agent-runner.ts";
import { parseClaudeArgs } from "../launch/sdk-args.ts";
import { cliMistakes } from "./sentences.ts";

export interface HeldPrompt {
	/** To start with; undefined: there is none, or it waits. */
	prompt: AgentOptions["prompt"];
	/** Sends it, or ends claude. */
	release(agent: Pick<Agent, "query" | "send" | "close" | "stop">): Promise<void>;
	/** Of a claude that was ended for it: as `claude -p` ends. */
	endOf(end: AgentEnd): AgentEnd;
}

export function holdForAgent({ args, prompt }: { args: readonly string[]; prompt?: string }): HeldPrompt {
	const { agent: name } = parseClaudeArgs(args).options;
	if (name === undefined) return { prompt, release: async () => {}, endOf: (end) => end };
	let refusal: AgentEnd | undefined;
	return {
		prompt: undefined,
		async release({ query, send, close, stop }) {
			const known = await namesOf(query);
			// One of a plugin is known by its own name, too.
			if (known?.some((one) => one === name || one.endsWith(`:${name}`)) === false) {
				const error = cliMistakes.agentUnknown(name, known);
				refusal = { exitCode: error.exitCode, results: [], error };
				return stop();
			}
			if (prompt === undefined) return;
			send(prompt);
			close();
		},
		endOf: (end) => refusal ?? end,
	};
}

/** Undefined where claude has gone, and says itself why. */
async function namesOf(query: Agent["query"]): Promise<string[] | undefined> {
	try {
		return (await query.supportedAgents()).map(({ name }) => name);
	} catch {
		return undefined;
	}
}
