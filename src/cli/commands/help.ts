// `claude-otel --help` → our help, then claude's for the same arguments.
import { findClaude } from "../../launch/find-claude.ts";
import { askOrSay } from "../ask-or-say.ts";
import type { OwnContext } from "../program.ts";

export async function showHelp(
	ours: string,
	rest: readonly string[],
	{ process, cwd, packageRoot, loaded }: OwnContext,
): Promise<number> {
	process.stdout.write(`${ours}\n`);
	const found = findClaude({ ...loaded.config, cwd: cwd.path, packageRoot, platform: process.platform });
	process.stdout.write(`${await askOrSay(found, ["--help", ...rest])}\n`);
	return 0;
}
