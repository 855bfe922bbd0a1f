// What the Agent SDK asks before a tool → the question as the user reads it, and his answer as the SDK takes it.
import type { CanUseTool } from "../../launch/agent-runner.ts";
import { showPanel } from "./panel.ts";
import { plainText } from "./plain-text.ts";
import { permissionWords } from "./sentences.ts";
import type { Theme } from "./theme.ts";
import { inputLines, toolName } from "./tool-words.ts";

type Asked = Parameters<CanUseTool>[2];
type Answer = NonNullable<Awaited<ReturnType<CanUseTool>>>;
type Input = Record<string, unknown>;

export interface PermissionQuestion {
	lines: string[];
	/** Behind which the answer is typed. */
	prompt: string;
	/** Undefined: that is no answer. Nothing typed is a no. */
	answer(typed: string): Answer | undefined;
}

/** Of a long input the beginning is shown. */
const INPUT_LINES_MAX = 12;

export function askPermission(
	name: string,
	input: Input,
	asked: Pick<Asked, "title" | "description" | "decisionReason" | "suggestions" | "suppressAlwaysAllowRule">,
	{ theme, cwd, columns }: { theme: Theme; cwd: string; columns: number },
): PermissionQuestion {
	const { suggestions = [], suppressAlwaysAllowRule } = asked;
	const always = suggestions.length > 0 && suppressAlwaysAllowRule !== true;
	const { color, icons } = theme;
	const lines = [
		...(asked.description === undefined || asked.description === input.description
			? []
			: [plainText(asked.description)]),
		...inputLines(input, cwd, INPUT_LINES_MAX),
		...(asked.decisionReason === undefined ? [] : [color.dim(plainText(asked.decisionReason))]),
		...(always ? [color.dim(permissionWords.alwaysMeans(suggestions.map(describe).join("; ")))] : []),
	];
	const title = `${icons.question} ${plainText(asked.title ?? permissionWords.question(toolName(name)))}`;
	return {
		lines: showPanel(title, lines, { columns, color }),
		prompt: `${permissionWords.choices(always)} `,
		answer(typed) {
			switch (typed.trim().toLowerCase()) {
				case "y":
				case "yes":
					return { behavior: "allow", updatedInput: input };
				case "a":
				case "always":
					return always ? { behavior: "allow", updatedInput: input, updatedPermissions: suggestions } : undefined;
				case "n":
				case "no":
				case "":
					return { behavior: "deny", message: permissionWords.denied() };
				default:
					return undefined;
			}
		},
	};
}

type Suggestion = NonNullable<Asked["suggestions"]>[number];

const PLACES: Readonly<Record<string, string>> = {
	session: "in this session",
	localSettings: "in this project's local settings",
	projectSettings: "in this project's settings",
	userSettings: "in your settings",
};

/** What is granted, and where it is kept. */
function describe(suggestion: Suggestion): string {
	const place = PLACES[suggestion.destination] ?? suggestion.destination;
	switch (suggestion.type) {
		case "setMode":
			return `mode ${suggestion.mode} ${place}`;
		case "addDirectories":
		case "removeDirectories":
			return `${suggestion.type === "addDirectories" ? "also in" : "no longer in"} ${suggestion.directories.map(plainText).join(", ")} ${place}`;
		default: {
			const rules = suggestion.rules.map(({ toolName: tool, ruleContent }) =>
				plainText(ruleContent === undefined ? tool : `${tool}(${ruleContent})`),
			);
			return `${rules.join(", ")} ${place}`;
		}
	}
}
