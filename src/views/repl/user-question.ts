// What claude asks the user by its AskUserQuestion → each question with its numbered choices, and what was typed as the
// tool takes it.
import { showPanel } from "./panel.ts";
import { plainText } from "./plain-text.ts";
import { questionWords } from "./sentences.ts";
import type { Theme } from "./theme.ts";

export interface UserQuestion {
	/** The tool knows its answer by it. */
	question: string;
	lines: string[];
	prompt: string;
	/** Words of the user's own are an answer, too; undefined: nothing was typed. */
	answer(typed: string): string | undefined;
}

interface Asked {
	question: string;
	options: { label: string; description?: string }[];
	multiSelect?: boolean;
}

/** Undefined: that is no input of the tool. */
export function readUserQuestions(
	{ questions }: Record<string, unknown>,
	{ theme, columns }: { theme: Theme; columns: number },
): UserQuestion[] | undefined {
	if (!Array.isArray(questions) || questions.length === 0 || !questions.every(isAsked)) return undefined;
	return questions.map(({ question, options, multiSelect }) => {
		const { color, icons } = theme;
		const lines = options.map(({ label, description }, at) => {
			const more = description === undefined ? "" : color.dim(`  ${plainText(description)}`);
			return `${at + 1}. ${plainText(label)}${more}`;
		});
		return {
			question,
			lines: showPanel(`${icons.question} ${plainText(question)}`, lines, { columns, color }),
			prompt: `${questionWords.choices(multiSelect === true)} `,
			answer(typed) {
				const words = typed.trim();
				if (words === "") return undefined;
				const numbers = multiSelect === true ? words.split(/[\s,]+/) : [words];
				const chosen = numbers.map((number) => (/^\d+$/.test(number) ? options[Number(number) - 1]?.label : undefined));
				return chosen.includes(undefined) ? words : chosen.join(", ");
			},
		};
	});
}

function isAsked(it: unknown): it is Asked {
	const { question, options } = (it ?? {}) as Partial<Asked>;
	return (
		typeof question === "string" && Array.isArray(options) && options.every((one) => typeof one?.label === "string")
	);
}
