// `claude-otel --version` → our version, then claude's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { askClaude } from "../../launch/ask-claude.ts";
import { findClaude } from "../../launch/find-claude.ts";
import type { OwnContext } from "../program.ts";
import { GET_CLAUDE } from "../sentences.ts";

export async function showVersion({ process, packageRoot, loaded }: OwnContext): Promise<number> {
	process.stdout.write(`claude-otel ${ownVersion(packageRoot)}\n`);
	const found = findClaude({ ...loaded.config, cwd: process.cwd(), packageRoot, platform: process.platform });
	const version = "path" in found ? await askClaude(found.path, ["--version"]) : undefined;
	process.stdout.write(`${version ?? `claude: not found; ${GET_CLAUDE}`}\n`);
	return 0;
}

export function ownVersion(packageRoot: string): string {
	const manifest: { version: string } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
	return manifest.version;
}
