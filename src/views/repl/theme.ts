// What the terminal can and the user wants → colours and signs for everything that the conversation shows.
import { Ansis } from "ansis";

export interface Icons {
	answer: string;
	tool: string;
	ok: string;
	failed: string;
	done: string;
	question: string;
	spinner: readonly string[];
}

export interface Theme {
	color: Ansis;
	icons: Icons;
}

const EMOJI: Icons = {
	answer: "🤖",
	tool: "🔧",
	ok: "✅",
	failed: "❌",
	done: "🎉",
	question: "❓",
	spinner: ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
};

const PLAIN: Icons = {
	answer: "*",
	tool: ">",
	ok: "+",
	failed: "x",
	done: "=",
	question: "?",
	spinner: ["|", "/", "-", "\\"],
};

/** `colorLevel` 0: without a code of a terminal. */
export function createTheme(colorLevel: 0 | 1 | 2 | 3, emoji: boolean): Theme {
	return { color: new Ansis(colorLevel), icons: emoji ? EMOJI : PLAIN };
}
