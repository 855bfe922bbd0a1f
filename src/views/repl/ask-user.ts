// What the Agent SDK wants to know before a tool → put to the user at the prompt, until there is an answer that counts.
import type { CanUseTool } from "../../launch/agent-runner.ts";
import type { LineReader } from "./line-reader.ts";
import { askPermission } from "./permission.ts";
import type { Screen } from "./screen.ts";
import type { Theme } from "./theme.ts";
import { readUserQuestions, type UserQuestion } from "./user-question.ts";

type Input = Record<string, unknown>;
type Answer = NonNullable<Awaited<ReturnType<CanUseTool>>>;

export interface AskOptions {
	reader: Pick<LineReader, "read">;
	screen: Pick<Screen, "print" | "columns">;
	theme: Theme;
	cwd: string;
}

/** Claude asks the user by it; what it needs is an answer, and no permission. */
const QUESTION_TOOL = "AskUserQuestion";

/** Undefined: the user gave it up, or it was given up. */
export async function askUser(
	[name, input, asked]: Parameters<CanUseTool>,
	signal: AbortSignal,
	options: AskOptions,
): Promise<Answer | undefined> {
	const place = { theme: options.theme, cwd: options.cwd, columns: options.screen.columns() };
	const questions = name === QUESTION_TOOL ? readUserQuestions(input, place) : undefined;
	if (questions !== undefined) return askQuestions(questions, input, signal, options);
	const { lines, prompt, answer } = askPermission(name, input, asked, place);
	return ask(lines, prompt, answer, signal, options);
}

async function askQuestions(
	questions: readonly UserQuestion[],
	input: Input,
	signal: AbortSignal,
	options: AskOptions,
): Promise<Answer | undefined> {
	const answers: Record<string, string> = {};
	for (const { question, lines, prompt, answer } of questions) {
		const words = await ask(lines, prompt, answer, signal, options);
		if (words === undefined) return undefined;
		answers[question] = words;
	}
	return { behavior: "allow", updatedInput: { ...input, answers } };
}

async function ask<T>(
	lines: readonly string[],
	prompt: string,
	answer: (typed: string) => T | undefined,
	signal: AbortSignal,
	{ reader, screen }: AskOptions,
): Promise<T | undefined> {
	screen.print(lines);
	for (;;) {
		// What was typed before the question was there is no answer to it.
		const typed = await reader.read({ prompt, fresh: true, signal });
		if (typed === undefined) return undefined;
		const counts = answer(typed);
		if (counts !== undefined) return counts;
	}
}
