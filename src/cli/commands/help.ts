// `claude-otel --help` → our help, then claude's for the same arguments.
import { askClaude } from "../../launch/ask-claude.ts";
import { findClaude } from "../../launch/find-claude.ts";
import type { OwnContext } from "../program.ts";
import { GET_CLAUDE } from "../sentences.ts";

export async function showHelp(
	ours: string,
	rest: readonly string[],
	{ process, packageRoot, loaded }: OwnContext,
): Promise<number> {
	process.stdout.write(`${ours}\n`);
	const found = findClaude({ ...loaded.config, cwd: process.cwd(), packageRoot, platform: process.platform });
	const theirs = "path" in found ? await askClaude(found.path, ["--help", ...rest]) : undefined;
	process.stdout.write(`${theirs ?? `claude: not found; ${GET_CLAUDE}`}\n`);
	return 0;
}
