// `claude-otel --version` → our version, then claude's.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findClaude } from "../../launch/find-claude.ts";
import { askOrSay } from "../ask-or-say.ts";
import type { OwnContext } from "../program.ts";

export async function showVersion({ process, cwd, packageRoot, loaded }: OwnContext): Promise<number> {
	process.stdout.write(`claude-otel ${ownVersion(packageRoot)}\n`);
	const found = findClaude({ ...loaded.config, cwd: cwd.path, packageRoot, platform: process.platform });
	process.stdout.write(`${await askOrSay(found, ["--version"])}\n`);
	return 0;
}

export function ownVersion(packageRoot: string): string {
	const manifest: { version: string } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
	return manifest.version;
}
