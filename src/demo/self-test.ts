// The session that `claude-otel check` plays: one turn that a read, a command and an answer make up, so that every
// witness has something to tell.
import { join } from "node:path";
import { type Scene, say, step, use } from "./scene.ts";

const MODEL = "claude-opus-5-5";
const COMMAND = "sh greet.sh";

export const SELF_TEST: Scene = {
	name: "self-test",
	files: { "greet.sh": "echo hello\n" },
	args: [
		"-p",
		"Run the script.",
		"--model",
		MODEL,
		"--permission-mode",
		"default",
		"--allowedTools",
		`Bash(${COMMAND})`,
	],
	script: (folder) => ({
		main: [
			step({ cacheWrite1h: 5_100, output: 60 }, use("Read", { file_path: join(folder, "greet.sh") })),
			step(
				{ cacheRead: 5_100, cacheWrite1h: 310, output: 45 },
				use("Bash", { command: COMMAND, description: "Run it" }),
			),
			step({ cacheRead: 5_410, cacheWrite1h: 120, output: 25 }, say("It says hello.")),
		],
	}),
};
