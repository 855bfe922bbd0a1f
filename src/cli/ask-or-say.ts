// A question to the claude that was found → its answer, or the sentence that says why there is none.
import { askClaude } from "../launch/ask-claude.ts";
import type { FoundClaude } from "../launch/find-claude.ts";
import { claudeSilent, GET_CLAUDE } from "./sentences.ts";

export async function askOrSay(found: FoundClaude, args: readonly string[]): Promise<string> {
	if (!("path" in found)) return `claude: not found; ${GET_CLAUDE}`;
	const answer = await askClaude(found.path, args);
	return "text" in answer ? answer.text : `claude: ${claudeSilent(found.path, args[0] ?? "", answer)}`;
}
