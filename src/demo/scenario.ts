// The session that the demo plays. In: the folder in which claude works. Out: the files in it, the arguments of claude,
// and what the scripted model answers: reads side by side, a test that fails, a subagent with one of its own, an edit,
// and a command that nobody allows.
import { join } from "node:path";
import type { Script, ScriptBlock } from "../testing/scripted-model.ts";
import { type Scene, say, step, use } from "./scene.ts";

const FILES: Scene["files"] = {
	"total.js": "export const total = (items) => items.reduce((sum, item) => sum + item.price, 1);\n",
	"prices.json": '[{ "name": "tea", "price": 3 }, { "name": "cake", "price": 4 }]\n',
	"test.sh": `sleep 0.3\ngrep -q "item.price, 0" total.js && echo "total: ok" || { echo "total: expected 7, got 8"; exit 1; }\n`,
};

const MODEL = "claude-opus-5-5";
const PROMPT = "The test of the shop fails. Find out why, mend it, have it reviewed, and publish.";
const CLAUDE_ARGS: Scene["args"] = [
	"-p",
	PROMPT,
	"--model",
	MODEL,
	"--permission-mode",
	"default",
	"--allowedTools",
	"Bash(sh test.sh),Edit,Agent",
];

export const DEMO: Scene = { name: "demo", files: FILES, args: CLAUDE_ARGS, script: scriptFor };

function scriptFor(folder: string): Script {
	const path = (name: string) => join(folder, name);
	return {
		main: [
			step(
				{ cacheWrite1h: 14_200, output: 310 },
				say("I look at the code, the data and the test."),
				use("Read", { file_path: path("total.js") }),
				use("Read", { file_path: path("prices.json") }),
				use("Read", { file_path: path("test.sh") }),
			),
			step({ cacheRead: 14_200, cacheWrite1h: 1_100, output: 90 }, runTest("Run the test")),
			step(
				{ cacheRead: 15_300, cacheWrite1h: 420, output: 260 },
				say("The sum starts at 1 instead of 0."),
				use("Edit", { file_path: path("total.js"), old_string: "item.price, 1", new_string: "item.price, 0" }),
			),
			step({ cacheRead: 15_720, cacheWrite1h: 380, output: 80 }, runTest("Run the test again")),
			step(
				{ cacheRead: 16_100, cacheWrite1h: 240, output: 340 },
				delegate("Review the change", "REVIEW total.js and tell whether the change is right.", undefined),
			),
			step(
				{ cacheRead: 16_340, cacheWrite1h: 910, output: 70 },
				use("Bash", { command: "npm publish", description: "Publish" }),
			),
			step(
				{ cacheRead: 17_250, cacheWrite1h: 160, output: 150 },
				say("The sum is mended and reviewed; publishing needs your permission."),
			),
		],
		agents: {
			REVIEW: [
				step({ cacheWrite5m: 9_800, output: 120 }, use("Read", { file_path: path("total.js") })),
				step(
					{ cacheRead: 9_800, cacheWrite5m: 600, output: 210 },
					delegate("Count by hand", "COUNT the prices by running the test.", "haiku"),
				),
				step({ cacheRead: 10_400, cacheWrite5m: 350, output: 190 }, say("The change is right: 3 + 4 is 7.")),
			],
			COUNT: [
				step({ cacheWrite5m: 9_300, output: 60 }, runTest("Run the test")),
				step({ cacheRead: 9_300, cacheWrite5m: 200, output: 40 }, say("The test passes.")),
			],
		},
	};
}

function runTest(description: string): ScriptBlock {
	return use("Bash", { command: "sh test.sh", description });
}

function delegate(description: string, prompt: string, model: string | undefined): ScriptBlock {
	const input = { description, prompt, subagent_type: "general-purpose", run_in_background: false };
	return use("Agent", model === undefined ? input : { ...input, model });
}
