// Scripts for the scripted model that a test can begin with: one prompt with the things that make traces interesting.
import type { Script } from "./script.ts";

/** One answer and no tool. */
export const PLAIN_SCRIPT: Script = {
	main: [{ blocks: [{ type: "text", text: "An answer." }], usage: { input: 10, output: 20 } }],
};

/** A call that works, one that fails, and a subagent with a call of its own. */
export const TOOLS_SCRIPT: Script = {
	main: [
		{ blocks: [bash("echo one")], usage: { input: 100, output: 10 } },
		{ blocks: [bash("exit 3")], usage: { input: 110, output: 11, cacheRead: 100 } },
		{
			blocks: [
				{
					type: "tool_use",
					name: "Agent",
					input: {
						description: "Count",
						prompt: "Count the files.",
						subagent_type: "general-purpose",
						run_in_background: false,
					},
				},
			],
			usage: { input: 120, output: 12, cacheRead: 110 },
		},
		{ blocks: [{ type: "text", text: "All done." }], usage: { input: 130, output: 13, cacheRead: 120 } },
	],
	agents: {
		"Count the files.": [
			{ blocks: [bash("ls | wc -l")], usage: { input: 50, output: 5 } },
			{ blocks: [{ type: "text", text: "None." }], usage: { input: 55, output: 6 } },
		],
	},
};

function bash(command: string) {
	return { type: "tool_use" as const, name: "Bash", input: { command, description: "a command" } };
}
